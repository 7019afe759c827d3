"""The form as a command line."""

import shlex

import pytest

from insights_tui.cli.connect import command
from insights_tui.domain.connection import ConnectionType, Mechanism, Secret
from insights_tui.tui.connection_form.command import advice, command_line
from insights_tui.tui.connection_form.values import Values
from tests.tui_form.host import MARKER, FakeAgent, Host, paste, snapshot_of, type_in

SASL = Values("insights", "k1:9093, k2:9093", ConnectionType.SASL_SSL, Mechanism.SCRAM_SHA_512, "svc")


def test_plaintext_sends_nothing_of_the_sasl_fields() -> None:
    values = Values("insights", "k1:9092", username="svc", password=Secret(MARKER), ca="/ca.pem")
    assert command_line(values) == "insights-tui connect --topic insights --servers k1:9092 --type plaintext"


def test_missing_values_are_named() -> None:
    assert command_line(Values()) == "insights-tui connect --topic TOPIC --servers HOST:PORT --type plaintext"


@pytest.mark.parametrize(
    ("password", "tail"),
    [
        (None, ""),
        (Secret(MARKER), " --password-from -"),
        (Secret("env:KAFKA_PASSWORD"), " --password-from env:KAFKA_PASSWORD"),
        (Secret("file:/a b"), " --password-from 'file:/a b'"),
    ],
)
def test_secrets_are_references(password: Secret | None, tail: str) -> None:
    values = Values(SASL.topic, SASL.servers, SASL.type, SASL.mechanism, SASL.username, password, "/etc/kafka/ca.pem")
    head = "insights-tui connect --topic insights --servers k1:9093,k2:9093 --type sasl --mechanism SCRAM-SHA-512"
    assert command_line(values) == f"{head} --username svc --ca /etc/kafka/ca.pem{tail}"


def test_what_a_shell_would_read_is_quoted() -> None:
    hostile = "$(rm -rf ~); `id` 'x' \"y\" \x1b[31m\n"
    values = Values(hostile, hostile, ConnectionType.SASL_SSL, username=hostile, password=None, ca=hostile)
    words = shlex.split(command_line(values))
    assert words[2:4] == ["--topic", hostile.replace("\x1b[31m", "�").strip()]
    assert "\x1b" not in command_line(values)
    assert len(words) == 14


def test_a_home_directory_is_still_found() -> None:
    assert "--ca ~/'my ca.pem'" in command_line(Values("t", "k:1", ConnectionType.SASL_SSL, ca="~/my ca.pem"))


def test_a_pasted_certificate_and_a_typed_password_need_a_word() -> None:
    values = Values("t", "k:1", ConnectionType.SASL_SSL, ca="-----BEGIN CERTIFICATE-----", password=Secret(MARKER))
    assert "--ca FILE" in command_line(values)
    assert "in place of FILE" in advice(values)
    assert "standard input" in advice(values)
    assert MARKER not in command_line(values)


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_copying_takes_no_key_from_typing_and_copies_all_of_it(size: tuple[int, int]) -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await type_in(pilot, "y")
        await pilot.press("down")
        await paste(pilot, app, "\n".join(f"kafka-{number}.example.internal:9093" for number in range(9)))
        await pilot.press("ctrl+y")
        assert app.clipboard.startswith("insights-tui connect --topic y --servers kafka-0.example.internal:9093,")
        assert app.clipboard.endswith("kafka-8.example.internal:9093 --type plaintext")


@pytest.mark.parametrize(
    "text", ["plain", "two words", "it's", "-x", "--json", "a;b&&c|d", "$HOME `id` \\", "ümlaut", "*?[]"]
)
def test_the_command_line_tool_reads_what_the_form_meant(text: str) -> None:
    values = Values(
        text, "k1:9093 k2:9093", ConnectionType.SASL_SSL, Mechanism.PLAIN, text, Secret(f"file:{text}"), text
    )
    program, verb, *words = shlex.split(command_line(values))
    assert (program, verb) == ("insights-tui", "connect")
    read = command.make_context("connect", words).params
    assert (read["topic"], read["username"], str(read["ca"]), read["source"]) == (text, text, text, f"file:{text}")
    assert (read["servers"], read["kind"], read["mechanism"]) == ("k1:9093,k2:9093", "sasl", "PLAIN")


@pytest.mark.parametrize("values", [Values("t", "k:1"), SASL])
def test_what_is_left_empty_is_left_out_for_the_command_line_tool_too(values: Values) -> None:
    read = command.make_context("connect", shlex.split(command_line(values))[2:]).params
    assert read["source"] is None
    assert read["ca"] is None
    assert read["kind"] == ("sasl" if values.sasl else "plaintext")
