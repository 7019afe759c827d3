"""What is pasted, or typed ahead, lands where it is meant, whole."""

from pathlib import Path

import pytest

from insights_tui.domain.connection import Secret
from insights_tui.tui.connection_form.ca_field import CaField
from insights_tui.tui.connection_form.words import Field
from tests.tui_form.filling import burst, field, open_ca
from tests.tui_form.host import FakeAgent, Host, paste, snapshot_of, text, type_in, until
from tests.tui_form.pems import pem


@pytest.mark.parametrize(
    "pasted",
    [
        "kafka-1:9093\nkafka-2:9093\r\n\nkafka-3:9093\n",
        "kafka-1:9093, kafka-2:9093 kafka-3:9093",
        " \tkafka-1:9093;kafka-2:9093;kafka-3:9093",
    ],
)
async def test_a_pasted_list_keeps_every_line(pasted: str) -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("down")
        await paste(pilot, app, pasted)
        assert field(app, Field.SERVERS).value == "kafka-1:9093,kafka-2:9093,kafka-3:9093"


async def test_a_list_pasted_after_another_is_joined() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("down")
        await type_in(pilot, "kafka-0:9093")
        await paste(pilot, app, "kafka-1:9093\nkafka-2:9093\n")
        assert field(app, Field.SERVERS).value == "kafka-0:9093,kafka-1:9093,kafka-2:9093"


async def test_an_empty_paste_and_hostile_text_do_no_harm() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await paste(pilot, app, "\n")
        await paste(pilot, app, "in\x1b[31msights[/b]\u202e\n")
        assert "\x1b" not in field(app, Field.TOPIC).value
        assert "\u202e" not in field(app, Field.TOPIC).value
        assert "[/b]" in text(app)


async def test_a_pasted_pem_is_kept_whole_and_summed_up() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await open_ca(pilot, app)
        await type_in(pilot, "/etc/ca")
        await paste(pilot, app, pem("Acme Root CA", days=214))
        ca = app.screen.query_one(CaField)
        assert ca.text.strip() == pem("Acme Root CA", days=214).strip()
        assert "Acme Root CA · 1 certificate · expires in 214 d" in text(app)
        assert ca.size.height == 3
        await paste(pilot, app, pem("Beta Root CA", days=300))
        assert "2 certificates" in text(app)
        assert "--ca FILE" in text(app)
        await pilot.press("ctrl+u")
        assert ca.text == ""
        assert ca.size.height == 1


async def test_a_path_is_read_on_this_host_when_it_is_left(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(pem("Acme Root CA", days=214), "ascii")
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await open_ca(pilot, app)
        await paste(pilot, app, f"{path}\n")
        await pilot.press("enter")
        await until(pilot, lambda: "Acme Root CA · 1 certificate · expires in 214 d" in text(app))
        app.screen.query_one(CaField).focus()
        await type_in(pilot, "x")
        await pilot.press("tab")
        await until(pilot, lambda: "No such file on this host" in text(app))
        assert "1 certificate" not in text(app)
        await pilot.press("shift+tab", "backspace", "tab")
        await until(pilot, lambda: "1 certificate" in text(app))


async def test_a_private_key_is_refused_before_it_is_sent() -> None:
    agent = FakeAgent()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await open_ca(pilot, app)
        await paste(pilot, app, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        await pilot.press("tab")
        await until(pilot, lambda: "private key" in text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "problems to fix" in text(app))
        assert agent.calls == []


@pytest.mark.parametrize("on", ["tab", "down", "enter"])
async def test_what_is_typed_ahead_is_never_put_into_the_field_before(on: str) -> None:
    agent = FakeAgent()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press(*"insights", "down", *"k:1", "down", "right")
        app.screen.query_one(f"#{Field.USERNAME}").focus()
        burst(app, *"svc", on, *"hunter22", "ctrl+s")
        await until(pilot, lambda: app.given)
        assert agent.calls[0][0].broker_username == "svc"
        assert agent.calls[0][0].broker_password == Secret("hunter22")


@pytest.mark.parametrize("line_end", ["enter", "ctrl+j"])
async def test_a_list_pasted_as_keys_keeps_every_line(line_end: str) -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("down")
        burst(app, *"kafka1:9093", line_end, *"kafka2:9093", line_end)
        await pilot.pause()
        await until(pilot, lambda: field(app, Field.SERVERS).value.startswith("kafka1:9093,kafka2:9093"))
        app.screen.query_one(f"#{Field.TOPIC}").focus()
        await until(pilot, lambda: field(app, Field.SERVERS).value == "kafka1:9093,kafka2:9093")


async def test_a_pasted_bundle_is_kept_whole() -> None:
    bundle = pem("Acme Root CA", days=214) + pem("Beta Root CA", days=300)
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await open_ca(pilot, app)
        await paste(pilot, app, bundle.replace("\n", "\r\n"))
        assert app.screen.query_one(CaField).text == bundle
        assert "2 certificates" in text(app)
