"""What is wrong, in the words of the field: one shape from the Kafka client to the screen."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The codes of `problems` and events (`interface.md`, Snapshot)."""

    KAFKA_UNREACHABLE = "kafka_unreachable"
    BROKER_UNREACHABLE = "broker_unreachable"
    NAME_NOT_RESOLVED = "name_not_resolved"
    TLS_FAILED = "tls_failed"
    AUTH_FAILED = "auth_failed"
    MECHANISM_REFUSED = "mechanism_refused"
    TOPIC_MISSING = "topic_missing"
    NOT_AUTHORIZED = "not_authorized"
    NO_LEADER = "no_leader"
    BROKER_REFUSES = "broker_refuses"
    RECORDS_REJECTED = "records_rejected"
    QUEUE_FULL = "queue_full"
    DISK_FULL = "disk_full"
    SPOOL_DAMAGED = "spool_damaged"
    DEADLINE_NEAR = "deadline_near"
    LOST = "lost"
    CERTIFICATE_EXPIRING = "certificate_expiring"
    SINGLE_REPLICA = "single_replica"
    CLOCK_JUMP = "clock_jump"
    KAFKA_SLOW = "kafka_slow"
    NOT_CONNECTED = "not_connected"
    """Payloads wait, and no connection is configured."""
    OTHER = "other"
    """What a reader puts in the place of a code that it does not know; no agent says it."""


class About(StrEnum):
    """What of the connection most likely mends a cause: where the form leads to, and what the command's option is."""

    TOPIC = "topic"
    SERVERS = "servers"
    TYPE = "type"
    MECHANISM = "mechanism"
    USERNAME = "username"
    PASSWORD = "password"  # noqa: S105 - the name of a field
    CA = "ca"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that went wrong, with its cause and what to do, before anyone says since when."""

    code: Code
    subject: str
    """What it concerns: `host:port`, a topic, a user name. Foreign text: sanitise before a terminal."""
    what: str
    """One whole sentence naming the cause."""
    act: str
    """What a person should do next, one whole sentence."""
    raw: str = ""
    """The text of the broker or of the operating system, as it came. Foreign text."""
    otherwise: tuple[str, ...] = ()
    """Further repairs, each one whole sentence, likeliest first."""
    about: About | None = None
    """What to change in the connection; `None` where it is mended elsewhere."""
