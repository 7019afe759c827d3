"""How a payload ends, and why one is never taken in: each counted once, under one name everywhere."""

from enum import StrEnum


class Outcome(StrEnum):
    """The final outcome of an accepted payload (`interface.md`, Words)."""

    DELIVERED = "delivered"
    """Kafka acknowledged it."""
    REJECTED = "rejected"
    """Kafka refused it for its content."""
    EXPIRED_UNSENT = "expired_unsent"
    """Its deadline passed, and no attempt can have reached Kafka."""
    EXPIRED_UNKNOWN = "expired_unknown"
    """Its deadline passed, and an attempt may be in the topic."""
    DAMAGED = "damaged"
    """It was accepted and cannot be read from the spool."""

    @property
    def lost(self) -> bool:
        """Whether people would call it lost."""
        return self is not Outcome.DELIVERED


class Refusal(StrEnum):
    """Why a payload was never accepted; outside the equation, counted by reason."""

    INVALID = "invalid"
    """HTTP, JSON, NaN, more than 25 metrics."""
    TOO_LARGE = "too_large"
    """The body, or more than 25 KB of keys and values."""
    QUEUE_FULL = "queue_full"
    DISK_FULL = "disk_full"
    UNAUTHORIZED = "unauthorized"
    DISABLED = "disabled"
    """Insights is off for the algorithm: answered 200 with `accepted: 0`."""
