"""What the API answers, beside the snapshot: the objects that `--json` prints verbatim."""

from dataclasses import dataclass

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
class Receipt:
    """Where a test payload ended up."""

    id: str
    topic: str
    partition: int
    offset: int
    latency_s: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to an ingest call."""

    accepted: int
    dropped: tuple[str, ...] = ()
    """Metrics left out, by name."""
