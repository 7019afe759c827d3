"""What the engine asks of a spool: accept, page, settle, recover, redrive. In memory and on disk alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, Protocol

from insights_tui.domain.occurrence import Occurrence
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
    """In order of deadlines; the first window of them where there are many, the rest comes by `load`."""


class Accepted(list[Payload]):
    """Payloads just accepted, in order of acceptance."""

    paged: bool = False
    """True where they stay on disk: the engine counts them, but holds them only when `Spool.load` hands them over."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the spool found out or did by itself: differences to add to the counts, payloads to take over."""

    counts: Counts = field(default_factory=Counts)
    """Differences; `queued` may be negative. They are balanced in themselves."""
    lost_open: int = 0
    late_acks: int = 0
    redriven: int = 0
    pending: Sequence[Payload] = ()
    """Payloads that the engine must hold from now on; the differences count them already."""
    occurrences: Sequence[Occurrence] = ()


class Expired(NamedTuple):
    """Payloads on disk that expired there: to be moved from `queued`, and to be added to `lost_open`."""

    unsent: int = 0
    unknown: int = 0


class Durable(NamedTuple):
    """Counts of outcomes as the files hold them: what a process killed at this instant would be told after it."""

    delivered: int = 0
    rejected: int = 0
    expired_unsent: int = 0
    expired_unknown: int = 0
    damaged: int = 0
    lost_open: int = 0
    late_acks: int = 0


class DeadLetter(NamedTuple):
    """A lost payload and why."""

    payload: Payload
    """Its `seq` names it in `Selection`; `value` is empty where the body is gone."""
    outcome: Outcome
    reason: str
    late_ack: bool = False
    """Kafka acknowledged it after its deadline: it is in the topic."""
    ended_ms: int = 0
    """Wall time of its end, milliseconds since the Unix epoch."""
    state: Literal["open", "redriven"] = "open"
    """A dropped one is gone from the spool."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dead letters; an empty filter takes all. Fields are joined by *and*."""

    outcomes: frozenset[Outcome] = frozenset()
    since_ms: int | None = None
    """Ended at or after, milliseconds since the Unix epoch."""
    until_ms: int | None = None
    """Ended before."""
    ids: frozenset[str] = frozenset()
    late_acks: bool = True
    """Whether those that Kafka acknowledged late are among them."""
    text: str = ""
    """A part of the id."""
    newest_first: bool = False
    """The order of a list; then `after_seq` means the greatest number told before, 0 none. Acts go by age."""

    @property
    def everything(self) -> bool:
        """Whether no filter is set."""
        return not (self.outcomes or self.ids or self.since_ms is not None or self.until_ms is not None or self.text)

    @property
    def all_damaged(self) -> bool:
        """Whether all damaged payloads are among them; nothing of those is left that another filter could look at."""
        return Outcome.DAMAGED in self.outcomes and replace(self, outcomes=frozenset()).everything

    def takes(self, letter: DeadLetter) -> bool:
        """Tell whether a dead letter is among them."""
        return (
            (not self.outcomes or letter.outcome in self.outcomes)
            and (self.since_ms is None or letter.ended_ms >= self.since_ms)
            and (self.until_ms is None or letter.ended_ms < self.until_ms)
            and (not self.ids or letter.payload.id in self.ids)
            and (self.late_acks or not letter.late_ack)
            and self.text in letter.payload.id
        )


REDRIVE_DEFAULT = Selection(frozenset({Outcome.EXPIRED_UNSENT, Outcome.EXPIRED_UNKNOWN}), late_acks=False)
"""Expired, and not in the topic as far as anyone knows (`interface.md`)."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How full the spool is and how fast; unknown is `None`."""

    bytes: int | None = None
    """Of its files."""
    max_bytes: int | None = None
    disk_free_bytes: int | None = None
    dead_letters: int = 0
    """Kept with their bodies."""
    dead_bytes: int = 0
    evicted: int = 0
    """Dead letters whose bodies made room for later ones."""
    paged: int = 0
    """Pending payloads that are on disk alone."""
    commit_p50_s: float | None = None
    commit_p99_s: float | None = None
    commit_max_s: float | None = None
    writable: bool = True
    """False while commits fail: nothing is accepted, and it tries again by itself."""
    problem: str = ""
    """Why it is not writable, in words."""
    full: str = ""
    """Why nothing more is taken in although it is writable, in words."""


class Spool(Protocol):
    """Where accepted payloads live until their outcome is final.

    The counters live in it too and change in the same transaction as the rows, so that the equation holds across
    restarts. All methods are called on the engine's loop.

    Paging: the engine holds what `open`, `accept` (unless `Accepted.paged`), `load`, `redrive` (the same) and
    arrivals hand over. While `paged` is above 0 and it holds less than half a window, it asks for more with `load`.
    When `next_deadline` has passed it calls `expire`, which ends those that are not in memory.
    """

    durability: Literal["full", "memory"]
    paged: int
    """Pending payloads that the engine does not hold; they count as `queued`."""
    on_arrival: Callable[[Arrival], None] | None
    """Set before `open`; called on the loop, also for accepted payloads whose `accept` was cancelled or timed out."""

    async def open(self) -> Recovered:
        """Open or create it and tell what it holds; what takes longer arrives by `on_arrival`."""
        ...

    async def accept(self, drafts: Sequence[Draft], deadline_s: float, ended: Sequence[bytes] = ()) -> Accepted:
        """Take payloads in; return only when the commit is durable. All or none.

        `ended` are the keys of executions that end with them: noted in the same commit, until `forget_ended`.

        Raises `SpoolFullError` where there is no room, `CommitTimeoutError` where the commit takes over a second
        (if it lands after all, `on_arrival` tells).
        """
        ...

    async def ended(self) -> Sequence[bytes]:
        """Tell the keys of executions noted with `accept` and not forgotten; after what waits to be committed."""
        ...

    def forget_ended(self, keys: Sequence[bytes]) -> None:
        """Forget that these ended, in the background."""
        ...

    async def load(self, limit: int) -> list[Payload]:
        """Hand over the next payloads from disk, in order of deadlines, for good; `paged` falls by as many."""
        ...

    @property
    def next_deadline(self) -> float | None:
        """No payload that is on disk alone expires before it (boot-time clock, seconds); `None` where none is."""
        ...

    async def expire(self) -> Expired:
        """End the payloads on disk whose deadline has passed, each under its outcome."""
        ...

    def attempting(self, payloads: Sequence[Payload]) -> None:
        """Note, before the attempt, that these may be in the topic from now on; survives SIGKILL."""
        ...

    def settle(self, settled: Sequence[Settled]) -> None:
        """Write final outcomes, in the background where that takes time; each payload comes once."""
        ...

    def settle_all(self, payloads: Sequence[Payload], outcome: Outcome, reason: str = "") -> None:
        """Write one outcome for many payloads: what `settle` does, at a cost per batch (the engine uses this)."""
        ...

    def durable(self) -> Durable | None:
        """Tell which outcomes are committed; `None` where nothing outlives the process. Cheap.

        What `settle_all` was given is in it a commit later, and no figure of it is ever higher than the files'.
        """
        ...

    async def written(self) -> None:
        """Wait until the writer has been through all that it was given before; committed, unless the disk refuses."""
        ...

    def note_late_ack(self, payloads: Sequence[Payload]) -> None:
        """Note on dead letters that Kafka acknowledged them after their deadline; no outcome changes."""
        ...

    def mark_in_doubt(self, payloads: Sequence[Payload]) -> None:
        """Keep across a clean stop that an attempt of these pending payloads may be in the topic.

        What is in flight when the engine stops must be marked before `close`: after a clean stop these marks are
        all that is known. After a crash everything up to what was noted by `attempting` is in doubt.
        """
        ...

    async def lost(
        self, selection: Selection, *, after_seq: int = 0, limit: int = 100, open_only: bool = True
    ) -> list[DeadLetter]:
        """List dead letters in order of `seq`, from beyond `after_seq` on."""
        ...

    async def redrive(self, selection: Selection, deadline_s: float, *, limit: int = 1000) -> Accepted:
        """Accept open dead letters again, oldest first, with the same id and a new deadline; they stay, as redriven.

        Call it until it gives nothing. `lost_open` falls and `redriven` rises by as many as it gives. Raises what
        `accept` raises; `damaged` ones are never among them.
        """
        ...

    async def drop(self, selection: Selection) -> int:
        """Delete open dead letters; tells by how many `lost_open` falls.

        Those without a body go with everything; damaged ones, which have none, with all damaged too.
        """
        ...

    def usage(self) -> Usage:
        """Tell how full it is; cheap."""
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


class SpoolPlaceError(Exception):
    """The spool cannot be where it is told to be, a network file system for one; `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint
