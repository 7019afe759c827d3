"""The engine: an asyncio producer task consumes an in-process queue of payloads with deadline-aware retries."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from insights_tui.delivery import drain
from insights_tui.delivery.batch import Batch, Landing
from insights_tui.delivery.board import Board
from insights_tui.delivery.book import Book, Phase
from insights_tui.delivery.errors import DeliveryFailedError, EngineClosedError
from insights_tui.delivery.histogram import LatencyHistogram
from insights_tui.delivery.ledger import Ledger, Place
from insights_tui.delivery.pager import Pager
from insights_tui.delivery.producer import Producer
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.delivery.snapshot import Moments, status_of
from insights_tui.delivery.status import EngineStatus
from insights_tui.delivery.supervisor import Supervisor
from insights_tui.domain.answers import Receipt
from insights_tui.domain.clock import Clock
from insights_tui.domain.connection import Connection
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Draft, Payload
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.base import (
    Accepted,
    Arrival,
    DeadLetter,
    Expired,
    QueueFullError,
    Selection,
    Spool,
    SpoolFullError,
    Usage,
)
from insights_tui.spool.crash import crash_point

__all__ = ["DeliveryFailedError", "Engine", "EngineClosedError"]

_COUNTED_S = 1.0
"""A receipt waits no longer for its payload to be counted."""


class Engine:
    """Queue, producer task, sweeper and supervisor of one agent. All methods belong on one loop."""

    def __init__(
        self,
        *,
        spool: Spool,
        clock: Clock,
        settings: DeliverySettings,
        on_occurrence: Callable[[Occurrence], None],
        client_id: str = "insights-tui",
    ) -> None:
        self._spool, self._clock, self._settings = spool, clock, settings
        self._tell, self._client_id = on_occurrence, client_id
        self._ledger = Ledger()
        self._board = Board()
        self._histogram = LatencyHistogram()
        self._moments = Moments()
        self._waiters: dict[int, asyncio.Future[tuple[Outcome, str, Landing | None]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._accepting = 0
        self._early: list[Arrival] = []
        """What the spool told while it was being opened."""
        self._book: Book
        self._pager: Pager
        self._producer: Producer
        self._supervisor: Supervisor

    async def start(self) -> None:
        """Open the spool, take over what it holds and start the tasks; does not wait for Kafka."""
        self._spool.on_arrival = self._early.append
        recovered = await self._spool.open()
        self._ledger = Ledger(recovered.counts)
        self._moments.lost_open = recovered.lost_open
        self._moments.late_acks = recovered.late_acks
        self._moments.redriven = recovered.redriven
        self._book = Book(
            self._ledger,
            settle=self._settle,
            late=self._late,
            doubt=self._spool.mark_in_doubt,
            why=self._why,
            attempting=self._attempting,
            window=self._settings.pack_beyond,
            thaw_left_s=self._settings.thaw_left * self._settings.deadline_s,
        )
        self._book.add(sorted(recovered.pending, key=lambda payload: payload.deadline))
        self._producer = Producer(self._book, self._settings.linger_s)
        self._supervisor = Supervisor(
            book=self._book,
            board=self._board,
            producer=self._producer,
            clock=self._clock,
            settings=self._settings,
            client_id=self._client_id,
            tell=self._tell,
            delivered=self._delivered,
        )
        self._pager = Pager(
            self._spool,
            self._book,
            self._ledger,
            self._clock,
            self._settings,
            added=self._producer.wake,
            expired=self._expired_on_disk,
            tell=self._tell,
        )
        self._spool.on_arrival = self._arrived
        for arrival in self._early:
            self._arrived(arrival)
        self._tasks = [
            asyncio.create_task(self._producer.run(), name="producer"),
            asyncio.create_task(self._supervisor.run(), name="supervisor"),
            asyncio.create_task(self._sweep(), name="sweeper"),
        ]
        if self._spool.durability == "full":
            self._tasks.append(asyncio.create_task(self._pager.run(), name="pager"))

    async def accept(self, drafts: Sequence[Draft], ended: Sequence[bytes] = ()) -> list[Payload]:
        """Take payloads in, all or none; return after the commit.

        `ended` are the keys of executions that end with them: see `ended`.
        Raises `QueueFullError`, `SpoolFullError`, `CommitTimeoutError` (all of `spool.base`), `EngineClosedError`.
        """
        if self._closing:
            raise EngineClosedError("the agent is stopping")
        count = len(drafts)
        self._check_room(count)
        self._accepting += count
        try:
            payloads = await self._spool.accept(drafts, self._settings.deadline_s, ended)
        finally:
            self._accepting -= count
        self._take(payloads)
        return payloads

    async def ended(self) -> Sequence[bytes]:
        """Tell the keys of executions whose payloads were accepted and that are not forgotten."""
        return await self._spool.ended()

    def forget_ended(self, keys: Sequence[bytes]) -> None:
        """Forget that these executions ended, in the background."""
        self._spool.forget_ended(keys)

    def _check_room(self, count: int) -> None:
        settings = self._settings
        if self._ledger.pending + self._accepting + count > settings.max_payloads:
            raise QueueFullError(f"{settings.max_payloads} payloads are pending")
        if self._book.bytes > settings.max_bytes:
            raise QueueFullError(f"{settings.max_bytes} bytes are pending")

    def _take(self, payloads: Accepted) -> None:
        self._ledger.accept(len(payloads))
        if not payloads.paged:
            self._book.add(payloads)
        self._moments.accepted(payloads)
        self._producer.added()
        self._pager.look()

    def _arrived(self, arrival: Arrival) -> None:
        """Take over what the spool found: an old epoch examined, a commit that landed after all."""
        self._ledger.adjust(arrival.counts)
        self._moments.lost_open += arrival.lost_open
        self._moments.late_acks += arrival.late_acks
        self._moments.redriven += arrival.redriven
        self._book.add(sorted(arrival.pending, key=lambda payload: payload.deadline))
        for occurrence in arrival.occurrences:
            self._tell(occurrence)
        self._producer.added()
        self._pager.look()

    async def lost(
        self, selection: Selection, *, after_seq: int = 0, limit: int = 100, open_only: bool = True
    ) -> list[DeadLetter]:
        """List dead letters in order of `seq`."""
        return await self._spool.lost(selection, after_seq=after_seq, limit=limit, open_only=open_only)

    async def redrive(self, selection: Selection, *, limit: int = 1000) -> int:
        """Accept up to `limit` open dead letters again, with the same id and a new deadline; tell how many.

        Their old outcome stays counted. Call it until it tells 0. Raises what `accept` raises.
        """
        if self._closing:
            raise EngineClosedError("the agent is stopping")
        limit = max(1, min(limit, self._settings.max_payloads - self._ledger.pending - self._accepting))
        self._check_room(1)
        self._accepting += limit
        try:
            payloads = await self._spool.redrive(selection, self._settings.deadline_s, limit=limit)
        finally:
            self._accepting -= limit
        self._take(payloads)
        self._moments.lost_open -= len(payloads)
        self._moments.redriven += len(payloads)
        return len(payloads)

    async def drop(self, selection: Selection) -> int:
        """Delete open dead letters, bodies and all; tell how many. Their outcome stays counted."""
        dropped = await self._spool.drop(selection)
        self._moments.lost_open -= dropped
        return dropped

    def usage(self) -> Usage:
        """Tell how full the spool is; cheap."""
        return self._spool.usage()

    def use(self, connection: Connection | None) -> None:
        """Use another connection, or none, at once; what is pending goes to the new topic."""
        self._supervisor.use(connection)

    async def deliver(self, draft: Draft, timeout_s: float) -> Receipt:
        """Accept one payload and wait for its acknowledgement.

        Raises what `accept` raises, `DeliveryFailedError`, or `TimeoutError` after `timeout_s`; the payload then
        stays pending until its own deadline.
        """
        started = self._clock.boot()
        (payload,) = await self.accept((draft,))
        done = self._waiters[payload.seq] = asyncio.get_running_loop().create_future()
        self._producer.wake()
        try:
            async with asyncio.timeout(timeout_s):
                outcome, reason, landing = await done
        finally:
            self._waiters.pop(payload.seq, None)
        if landing is None:
            raise DeliveryFailedError(outcome, reason, self._board.latest())
        took = self._clock.boot() - started
        with contextlib.suppress(TimeoutError, SpoolFullError):  # Kafka has it, whatever the disk does
            async with asyncio.timeout(_COUNTED_S):
                await self._spool.written()  # so that whoever looks at the counts next finds it there
        return Receipt(payload.id, landing.topic, landing.partition, landing.offset, took)

    @property
    def pending(self) -> int:
        """Payloads whose outcome is open."""
        return self._ledger.pending

    def book_agrees(self) -> bool:
        """Count what is really pending, place by place, and hold it against the ledger; goes through all of it."""
        sizes = self._book.sizes()
        sizes[Place.QUEUED] += self._spool.paged
        return all(self._ledger.at(place) == size for place, size in sizes.items())

    def status(self) -> EngineStatus:
        """Tell everything at this instant; cheap enough for every second."""
        return status_of(
            now=self._clock.now(),
            settings=self._settings,
            ledger=self._ledger,
            book=self._book,
            board=self._board,
            histogram=self._histogram,
            moments=self._moments,
            link=self._supervisor.link(),
            session=self._supervisor.session,
            nodes=self._supervisor.nodes,
            loop_now=asyncio.get_running_loop().time(),
            on_disk=self._spool.next_deadline,
            durable=self._spool.durable(),
        )

    async def stop(self, grace_s: float) -> Counts:
        """Accept nothing more, drain while Kafka answers but no longer than `grace_s`, let go of everything.

        What is left stays in the spool. Returns the last counts.
        """
        self._closing = True
        if not self._tasks:
            return self._ledger.counts(self._spool.durable())
        await self._drain(grace_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self._producer.stop()
        await self._supervisor.stop()
        for waiter in self._waiters.values():
            if not waiter.done():
                waiter.cancel()
        await self._spool.close()
        return self._ledger.counts(self._spool.durable())

    async def _drain(self, grace_s: float) -> None:
        time, ledger = asyncio.get_running_loop().time, self._ledger
        self._producer.wake()
        patience = drain.Patience(ledger.pending, time(), grace_s)
        while patience.go_on(ledger.pending, time()):
            if self._supervisor.link().phase != "up":
                return
            await asyncio.sleep(drain.LOOK_S)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._settings.sweep_s)
            expired = self._book.sweep(self._clock.boot())
            if expired:
                self._tell_expired(expired)
            self._pager.look()

    def _expired_on_disk(self, ended: Expired) -> None:
        self._moments.lost_open += sum(ended)
        self._tell_expired(sum(ended))

    def _tell_expired(self, expired: int) -> None:
        self._tell(
            Occurrence(
                "error",
                "expired",
                "payloads",
                f"{expired} payload{'s' if expired > 1 else ''} not delivered before the deadline.",
                fix="Run insights-tui lost list; insights-tui lost redrive sends them again.",
                raw=self._why("never sent"),
            )
        )

    def _settle(
        self, payloads: Sequence[Payload], outcome: Outcome, reason: str, landing: Landing | None = None
    ) -> None:
        if outcome is Outcome.DELIVERED:
            crash_point("after_ack_before_delete")
        self._spool.settle_all(payloads, outcome, reason)
        if outcome.lost:
            self._moments.lost_open += len(payloads)
        if self._waiters:
            for index, payload in enumerate(payloads):
                waiter = self._waiters.get(payload.seq)
                if waiter is not None and not waiter.done():
                    at = landing._replace(offset=landing.offset + index) if landing else None
                    waiter.set_result((outcome, reason, at))

    def _attempting(self, payloads: Sequence[Payload]) -> None:
        self._spool.attempting(payloads)
        crash_point("before_send")

    def _late(self, payloads: Sequence[Payload]) -> None:
        self._moments.late_acks += len(payloads)
        self._spool.note_late_ack(payloads)

    def _delivered(self, batch: Batch, now: float) -> None:
        self._histogram.record(batch.open, self._settings.deadline_s, now)
        self._moments.last_delivered_at = self._clock.now().wall
        self._pager.look()

    def _why(self, _phase: Phase) -> str:
        if self._supervisor.link().phase == "idle":
            return "No connection to Kafka is configured."
        trouble = self._board.latest() or self._supervisor.trouble()
        return "" if trouble is None else trouble.what
