"""Where to see a record: command lines of the consumers that people have at hand, without a secret in them."""

from shlex import quote

from insights_tui.domain.connection import Connection, ConnectionType
from insights_tui.domain.text import sanitize

KCAT_FILE, CONSOLE_FILE = "kcat.conf", "client.properties"
"""Stand for the files that hold what a command line must not show; each tool has its own names in it."""


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
    return f"{kcat} -F {KCAT_FILE}", f"{console} --consumer.config {CONSOLE_FILE}"


def needs(connection: Connection) -> str:
    """Say what the commands need that is not in them; nothing where they are whole."""
    if connection.type is not ConnectionType.SASL_SSL:
        return ""
    mechanism = connection.mechanism.value if connection.mechanism else ""
    return (
        f"{KCAT_FILE} and {CONSOLE_FILE} are files of yours: security.protocol=SASL_SSL, mechanism {mechanism}, the CA,"
        " and a user who may read the topic."
    )


def _word(text: str) -> str:
    return quote(sanitize(text, limit=2_000))
