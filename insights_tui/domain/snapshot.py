"""The snapshot: everything a surface shows, in one frozen object (`GET /v1/snapshot`).

The dataclasses are the schema: `msgspec` encodes and decodes them. Unknown is `None`, never 0; times are aware
datetimes in UTC, durations seconds (`_s`), sizes bytes. A reader ignores fields it does not know.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from insights_tui.domain.outcome import Refusal
from insights_tui.domain.trouble import Code

SCHEMA = 1


class State(StrEnum):
    """The one word for how delivery is, worst first."""

    NOT_CONNECTED = "not_connected"
    UNREACHABLE = "unreachable"
    TLS_FAILED = "tls_failed"
    AUTH_FAILED = "auth_failed"
    TOPIC_MISSING = "topic_missing"
    NOT_AUTHORIZED = "not_authorized"
    CONNECTING = "connecting"
    DEGRADED = "degraded"
    CONNECTED = "connected"


Mode = Literal["service", "embedded", "demo"]


@dataclass(frozen=True, slots=True)
class Agent:
    """Which agent speaks."""

    id: str
    """Random for each start of the agent: a changed id means that it was restarted."""
    version: str
    mode: Mode
    host: str
    pid: int
    uptime_s: float
    installation: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing a person should know about, worst first in the snapshot."""

    code: Code
    severity: Literal["warning", "critical"]
    since: datetime
    subject: str
    what: str
    effect: str
    act: str
    raw: str = ""
    about: str | None = None
    """What to change in the connection (`trouble.About`); `None` where it is mended elsewhere."""


@dataclass(frozen=True, slots=True)
class CaSummary:
    """What the CA certificate says of itself."""

    subject: str
    sha256: str
    """Fingerprint, lower-case hex."""
    expires: datetime
    count: int = 1
    """Certificates in the bundle; the other fields tell of the one that expires first."""


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """The connection without its secrets."""

    revision: int
    topic: str
    bootstrap_servers: tuple[str, ...]
    connection_type: str
    sasl_mechanism: str | None
    username: str | None
    password_source: str | None
    ca: CaSummary | None
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class Counts:
    """The ledger: where every accepted payload is."""

    accepted: int = 0
    queued: int = 0
    in_flight: int = 0
    retrying: int = 0
    delivered: int = 0
    rejected: int = 0
    expired_unsent: int = 0
    expired_unknown: int = 0
    damaged: int = 0

    @property
    def pending(self) -> int:
        """Payloads whose outcome is not final."""
        return self.queued + self.in_flight + self.retrying

    @property
    def lost(self) -> int:
        """What people call lost: the sum of its four parts."""
        return self.rejected + self.expired_unsent + self.expired_unknown + self.damaged

    @property
    def balanced(self) -> bool:
        """Whether the equation of `interface.md` holds."""
        return self.accepted == self.pending + self.delivered + self.lost


@dataclass(frozen=True, slots=True)
class Rates:
    """Payloads a second over the last whole second measured."""

    accepted_per_s: float | None = None
    delivered_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from acceptance to Kafka's acknowledgement, over the last minute."""

    p50: float | None = None
    p99: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much room there is."""

    durability: Literal["full", "memory"]
    queue_payloads: int
    queue_max_payloads: int
    spool_bytes: int | None = None
    spool_max_bytes: int | None = None
    disk_free_bytes: int | None = None
    dead_letters: int = 0


@dataclass(frozen=True, slots=True)
class Broker:
    """One member of the cluster, as the cluster reports it."""

    id: int
    host: str
    port: int
    state: Literal["up", "down", "unknown"]
    since: datetime | None = None
    rtt_s: float | None = None
    """Seconds from the last request to its answer."""
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition of the topic."""

    id: int
    leader: int | None
    state: Literal["ok", "no_leader", "backing_off"]
    in_flight: int = 0
    failures: int = 0
    """Attempts that failed in a row."""
    retry_in_s: float | None = None
    """Seconds until the next attempt; `None` where none is put off."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log that people read; grouped and kept by the agent."""

    seq: int
    at: datetime
    level: Literal["info", "warning", "error"]
    code: str
    subject: str
    actor: str | None
    text: str
    fix: str = ""
    raw: str = ""
    count: int = 1
    first_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Second:
    """One second of history, for charts (`?history=N`)."""

    at: datetime
    accepted: int
    delivered: int
    lost: int
    pending: int
    p99_s: float | None = None
    """Of what was acknowledged in that second; `None` where nothing was."""
    p50_s: float | None = None
    """The same for the median."""
    retrying: int = 0
    """At the end of that second."""
    rejected: int = 0
    expired_unsent: int = 0
    expired_unknown: int = 0
    damaged: int = 0
    refused: int = 0
    """Never accepted, for whatever reason."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of the agent at one instant."""

    schema: int
    seq: int
    """Increases by one with each change of anything that is shown."""
    as_of: datetime
    state: State
    agent: Agent
    problems: tuple[Problem, ...]
    connection: ConnectionView | None
    counts: Counts
    balanced: bool
    refused: dict[Refusal, int]
    lost_open: int
    late_acks: int
    redriven: int
    oldest_age_s: float | None
    next_loss_s: float | None
    last_accepted_at: datetime | None
    last_delivered_at: datetime | None
    rates: Rates
    latency: Latency
    capacity: Capacity
    brokers: tuple[Broker, ...]
    partitions: tuple[Partition, ...]
    events: tuple[Event, ...] = ()
    """The newest few, newest first: enough for a page; all of them are at `/v1/events`."""
    history: tuple[Second, ...] = ()
    """Oldest first; empty unless asked for."""
    ingest_url: str | None = None
    """Where algorithms report to (`http://127.0.0.1:9000`), `None` where TCP is turned off."""
    refusing: Refusal | None = None
    """Why ingest refuses everything just now, `None` where it takes payloads in."""
    partition_count: int | None = field(default=None)
    """Partitions of the topic, `None` before the first answer."""
    executions_open: int | None = None
    """Executions begun and not finished; `None` where their file cannot be read."""
    executions_unfinished: int = 0
    """Published after a silence because nobody finished them, since the start of the agent."""
    next_attempt_in_s: float | None = None
    """Seconds until the client to Kafka is made again; `None` where no such attempt is waited for."""
