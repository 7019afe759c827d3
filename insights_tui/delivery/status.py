"""What the engine tells of itself: frozen, taken once a second by the agent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from insights_tui.delivery.histogram import Latencies
from insights_tui.domain.clock import Moment
from insights_tui.domain.snapshot import Broker, Counts, Latency, Partition
from insights_tui.domain.trouble import Code, Trouble


@dataclass(frozen=True, slots=True)
class ActiveTrouble:
    """A trouble that goes on: it appears when it starts and is gone when it is over."""

    trouble: Trouble
    since: Moment


@dataclass(frozen=True, slots=True)
class Link:
    """The state of the one Kafka client."""

    phase: Literal["idle", "connecting", "up", "down"]
    """`idle`: no connection configured. `up`: authenticated and the topic seen. `down`: last attempt failed."""
    since: Moment
    generation: int = 0
    """Counts the clients made for the connection: each replacement is a new generation."""
    next_attempt_in_s: float | None = None
    """Seconds until the next attempt, where one is scheduled."""


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """Everything the engine knows at one instant."""

    at: Moment
    counts: Counts
    lost_open: int
    late_acks: int
    redriven: int
    oldest_age_s: float | None
    """Age of the oldest payload whose outcome is open, seconds; `None` where none is."""
    next_loss_s: float | None
    """Seconds until the next payload's deadline; `None` where none is pending."""
    longest_unanswered_s: float | None
    """Seconds that the longest-standing request waits for Kafka's answer; `None` where none is under way."""
    last_accepted_at: float | None
    """Unix seconds."""
    last_delivered_at: float | None
    """Unix seconds."""
    latency: Latency
    link: Link
    troubles: tuple[ActiveTrouble, ...]
    """What is wrong just now, link and lanes together, worst first."""
    brokers: tuple[Broker, ...]
    partitions: tuple[Partition, ...]
    queue_bytes: int
    """Bytes of pending values in memory."""
    partition_count: int | None = None
    """Partitions of the topic, `None` before the first answer."""
    latency_last_s: Latency = field(default_factory=Latency)
    """The same over the last whole second, for charts."""
    attempts: int = 0
    """Payloads put into requests since the start, each repetition counted again."""
    rejections: Mapping[str, int] = field(default_factory=dict)
    """Payloads rejected since the start, by the name of Kafka's error, in lower case."""
    errors: Mapping[Code, int] = field(default_factory=dict)
    """Failures seen since the start, by cause."""
    latencies: Latencies = field(default_factory=Latencies)
    """Of every payload acknowledged since the start."""
