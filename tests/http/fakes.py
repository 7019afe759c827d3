"""The agent behind the HTTP layer, faked."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

from insights_tui.domain.algorithms import Algorithm, Algorithms, Which
from insights_tui.domain.answers import Dropped, LostPayload, PastConnection, Receipt, Redriven, SavedConnection
from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.clock import Moment
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.lost import LostFilter
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.outcome import Outcome, Refusal
from insights_tui.domain.payload import Draft
from insights_tui.domain.snapshot import Agent, Capacity, Counts, Event, Latency, Rates, Second, Snapshot, State
from insights_tui.domain.tail import TailAsked, Tailed

AT = datetime(2026, 11, 22, 12, 4, 31, 120_000, UTC)


class FakeClock:
    boot_id = "boot"

    def __init__(self) -> None:
        self.wall = AT.timestamp()
        self.since_boot = 100.0

    def now(self) -> Moment:
        return Moment(self.wall, self.since_boot)

    def boot(self) -> float:
        return self.since_boot


class FakeIngest:
    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.refusals: dict[Refusal, int] = {}
        self.notes: list[Occurrence] = []
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None
        """Where set, a commit waits for it."""
        self.entered = asyncio.Event()
        self.ended: list[bytes] = []
        self.level = 0.0

    def fill(self) -> float:
        return self.level

    async def accept(self, drafts: Sequence[Draft], ended: Sequence[bytes] = ()) -> None:
        self.ended += ended
        self.entered.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.drafts += drafts

    def refused(self, reason: Refusal, count: int = 1) -> None:
        self.refusals[reason] = self.refusals.get(reason, 0) + count

    def note(self, occurrence: Occurrence) -> None:
        self.notes.append(occurrence)


def an_event(seq: int, text: str = "Something happened.") -> Event:
    return Event(seq=seq, at=AT, level="info", code="test", subject="subject", actor=None, text=text)


def a_snapshot(history: int = 0) -> Snapshot:
    return Snapshot(
        schema=1,
        seq=1,
        as_of=AT,
        state=State.CONNECTED,
        agent=Agent(id="a", version="0.1.0", mode="service", host="h", pid=1, uptime_s=1.0),
        problems=(),
        connection=None,
        counts=Counts(accepted=1, delivered=1),
        balanced=True,
        refused=dict.fromkeys(Refusal, 0),
        lost_open=0,
        late_acks=0,
        redriven=0,
        oldest_age_s=None,
        next_loss_s=None,
        last_accepted_at=None,
        last_delivered_at=None,
        rates=Rates(),
        latency=Latency(),
        capacity=Capacity(durability="memory", queue_payloads=0, queue_max_payloads=10),
        brokers=(),
        partitions=(),
        history=tuple(Second(at=AT, accepted=0, delivered=0, lost=0, pending=0) for _ in range(history)),
    )


def a_lost_payload(seq: int) -> LostPayload:
    return LostPayload(
        seq=seq,
        id=f"id-{seq}",
        reason=Outcome.EXPIRED_UNSENT,
        why="The deadline passed.",
        accepted_at=AT,
        lost_at=AT,
        value_bytes=12,
        late_ack=False,
    )


class FakeControl:
    def __init__(self) -> None:
        self.why: str | None = None
        self.connection: SavedConnection | None = None
        self.forms: list[tuple[ConnectionForm, str, str]] = []
        self.actors: list[str] = []
        self.over: list[int | None] = []
        self.error: Exception | None = None
        self.kept = [an_event(1), an_event(2)]
        self.more: asyncio.Queue[Event] = asyncio.Queue()
        self.followers = 0
        self.asked: list[tuple[object, ...]] = []
        """What was asked about lost payloads, and of a tail."""
        self.tailed: Sequence[Tailed] = ()
        """What a tail begins with."""
        self.groups: asyncio.Queue[Sequence[Tailed]] = asyncio.Queue()
        self.to_check: list[ConnectionForm | None] = []
        self.steps: asyncio.Queue[CheckStep | CheckVerdict] = asyncio.Queue()
        """What a check tells, as it is put in."""
        self.checks = 0
        """Checks under way."""
        self.past: list[PastConnection] = []

    def snapshot(self, history: int = 0) -> Snapshot:
        return a_snapshot(history)

    def metrics(self, accept: str) -> tuple[bytes, str]:
        return f"# asked for {accept}\n".encode(), "text/plain; version=0.0.4; charset=utf-8"

    def ready(self) -> str | None:
        return self.why

    def saved(self) -> SavedConnection | None:
        return self.connection

    async def connect(
        self, form: ConnectionForm, *, check: Literal["require", "skip"], actor: str, over: int | None = None
    ) -> SavedConnection:
        self.over.append(over)
        self.forms.append((form, check, actor))
        if self.error is not None:
            raise self.error
        self.connection = SavedConnection(
            id="6b1c2c5e-2f0a-4b7a-9a52-0f6e6d1c2b3a",
            revision=1,
            connection_type=form.connection_type,
            broker_url=form.broker_url,
            topic=form.topic,
            broker_username=form.broker_username,
        )
        return self.connection

    async def disconnect(self, *, actor: str) -> bool:
        self.actors.append(actor)
        had = self.connection is not None
        self.connection = None
        return had

    def check(self, form: ConnectionForm | None) -> AsyncIterator[CheckStep | CheckVerdict]:
        self.to_check.append(form)
        if self.error is not None:
            raise self.error
        return self._check()

    async def _check(self) -> AsyncIterator[CheckStep | CheckVerdict]:
        self.checks += 1
        try:
            while True:
                step = await self.steps.get()
                yield step
                if isinstance(step, CheckVerdict):
                    return
        finally:
            self.checks -= 1

    def revisions(self) -> Sequence[PastConnection]:
        return self.past

    async def go_back(self, revision: int, *, check: Literal["require", "skip"], actor: str) -> SavedConnection:
        self.asked.append(("go back", revision, check, actor))
        if self.error is not None:
            raise self.error
        return SavedConnection("6b1c", revision + 1, "kafka_unauthenticated_plaintext", "h1:9092", "insights")

    async def test_payload(self, *, actor: str) -> Receipt:
        self.actors.append(actor)
        if self.error is not None:
            raise self.error
        return Receipt(id="i", topic="insights", partition=0, offset=7, latency_s=0.01)

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
        if newest_first:
            self.asked.append(("newest", which, after, limit, values, open_only))
            return [a_lost_payload(seq) for seq in (9, 8)]
        self.asked.append(("list", which, after, limit, values, open_only))
        return [a_lost_payload(seq) for seq in range(after + 1, after + 3)]

    async def lost_payload(self, payload_id: str) -> LostPayload | None:
        return replace(a_lost_payload(1), value='{"score": 1}') if payload_id == "id-1" else None

    async def redrive(self, which: LostFilter, *, actor: str) -> Redriven:
        self.asked.append(("redrive", which, actor))
        if self.error is not None:
            raise self.error
        return Redriven(redriven=2, lost_open=1)

    async def drop(self, which: LostFilter, *, actor: str) -> Dropped:
        self.asked.append(("drop", which, actor))
        return Dropped(dropped=2, lost_open=0)

    async def algorithms(
        self, owner: str | None = None, name: str | None = None, *, metrics: bool = False, limit: int = 1000
    ) -> Algorithms:
        self.asked.append(("algorithms", owner, name, metrics, limit))
        return Algorithms(insights_default=True, algorithms=(), total=0)

    async def algorithm(self, which: Which) -> Algorithm | None:
        self.asked.append(("algorithm", which))
        if which.name == "unknown":
            return None
        return Algorithm(which.owner, which.name, which.version or "", insights_enabled=True, decided_by="default")

    async def switch(self, which: Which, *, on: bool | None, actor: str) -> Algorithms:
        self.asked.append(("switch", which, on, actor))
        return await self.algorithms(which.owner, which.name)

    async def tail(self, asked: TailAsked) -> AsyncGenerator[Sequence[Tailed], None]:
        self.asked.append(("tail", asked))
        if self.error is not None:
            raise self.error
        self.followers += 1
        try:
            yield self.tailed
            while asked.follow:
                yield await self.groups.get()
                if self.error is not None:
                    raise self.error
        finally:
            self.followers -= 1

    def events(self, after: int = 0) -> Sequence[Event]:
        return [event for event in self.kept if event.seq > after]

    async def follow_events(self, after: int = 0) -> AsyncIterator[Event]:
        self.followers += 1
        try:
            for event in self.events(after):
                yield event
            while True:
                yield await self.more.get()
        finally:
            self.followers -= 1
