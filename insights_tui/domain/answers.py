"""What the API answers, beside the snapshot: the objects that `--json` prints verbatim."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.refused import FieldError
from insights_tui.domain.snapshot import ConnectionView


@dataclass(frozen=True, slots=True)
class SavedConnection:
    """The saved connection as `GET /v1/admin/insights-connection` answers it: everything but the password."""

    id: str
    revision: int
    connection_type: str
    broker_url: str
    topic: str
    broker_username: str | None = None
    sasl_mechanism: str | None = None
    ca_certificate: str | None = None
    view: ConnectionView | None = None
    """The same as the snapshot shows it."""
    hints: tuple[FieldError, ...] = ()
    """What hinders nothing but deserves a look; filled in the answer to a change."""


@dataclass(frozen=True, slots=True)
class PastConnection:
    """A connection that was stored, or its deletion, as `GET /v1/admin/connection-revisions` tells it."""

    revision: int
    changed_at: datetime
    changed_by: str
    in_use: bool = False
    deletion: bool = False
    """Somebody deleted the connection; the fields below say nothing then."""
    topic: str = ""
    broker_url: str = ""
    connection_type: str = ""
    sasl_mechanism: str | None = None
    broker_username: str | None = None
    why_not: str = ""
    """Why one cannot go back to it, one whole sentence; empty where one can."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a test payload ended up."""

    id: str
    topic: str
    partition: int
    offset: int
    latency_s: float
    see: tuple[str, ...] = ()
    """Commands that show it, for a shell: kcat, then Kafka's own consumer. No secret is in them."""
    needs: str = ""
    """What the commands need that is not in them, one whole sentence."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to an ingest call."""

    accepted: int
    dropped: tuple[str, ...] = ()
    """Metrics left out, by name."""


@dataclass(frozen=True, slots=True)
class LostPayload:
    """A lost payload as `GET /v1/lost` tells it, one a line."""

    seq: int
    """Names it among the others; the next page begins after it."""
    id: str
    """The record header `insights-id`; the same after a redrive."""
    reason: Outcome
    why: str
    """In words; may hold what a broker said."""
    accepted_at: datetime | None
    """`None` where it cannot be read any more."""
    lost_at: datetime
    value_bytes: int
    """0 where nothing of it can be read any more."""
    late_ack: bool
    """Kafka acknowledged it after its deadline: it is in the topic."""
    state: Literal["open", "redriven"] = "open"
    value: str | None = None
    """The Kafka record's value, where it was asked for and can be read."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """What a redrive did."""

    redriven: int
    """Payloads accepted again, with their ids and a new deadline."""
    lost_open: int
    """Lost payloads that nobody has redriven or dropped yet."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What dropping did; what was lost stays counted."""

    dropped: int
    lost_open: int
    """Lost payloads that nobody has redriven or dropped yet."""
