"""What the HTTP layer asks of the agent; `agent.py` implements it, tests of the HTTP layer fake it."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Literal, Protocol

from insights_tui.domain.algorithms import Algorithm, Algorithms, Which
from insights_tui.domain.answers import Dropped, LostPayload, PastConnection, Receipt, Redriven, SavedConnection
from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.lost import LostFilter
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.payload import Draft
from insights_tui.domain.snapshot import Event, Snapshot
from insights_tui.domain.tail import TailAsked, Tailed


class Ingest(Protocol):
    """What the hot path needs."""

    async def accept(self, drafts: Sequence[Draft], ended: Sequence[bytes] = ()) -> None:
        """Take payloads in, all or none; return after the commit. `ended`: the executions that end with them.

        Raises `QueueFullError`, `SpoolFullError`, `CommitTimeoutError` (all from `spool.base`).
        """
        ...

    def fill(self) -> float:
        """Tell how full the queue is, 0 to 1."""
        ...

    def refused(self, reason: Refusal, count: int = 1) -> None:
        """Count payloads that were not accepted."""
        ...

    def note(self, occurrence: Occurrence) -> None:
        """Put a happening into the event log (grouped there)."""
        ...


class Control(Protocol):
    """What the control calls need. `RefusedError` carries the status and every field that is wrong."""

    def snapshot(self, history: int = 0) -> Snapshot:
        """Tell the state."""
        ...

    def ready(self) -> str | None:
        """Tell why it does not accept or deliver; `None` where it does."""
        ...

    def metrics(self, accept: str) -> tuple[bytes, str]:
        """Write a scrape in the format that an `Accept` header asks for; give the body and its Content-Type."""
        ...

    def saved(self) -> SavedConnection | None:
        """Tell the saved connection."""
        ...

    async def connect(
        self, form: ConnectionForm, *, check: Literal["require", "skip"], actor: str, over: int | None = None
    ) -> SavedConnection:
        """Check, save and use a connection; with `over` only where that revision is in use (0: where none is)."""
        ...

    async def disconnect(self, *, actor: str) -> bool:
        """Delete the connection; `False` where there was none."""
        ...

    def check(self, form: ConnectionForm | None) -> AsyncIterator[CheckStep | CheckVerdict]:
        """Check a connection, or the saved one; the steps as they end, at last the verdict.

        Raises `RefusedError` at once, before the first step. Closing the iterator ends the check.
        """
        ...

    def revisions(self) -> Sequence[PastConnection]:
        """Tell the connections kept, newest first, without their secrets."""
        ...

    async def go_back(self, revision: int, *, check: Literal["require", "skip"], actor: str) -> SavedConnection:
        """Make an earlier connection the one in use again, its password with it; it becomes a new revision."""
        ...

    async def test_payload(self, *, actor: str) -> Receipt:
        """Send one marked payload and wait until Kafka has it."""
        ...

    async def lost(
        self,
        which: LostFilter,
        *,
        after: int = 0,
        limit: int = 100,
        values: bool = False,
        open_only: bool = True,
        newest_first: bool = False,
    ) -> Sequence[LostPayload]:
        """List lost payloads in order of `seq`, from beyond `after` on; with their values where asked to.

        The newest first where asked to: then from below `after` on, 0 for the very newest.
        """
        ...

    async def lost_payload(self, payload_id: str) -> LostPayload | None:
        """Tell one lost payload with its value, the latest where it was lost more than once; `None` where none is."""
        ...

    async def redrive(self, which: LostFilter, *, actor: str) -> Redriven:
        """Accept lost payloads again. Raises `RefusedError` where it had to stop; it says how far it came."""
        ...

    async def drop(self, which: LostFilter, *, actor: str) -> Dropped:
        """Delete lost payloads, values and all."""
        ...

    async def algorithms(
        self, owner: str | None = None, name: str | None = None, *, metrics: bool = False, limit: int = 1000
    ) -> Algorithms:
        """Tell the algorithms known, the one that reported last first, or the versions of one."""
        ...

    async def algorithm(self, which: Which) -> Algorithm | None:
        """Tell one version with its metrics; `None` where it is not known."""
        ...

    async def switch(self, which: Which, *, on: bool | None, actor: str) -> Algorithms:
        """Turn Insights on or off, or take that back (`None`); gives the algorithm's versions as they are then."""
        ...

    def tail(self, asked: TailAsked) -> AsyncGenerator[Sequence[Tailed], None]:
        """Give payloads as they go by, in groups of which the first may be empty: it says that the tail has begun.

        Raises `RefusedError`, before the first group or later.
        """
        ...

    def events(self, after: int = 0) -> Sequence[Event]:
        """Tell the events kept, oldest first."""
        ...

    def follow_events(self, after: int = 0) -> AsyncIterator[Event]:
        """Events as they happen, those kept first."""
        ...
