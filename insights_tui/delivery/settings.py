"""What can be set about delivery; the agent fills it from its settings."""

from dataclasses import dataclass

from insights_tui.domain.deadline import DEFAULT_DEADLINE_S
from insights_tui.kafka.records import Codec


@dataclass(frozen=True)
class DeliverySettings:
    """Times in seconds, sizes in bytes, counts in payloads. Tests shorten the times."""

    deadline_s: float = DEFAULT_DEADLINE_S
    """From acceptance until a payload is lost."""
    margin_s: float = 0.1
    """No attempt starts with less left: it would mostly turn a sure "unsent" into an "unknown"."""
    compression: Codec = "zstd"
    cloud_event: bytes = b""
    """Headers that make a record a CloudEvent (`kafka.records.cloud_event`); empty: none."""
    idempotent: bool = True
    """Whether Kafka is asked to drop what it has already, by producer id and sequence number."""
    thaw_left: float = 0.25
    """Share of the deadline that is left when a batch in doubt, whose partition cannot be reached, goes to another.

    It may then be in the topic twice, under the same ids; else it would be lost for a broker that is out of reach
    for us alone. Batches with keys stay where their keys belong."""
    max_payloads: int = 2_000_000
    """Pending payloads; beyond it `QueueFullError`."""
    max_bytes: int = 2 * 1024**3
    """Bytes of pending values; beyond it `QueueFullError`."""
    window_payloads: int = 20_000
    """Payloads in memory where the spool is durable; the rest stays on disk."""
    window_bytes: int = 32 * 1024**2
    """Of their values."""
    pack_beyond: int = 100_000
    """Payloads at either end of the queue kept ready; between them they are packed to about a third of their size."""
    batch_bytes: int = 384 * 1024
    """Of one batch before compression, headers included; it takes about 2 ms of the loop, zstd included."""
    batch_payloads: int = 10_000
    linger_s: float = 0.01
    """How long the first payload after a pause waits for company: a batch costs as much as several payloads."""
    request_timeout_s: float = 10.0
    """For one request, and for each step of connecting."""
    connect_timeout_s: float = 5.0
    """For resolving a name, and for reaching one of its addresses."""
    start_timeout_s: float = 20.0
    """For the first answer of a new client, all servers together."""
    hard_limit_s: float = 60.0
    """An attempt that lasts longer means that the client is broken: it is replaced."""
    stall_s: float = 25.0
    """No acknowledgement for so long while there is work: the client is replaced and names are resolved anew."""
    slow_s: float = 5.0
    """A request unanswered for so long is told."""
    ping_s: float = 15.0
    """A connection that is silent for so long is asked for a sign of life."""
    visit_s: float = 1.0
    """Between two logins at members that lead none of our partitions."""
    metadata_s: float = 30.0
    """Between two looks at who leads what."""
    retire_s: float = 2.0
    """How long requests under way may finish after the connection was exchanged."""
    sweep_s: float = 0.1
    """Between two looks for payloads whose time is over."""
    lane_backoff_s: float = 0.1
    start_backoff_s: float = 0.25
    backoff_cap_s: float = 5.0
    login_backoff_s: float = 2.0
    login_backoff_cap_s: float = 60.0

    @property
    def lane_cap_s(self) -> float:
        """The longest pause of a lane: never so long that few attempts fit into the deadline."""
        return min(self.backoff_cap_s, self.deadline_s / 40)
