"""Where to see a record: command lines of the consumers that people have at hand, without a secret in them."""

from shlex import quote

from insights_tui.domain.connection import Connection, ConnectionType
from insights_tui.domain.text import sanitize

PROPERTIES = "client.properties"
"""Stands for the file that holds what a command line must not show."""


def commands(connection: Connection, *, partition: int, offset: int) -> tuple[str, ...]:
    """Write commands for a shell that print one record and end: kcat, then Kafka's own console consumer."""
    sasl = connection.type is ConnectionType.SASL_SSL
    servers, topic = _word(connection.bootstrap), _word(connection.topic)
    kcat = f"kcat -C -b {servers} -t {topic} -p {partition} -o {offset} -c 1"
    console = (
        f"kafka-console-consumer.sh --bootstrap-server {servers} --topic {topic}"
        f" --partition {partition} --offset {offset} --max-messages 1"
    )
    if not sasl:
        return kcat, console
    return f"{kcat} -F {PROPERTIES}", f"{console} --consumer.config {PROPERTIES}"


def needs(connection: Connection) -> str:
    """Say what the commands need that is not in them; nothing where they are whole."""
    if connection.type is not ConnectionType.SASL_SSL:
        return ""
    return (
        f"{PROPERTIES} is a file of yours with security.protocol=SASL_SSL, the mechanism"
        f" ({connection.mechanism.value if connection.mechanism else 'SCRAM-SHA-256'}) and a user who may read the"
        " topic; no password is shown here."
    )


def _word(text: str) -> str:
    return quote(sanitize(text, limit=2_000))
