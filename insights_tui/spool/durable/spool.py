"""The durable spool as the engine sees it: on its loop, with the writer's thread behind."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, TypeVar

from insights_tui.domain.clock import Clock, SystemClock
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Draft, Payload
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.base import (
    Accepted,
    Arrival,
    DeadLetter,
    Durable,
    Expired,
    Recovered,
    Selection,
    Settled,
    Spool,
    SpoolFullError,
    Usage,
)
from insights_tui.spool.durable.limits import SpoolLimits
from insights_tui.spool.durable.ops import Batch, Doubt, LateAck, Taken
from insights_tui.spool.durable.row import EPOCH_BITS
from insights_tui.spool.durable.store import Store
from insights_tui.spool.durable.usage import usage_of
from insights_tui.spool.durable.waiting import WaitingRoom
from insights_tui.spool.durable.writer import Answers, Call, Ended, Noted, Writer

_T = TypeVar("_T")
_seq = itemgetter(0)
_EXPIRE_PAGES = 10
"""Pages that one `expire` ends at most; the engine asks again."""


class DurableSpool(Spool):
    """Keeps what is accepted in `<state_dir>/spool/` until its outcome is final, across SIGKILL and power cuts."""

    durability: Literal["full", "memory"] = "full"

    def __init__(self, state_dir: Path, clock: Clock | None = None, limits: SpoolLimits | None = None) -> None:
        self._clock = clock or SystemClock()
        self._limits = limits or SpoolLimits()
        self._store = Store(state_dir / "spool", self._clock, self._limits)
        self._writer = Writer(self._store, self._from_writer, self._look, self._note_problem)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting = WaitingRoom(self._limits.commit_timeout_s)
        self._arrivals: list[Arrival] | None = []
        self._problem = ""
        self._closed = False
        self._usage: tuple[float, Usage] | None = None
        self.paged = 0
        self.on_arrival: Callable[[Arrival], None] | None = None

    # Opening and closing.

    async def open(self) -> Recovered:
        """Open or create it and tell what it holds; what takes longer arrives by `on_arrival`.

        Raises `SpoolPlaceError` where the directory cannot hold a spool; a broken file in it is no reason to.
        """
        self._loop = asyncio.get_running_loop()
        self._writer.start()

        def opening() -> tuple[Recovered, int]:
            recovered = self._store.open()
            return recovered, self._store.paged - self._store.told.paged

        try:
            recovered, _ = await self._call(opening, then=lambda opened: self._page(opened[1]))
        except BaseException:
            await self.close()
            raise
        self._loop.call_soon(self._let_arrive)  # once the engine has taken in what this returns
        return recovered

    async def close(self) -> None:
        """Finish what is being written and let go."""
        if self._closed or self._loop is None:
            return
        self._closed = True
        await self._call(self._store.close, last=True)
        self._writer.join()
        self._waiting.close()

    # Accepting.

    async def accept(self, drafts: Sequence[Draft], deadline_s: float, ended: Sequence[bytes] = ()) -> Accepted:
        """Take payloads in; return only when the commit is durable. All or none.

        Raises `SpoolFullError` where there is no room, `CommitTimeoutError` where the commit takes over a second.
        """
        if not drafts:
            return Accepted()
        self._check_open()
        loop = self._loop
        if loop is None:
            raise AssertionError
        waiting = self._waiting.enter(Batch(drafts, deadline_s, ended), loop)
        self._writer.queue.put(waiting)
        try:
            return await waiting.done
        except asyncio.CancelledError:
            if waiting.done.done() and not waiting.done.cancelled() and waiting.done.exception() is None:
                self._arrive(_orphan(waiting.done.result()))  # nobody takes it: the engine must hear of it
            raise

    def _check_open(self) -> None:
        if self._closed:
            raise SpoolFullError("the spool is closed")
        if self._problem:
            raise SpoolFullError(self._problem)

    def _resolve(self, answers: Answers) -> None:
        for waiting, answer in answers:
            done = waiting.done
            if isinstance(answer, Taken):
                accepted = _accepted(answer)
                if answer.paged:
                    self.paged += len(accepted)
                if done.done():
                    self._arrive(_orphan(accepted))
                else:
                    done.set_result(accepted)
            elif not done.done():
                done.set_exception(answer)
        self._waiting.forget_done()

    async def ended(self) -> Sequence[bytes]:
        """Tell the keys of executions noted with `accept`; after what waits to be committed."""
        return await self._call(self._store.ended)

    def forget_ended(self, keys: Sequence[bytes]) -> None:
        """Forget them with the next commit."""
        if not self._closed:
            self._writer.queue.put(Call(lambda: self._store.forget_ended(keys), lambda _result, _error: None))

    # Paging.

    async def load(self, limit: int) -> list[Payload]:
        """Hand over the next payloads from disk, in order of deadlines, for good; `paged` falls by as many."""
        return await self._call(
            lambda: self._store.load(limit),
            then=lambda found: self._page(-len(found)),
            gone=lambda found: self._arrive(Arrival(pending=found)),
        )

    def _page(self, change: int) -> None:
        self.paged += change

    @property
    def next_deadline(self) -> float | None:
        """No payload that is on disk alone expires before it; `None` where none is."""
        if not self.paged:
            return None
        epochs = list(self._store.epochs.values())  # a glance at the writer's: a bound that is a moment old will do
        earliest = min((epoch.head for epoch in epochs if epoch.paged), default=None)
        return self._clock.boot() if earliest == float("-inf") else earliest  # unknown: to be looked at now

    async def expire(self) -> Expired:
        """End payloads on disk whose deadline has passed, some thousands in a call: see `next_deadline` after it."""
        now = self._clock.boot()
        unsent = unknown = 0
        for _ in range(_EXPIRE_PAGES):
            expired, more = await self._call(
                lambda: self._store.expire(now),
                then=lambda found: self._page(-sum(found[0])),
                gone=lambda found: self._arrive(_ended(found[0])),
            )
            unsent, unknown = unsent + expired.unsent, unknown + expired.unknown
            if not more:
                break
        return Expired(unsent, unknown)

    # Attempts and outcomes.

    def attempting(self, payloads: Sequence[Payload]) -> None:
        """Note, before the attempt, that these may be in the topic from now on; survives SIGKILL."""
        if not payloads:
            return
        highest = max(map(_seq, payloads))
        lowest = min(map(_seq, payloads))
        number = highest >> EPOCH_BITS
        if lowest >> EPOCH_BITS == number:
            self._attempting(number, highest)
            return
        by_number: dict[int, int] = {}
        for payload in payloads:
            by_number[payload.seq >> EPOCH_BITS] = max(by_number.get(payload.seq >> EPOCH_BITS, 0), payload.seq)
        for number, highest in by_number.items():
            self._attempting(number, highest)

    def _attempting(self, number: int, seq: int) -> None:
        epoch = self._store.epochs.get(number)
        if epoch is not None:
            epoch.mark.attempting(seq)

    def settle(self, settled: Sequence[Settled]) -> None:
        """Write final outcomes with the next commit."""
        now_ms = int(self._clock.now().wall * 1000)
        for one in settled:
            self._put(Ended((one.payload,), one.outcome, one.reason, now_ms, one.late_ack))

    def settle_all(self, payloads: Sequence[Payload], outcome: Outcome, reason: str = "") -> None:
        """Write one outcome for many payloads with the next commit."""
        self._put(Ended(tuple(payloads), outcome, reason, int(self._clock.now().wall * 1000)))

    def durable(self) -> Durable | None:
        """Tell which outcomes are committed, as of the writer's latest commit."""
        return self._store.durable

    async def written(self) -> None:
        """Wait until the writer has been through all that it was given before."""
        await self._call(lambda: None)

    def note_late_ack(self, payloads: Sequence[Payload]) -> None:
        """Note on dead letters that Kafka acknowledged them after their deadline."""
        self._put(Noted(tuple(payloads), LateAck))

    def mark_in_doubt(self, payloads: Sequence[Payload]) -> None:
        """Keep across a clean stop that an attempt of these pending payloads may be in the topic."""
        self._put(Noted(tuple(payloads), Doubt))

    def _put(self, what: Ended | Noted) -> None:
        if not self._closed and what.payloads:
            self._writer.queue.put(what)

    # Dead letters.

    async def lost(
        self, selection: Selection, *, after_seq: int = 0, limit: int = 100, open_only: bool = True
    ) -> list[DeadLetter]:
        """List dead letters in order of `seq`, from beyond `after_seq` on."""
        return await self._call(
            lambda: self._store.dead.lost(selection, after_seq=after_seq, limit=limit, open_only=open_only)
        )

    async def redrive(self, selection: Selection, deadline_s: float, *, limit: int = 1000) -> Accepted:
        """Accept open dead letters again, oldest first, with the same id and a new deadline."""
        self._check_open()

        def take(taken: Taken | SpoolFullError) -> None:
            if isinstance(taken, Taken) and taken.paged:
                self.paged += len(taken.payloads)

        def gone(taken: Taken | SpoolFullError) -> None:
            if isinstance(taken, Taken):
                count = len(taken.payloads)
                self._arrive(replace(_orphan(_accepted(taken)), lost_open=-count, redriven=count))

        taken = await self._call(lambda: self._store.dead.redrive(selection, deadline_s, limit), then=take, gone=gone)
        if isinstance(taken, SpoolFullError):
            raise taken
        return _accepted(taken)

    async def drop(self, selection: Selection) -> int:
        """Delete open dead letters; tells by how many `lost_open` falls."""
        return await self._call(lambda: self._store.dead.drop(selection))

    def usage(self) -> Usage:
        """Tell how full it is and how fast; looks at the disk once a second at most."""
        now = self._clock.boot()
        if self._usage is None or not 0 <= now - self._usage[0] < 1.0:
            self._usage = (now, usage_of(self._store, self._writer.commits.copy(), self.paged, self._problem))
        return self._usage[1]

    # Between the threads.

    async def _call(
        self,
        act: Callable[[], _T],
        *,
        then: Callable[[_T], None] | None = None,
        gone: Callable[[_T], None] | None = None,
        last: bool = False,
    ) -> _T:
        """Have the writer do something; on the loop `then` is done first, and `gone` where the caller was cancelled."""
        loop = self._loop
        if loop is None or (self._closed and not last):
            raise SpoolFullError("the spool is not open")
        done: asyncio.Future[_T] = loop.create_future()

        def finish(result: Any, error: Exception | None) -> None:
            if error is None and then is not None:
                then(result)
            if not done.done():
                if error is None:
                    done.set_result(result)
                else:
                    done.set_exception(error)
            elif error is None and gone is not None:
                gone(result)

        def tell(result: Any, error: Exception | None) -> None:
            loop.call_soon_threadsafe(finish, result, error)

        self._writer.queue.put(Call(act, tell, last))
        try:
            return await done
        except asyncio.CancelledError:
            if gone is not None and done.done() and not done.cancelled() and done.exception() is None:
                gone(done.result())
            raise

    def _from_writer(self, answers: Answers) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._resolve, answers)

    def _look(self) -> None:
        found = self._store.told.take()
        if found is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._take_in, *found)

    def _take_in(self, arrival: Arrival, paged: int) -> None:
        self.paged += paged
        self._arrive(arrival)

    def _note_problem(self, what: str) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(setattr, self, "_problem", what)

    def _arrive(self, arrival: Arrival) -> None:
        if self._arrivals is not None:
            self._arrivals.append(arrival)
        elif self.on_arrival is not None:
            self.on_arrival(arrival)

    def _let_arrive(self) -> None:
        early: Iterable[Arrival] = self._arrivals or ()
        self._arrivals = None
        for arrival in early:
            self._arrive(arrival)


def _orphan(accepted: Accepted) -> Arrival:
    """Tell of payloads that landed after nobody waited for them any more."""
    count = len(accepted)
    return Arrival(Counts(accepted=count, queued=count), pending=() if accepted.paged else accepted)


def _accepted(taken: Taken) -> Accepted:
    accepted = Accepted(taken.payloads)
    accepted.paged = taken.paged
    return accepted


def _ended(expired: Expired) -> Arrival:
    unsent, unknown = expired
    counts = Counts(queued=-unsent - unknown, expired_unsent=unsent, expired_unknown=unknown)
    return Arrival(counts, lost_open=unsent + unknown)
