"""The agent: puts ingest, engine, store and HTTP together, and answers for them."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from insights_tui.agent.checking import Checking, steps_of
from insights_tui.agent.connecting import Connecting
from insights_tui.agent.event_file import EventFile
from insights_tui.agent.events import EventLog
from insights_tui.agent.explaining import Explaining, by_check
from insights_tui.agent.http.server import HttpServer
from insights_tui.agent.ingest import NotAcceptedError
from insights_tui.agent.life import started, stopped
from insights_tui.agent.lock import StateLock
from insights_tui.agent.lost import LostLetters
from insights_tui.agent.marked import marked_draft
from insights_tui.agent.metrics import Scrape, exposition
from insights_tui.agent.not_taken import NOT_TAKEN, not_taken
from insights_tui.agent.reporter import Reporter
from insights_tui.agent.starting import (
    delivery_settings,
    http_settings,
    make_executions,
    make_registry,
    make_spool,
    starting,
)
from insights_tui.agent.store import ConnectionStore, prepare_state_dir
from insights_tui.agent.tail import Tails
from insights_tui.delivery.engine import DeliveryFailedError, Engine, EngineClosedError
from insights_tui.delivery.status import EngineStatus
from insights_tui.domain.algorithms import Algorithm, Algorithms, Which
from insights_tui.domain.answers import Dropped, LostPayload, PastConnection, Receipt, Redriven, SavedConnection
from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.clock import Clock, SystemClock
from insights_tui.domain.consuming import commands, needs
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.lost import LostFilter
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.outcome import Outcome, Refusal
from insights_tui.domain.payload import Draft
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.snapshot import Counts, Event, Mode, Snapshot, State
from insights_tui.domain.tail import TailAsked, Tailed
from insights_tui.domain.trouble import Code
from insights_tui.places import Places
from insights_tui.settings import Settings
from insights_tui.spool.base import Usage

TICK_S = 1.0
TEST_TIMEOUT_S = 15.0
"""Seconds that a test payload is waited for; it goes on after that, like any other."""


class Agent:
    """One agent, from `start` to `stop`, on the loop that runs it."""

    def __init__(self, settings: Settings, *, places: Places, mode: Mode, clock: Clock | None = None) -> None:
        self._settings = settings
        self._places = places
        self._clock = clock or SystemClock()
        self._events = EventLog(lambda: self._clock.now().wall)
        self._event_file = EventFile(places.state_dir, self._events)
        delivery = delivery_settings(settings)
        self._engine = Engine(
            spool=make_spool(settings, places, self._clock),
            clock=self._clock,
            settings=delivery,
            on_occurrence=self.note,
            client_id="insights-tui",
        )
        self._reporter = Reporter(
            mode=mode,
            installation=settings.installation,
            durability=settings.delivery.durability,
            max_payloads=delivery.max_payloads,
            max_bytes=delivery.max_bytes,
            started_boot=self._clock.boot(),
            state_dir=str(places.state_dir),
        )
        self._lock = StateLock(places.state_dir)
        self._connecting = Connecting(ConnectionStore(places.state_dir), self._engine, self._clock, self.note)
        self._checking = Checking(steps_of)
        self._explaining = Explaining(by_check, self.note, self._clock.boot)
        self._lost = LostLetters(self._engine, self.note)
        self._tails = Tails(self._connecting.connection, self._clock)
        self._algorithms = make_registry(settings, places, self._clock, self.note)
        self._http = HttpServer(
            http_settings(settings, places),
            ingest=self,
            control=self,
            clock=self._clock,
            algorithms=self._algorithms,
            executions=lambda intake: make_executions(settings, places, intake, self, self._engine, self._clock),
        )
        self._ticker: asyncio.Task[None] | None = None

    @property
    def url(self) -> str | None:
        """Where algorithms report to, `None` where TCP is turned off."""
        return self._http.url

    @property
    def socket(self) -> Path:
        """The Unix socket that it listens on."""
        return self._places.socket

    async def start(self) -> None:
        """Lock the state directory, read the connection, deliver and listen; raises `AgentStartError`."""
        with starting():
            prepare_state_dir(self._places.state_dir)
            self._places.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock.take()
            try:
                before = await asyncio.to_thread(self._event_file.load)
                self._events.restore(before.events)
                await self._engine.start()
                await self._algorithms.start()
                if self._http.executions is not None:
                    await self._http.executions.start()
                self._restore()
                await self._http.start()
            except BaseException:
                await self._stop_keeping()
                await self._engine.stop(grace_s=0.0)
                self._lock.release()
                raise
        for told in started(before, self._engine.status().counts.pending):
            self.note(told)
        self._event_file.start()
        self._ticker = asyncio.create_task(self._tick(), name="agent-tick")

    async def stop(self, grace_s: float = 2.0) -> Counts:
        """Stop listening, deliver what Kafka takes within the grace, let go of everything."""
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        await self._explaining.stop()
        try:
            await self._http.stop(grace_s=min(0.5, grace_s))
            await self._tails.topic.stop()
            await self._stop_keeping()
            counts = await self._engine.stop(grace_s=grace_s)
            self.note(stopped(counts.pending, durable=self._settings.delivery.durability != "memory"))
            return counts
        finally:
            await self._event_file.stop()
            self._lock.release()

    async def _stop_keeping(self) -> None:
        if self._http.executions is not None:
            await self._http.executions.stop()
        await self._algorithms.stop()

    def _restore(self) -> None:
        for report in self._connecting.restore(self._settings):
            self.note(report)

    async def _tick(self) -> None:
        while True:
            self._explaining.look(self._engine.status(), self._connecting.connection())
            self._reporter.tick(self._status(), self._engine.usage(), self._connecting.view(), self._events)
            await asyncio.sleep(TICK_S)

    # What ingest asks for.

    async def accept(self, drafts: Sequence[Draft], ended: Sequence[bytes] = ()) -> None:
        """Take payloads in, all or none; return after the commit. `ended`: the executions that end with them."""
        try:
            await self._engine.accept(drafts, ended)
        except EngineClosedError:
            error = FieldError("stopping", "The agent is stopping; nothing was accepted.", "Send it again in a moment.")
            raise NotAcceptedError((error,), status=503, reason=None, retry_after_s=1) from None
        self._tails.accepted.add(drafts)

    def fill(self) -> float:
        """Tell how full the queue is, 0 to 1."""
        return self._engine.pending / self._settings.queue.max_payloads

    def refused(self, reason: Refusal, count: int = 1) -> None:
        """Count payloads that were not accepted."""
        self._reporter.refused[reason] += count

    def note(self, occurrence: Occurrence) -> None:
        """Put a happening into the event log."""
        self._events.add(occurrence)
        if occurrence.code == Code.SPOOL_DAMAGED.value:
            self._reporter.damage = occurrence

    # What the control calls ask for.

    def snapshot(self, history: int = 0) -> Snapshot:
        """Tell the state."""
        return self._seen(self._status(), self._engine.usage(), history)

    def _status(self) -> EngineStatus:
        """Tell the engine's state in the words of the check, where one has looked into it."""
        return self._explaining.told(self._engine.status())

    def _seen(self, status: EngineStatus, usage: Usage, history: int = 0) -> Snapshot:
        executions = self._http.executions
        return self._reporter.snapshot(
            status,
            usage,
            self._connecting.view(),
            self._events,
            ingest_url=self.url,
            history=history,
            executions_open=None if executions is None else executions.open,
            executions_unfinished=0 if executions is None else executions.unfinished,
        )

    def metrics(self, accept: str = "") -> tuple[bytes, str]:
        """Write a scrape; all of it is of one instant."""
        status, usage = self._status(), self._engine.usage()
        return exposition(Scrape(self._seen(status, usage), status, usage), accept)

    def ready(self) -> str | None:
        """Tell why it does not accept or deliver; `None` where it does."""
        seen = self.snapshot()
        if seen.refusing is not None:
            return f"Ingest refuses: {seen.refusing.value}."
        if seen.state in {State.CONNECTED, State.DEGRADED}:
            return None
        worst = seen.problems[0].what if seen.problems else "No connection is configured."
        return worst if seen.state is not State.CONNECTING else "Connecting to Kafka."

    def saved(self) -> SavedConnection | None:
        """Tell the saved connection."""
        return self._connecting.saved()

    async def connect(
        self, form: ConnectionForm, *, check: Literal["require", "skip"], actor: str, over: int | None = None
    ) -> SavedConnection:
        """Check, save and use a connection; with `over` only where that revision is in use (0: where none is)."""
        return await self._connecting.connect(form, check=check, actor=actor, over=over)

    async def disconnect(self, *, actor: str) -> bool:
        """Delete the connection; what is pending stays and its time runs on."""
        return self._connecting.disconnect(actor=actor)

    def check(self, form: ConnectionForm | None) -> AsyncIterator[CheckStep | CheckVerdict]:
        """Check a connection, or the saved one; raises `RefusedError` at once, before the first step."""
        return self._checking.check(self._connecting.to_check(form))

    def revisions(self) -> Sequence[PastConnection]:
        """Tell the connections kept, newest first."""
        return self._connecting.revisions()

    async def go_back(self, revision: int, *, check: Literal["require", "skip"], actor: str) -> SavedConnection:
        """Use an earlier connection again, its password with it."""
        return await self._connecting.go_back(revision, check=check, actor=actor)

    async def test_payload(self, *, actor: str) -> Receipt:
        """Send one marked payload and wait until Kafka has it."""
        if self._connecting.view() is None:
            raise RefusedError(
                (FieldError("not_connected", "There is no Kafka connection.", "Connect to Kafka first."),), status=409
            )
        try:
            receipt = await self._engine.deliver(marked_draft(self._clock.now()), timeout_s=TEST_TIMEOUT_S)
        except NOT_TAKEN as error:
            raise not_taken(error, "No test payload sent:") from None
        except DeliveryFailedError as failed:
            raise RefusedError(
                (FieldError("test_failed", str(failed), failed.trouble.act if failed.trouble else ""),), status=502
            ) from failed
        except TimeoutError:
            problems = self.snapshot().problems
            raise RefusedError(
                (
                    FieldError(
                        "test_timeout",
                        f"Kafka has not acknowledged the test payload within {TEST_TIMEOUT_S:.0f} s. "
                        + (problems[0].what if problems else "It is still attempted, like any other."),
                        problems[0].act if problems else "",
                    ),
                ),
                status=504,
            ) from None
        self.note(
            Occurrence(
                level="info",
                code="test_payload",
                subject=receipt.topic,
                text=f"Test payload in partition {receipt.partition} at offset {receipt.offset}.",
                actor=actor,
            )
        )
        connection = self._connecting.connection()
        if connection is None:  # deleted while the payload was under way
            return receipt
        connection = replace(connection, topic=receipt.topic)
        return replace(
            receipt,
            see=commands(connection, partition=receipt.partition, offset=receipt.offset),
            needs=needs(connection),
        )

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
        """List lost payloads in order of `seq`, or the newest first."""
        return await self._lost.page(
            which, after=after, limit=limit, values=values, open_only=open_only, newest_first=newest_first
        )

    async def lost_payload(self, payload_id: str) -> LostPayload | None:
        """Tell one lost payload with its value."""
        return await self._lost.one(payload_id)

    async def redrive(self, which: LostFilter, *, actor: str) -> Redriven:
        """Accept lost payloads again."""
        return await self._lost.redrive(which, actor=actor)

    async def drop(self, which: LostFilter, *, actor: str) -> Dropped:
        """Delete lost payloads; with the damaged ones goes the problem that tells of them."""
        dropped = await self._lost.drop(which, actor=actor)
        if not which.reasons or Outcome.DAMAGED in which.reasons:
            self._reporter.damage = None
        return dropped

    async def algorithms(
        self, owner: str | None = None, name: str | None = None, *, metrics: bool = False, limit: int = 1000
    ) -> Algorithms:
        """Tell the algorithms known, or the versions of one."""
        return await self._algorithms.listed(owner, name, metrics=metrics, limit=limit)

    async def algorithm(self, which: Which) -> Algorithm | None:
        """Tell one version with its metrics."""
        return await self._algorithms.one(which)

    async def switch(self, which: Which, *, on: bool | None, actor: str) -> Algorithms:
        """Turn Insights on or off."""
        return await self._algorithms.switch(which, on=on, actor=actor)

    def tail(self, asked: TailAsked) -> AsyncGenerator[Sequence[Tailed], None]:
        """Give payloads as they go by, in groups; the first says that the tail has begun."""
        return self._tails.tail(asked)

    def events(self, after: int = 0) -> Sequence[Event]:
        """Tell the events kept, oldest first."""
        return self._events.after(after)

    def follow_events(self, after: int = 0) -> AsyncIterator[Event]:
        """Events as they happen, those kept first."""
        return self._events.follow(after)


async def run_agent(
    settings: Settings,
    places: Places,
    mode: Mode,
    *,
    ready: Callable[[Agent], None] | None = None,
    stop: asyncio.Event,
    grace_s: float = 2.0,
) -> Counts:
    """Run an agent until `stop` is set; gives the last counts. Raises `AgentStartError`."""
    agent = Agent(settings, places=places, mode=mode)
    await agent.start()
    try:
        if ready is not None:
            ready(agent)
        await stop.wait()
    finally:
        counts = await agent.stop(grace_s)
    return counts
