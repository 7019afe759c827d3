"""What the engine asks of a spool: accept, settle, recover. Memory today, disk beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Draft, Payload
from insights_tui.domain.snapshot import Counts


@dataclass(frozen=True, slots=True)
class Settled:
    """One payload's final outcome, on its way into the spool."""

    payload: Payload
    outcome: Outcome
    reason: str = ""
    """Why it was lost, in words; empty for `delivered`."""
    late_ack: bool = False


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a spool holds when it is opened."""

    counts: Counts = field(default_factory=Counts)
    """Pending payloads all count as `queued`."""
    lost_open: int = 0
    late_acks: int = 0
    redriven: int = 0
    pending: Sequence[Payload] = ()
    """In order of acceptance; the first window of them where there are many."""


class Spool(Protocol):
    """Where accepted payloads live until their outcome is final.

    The counters live in it too and change in the same transaction as the rows, so that the equation holds across
    restarts. All methods are called on the engine's loop.
    """

    durability: Literal["full", "memory"]

    async def open(self) -> Recovered:
        """Open or create it and tell what it holds."""
        ...

    async def accept(self, drafts: Sequence[Draft], deadline_s: float) -> list[Payload]:
        """Take payloads in; return only when the commit is durable. All or none.

        Raises `SpoolFullError` where there is no room, `CommitTimeoutError` where the commit takes over a second.
        """
        ...

    def settle(self, settled: Sequence[Settled]) -> None:
        """Write final outcomes, in the background where that takes time; each payload comes once."""
        ...

    def settle_all(self, payloads: Sequence[Payload], outcome: Outcome, reason: str = "") -> None:
        """Write one outcome for many payloads: what `settle` does, at a cost per batch (the engine uses this)."""
        ...

    def note_late_ack(self, payloads: Sequence[Payload]) -> None:
        """Note on dead letters that Kafka acknowledged them after their deadline; no outcome changes."""
        ...

    def mark_in_doubt(self, payloads: Sequence[Payload]) -> None:
        """Keep across restarts that an attempt of these pending payloads may be in the topic."""
        ...

    async def close(self) -> None:
        """Finish what is being written and let go."""
        ...


class SpoolFullError(Exception):
    """There is no room for more payloads (answered 507 or 429; nothing was accepted)."""


class CommitTimeoutError(Exception):
    """The commit took longer than a second: it may still land (answered 503 `commit_timeout`)."""


class QueueFullError(Exception):
    """As many payloads are pending as the settings allow (answered 429; nothing was accepted)."""
