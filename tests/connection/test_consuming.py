"""Where to see a record: commands for a shell, without a secret."""

import shlex

import pytest

from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from insights_tui.domain.consuming import commands, needs

MARKER = "Marker-pw-9d"
PLAINTEXT = Connection("insights", (Server("k1", 9092), Server("::1", 9092)))
SASL = Connection(
    "insights", (Server("k1", 9093),), ConnectionType.SASL_SSL, Mechanism.SCRAM_SHA_512, "user", Secret(MARKER), "PEM"
)


def test_plaintext_commands_are_whole() -> None:
    kcat, console = commands(PLAINTEXT, partition=3, offset=81_223)
    assert shlex.split(kcat) == [
        "kcat", "-C", "-b", "k1:9092,[::1]:9092", "-t", "insights", "-p", "3", "-o", "81223", "-c", "1",
    ]  # fmt: skip
    assert shlex.split(console) == [
        "kafka-console-consumer.sh", "--bootstrap-server", "k1:9092,[::1]:9092", "--topic", "insights",
        "--partition", "3", "--offset", "81223", "--max-messages", "1",
    ]  # fmt: skip
    assert needs(PLAINTEXT) == ""


def test_secrets_stay_in_files_of_the_reader() -> None:
    kcat, console = commands(SASL, partition=0, offset=0)
    assert kcat.endswith(" -F kcat.conf")
    assert console.endswith(" --consumer.config client.properties")
    told = needs(SASL)
    assert "SCRAM-SHA-512" in told
    assert not any(word in kcat + console + told for word in (MARKER, "PEM", "password"))


@pytest.mark.parametrize("topic", ["a b; rm -rf /", "$(id)", "x\x1b[2J"])
def test_a_hostile_topic_reaches_no_shell_and_no_terminal(topic: str) -> None:
    for line in commands(Connection(topic, (Server("k1", 9092),)), partition=0, offset=0):
        assert len(shlex.split(line)) == len(shlex.split(line.replace(shlex.quote(topic), "t")))
        assert line.isprintable()
