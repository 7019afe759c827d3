"""A payload: what one execution reported, as it travels through the agent."""

from typing import NamedTuple


class Draft(NamedTuple):
    """A payload as ingest hands it to the engine, before it counts."""

    id: str
    """UUIDv7 text; the same on every attempt and redrive (record header `insights-id`)."""
    value: bytes
    """The Kafka record's value: one flat JSON object in ASCII (contract.md §2)."""
    key: bytes | None = None
    """The Kafka record's key; null by default."""


class Payload(NamedTuple):
    """A payload from the moment it is accepted; order of `seq` is order of acceptance and of deadlines."""

    seq: int
    """Position in the spool, strictly increasing, starting at 1."""
    id: str
    """UUIDv7 text; the same on every attempt and redrive (record header `insights-id`)."""
    value: bytes
    """The Kafka record's value: one flat JSON object in ASCII."""
    key: bytes | None
    """The Kafka record's key; null by default."""
    accepted_ms: int
    """Wall time of acceptance, milliseconds since the Unix epoch: the record's timestamp."""
    deadline: float
    """When its time is over: seconds on this boot's boot-time clock."""
    in_doubt: bool = False
    """True where an attempt of an earlier process may already be in the topic. Sticky."""
