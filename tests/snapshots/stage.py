"""The real interface before an agent from memory, put into one state after the other."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from textual import events
from textual.pilot import Pilot

from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.answers import PastConnection, Receipt, SavedConnection
from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.tail import TailAsked, Tailed
from insights_tui.tui.app import InsightsApp
from insights_tui.tui.frame import Frame
from insights_tui.tui.screens.insights_screen import InsightsScreen
from tests.snapshots.screen_text import screen_text
from tests.tui.samples import CONNECTION, NOW
from tests.tui_views.agents import ALGORITHMS, AlgorithmsAgent, lost_payload, tailed

Size = tuple[int, int]
_NEVER_S = 1e6
_PATIENCE_S = 20


class StageAgent(AlgorithmsAgent):
    """Answers what goes with the snapshot it is given: lost payloads, a tail, algorithms, the connection."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(snapshot)
        self.goes_on = asyncio.Event()
        """Until it is set a connection check stands still before its first step."""
        self.suit(snapshot)

    def suit(self, snapshot: Snapshot) -> None:
        """Answer from now on as goes with this snapshot."""
        self.now = snapshot
        self.kept = [lost_payload(seq) for seq in range(1, min(snapshot.lost_open, 212) + 1)]
        came = range(-min(60, snapshot.counts.accepted), 0)
        self.before = [tailed(number, timestamp=NOW + timedelta(seconds=number / 4)) for number in came]
        self.known = list(ALGORITHMS) if came else []
        self.past = _PAST if snapshot.connection is not None else []

    async def connection(self) -> SavedConnection | None:
        view = self.now.connection
        if view is None:
            return None
        servers = ",".join(view.bootstrap_servers)
        return SavedConnection(
            "0193", view.revision, view.connection_type, servers, view.topic, view.username, view.sasl_mechanism
        )

    async def check(self, form: ConnectionForm | None = None) -> AsyncIterator[CheckStep | CheckVerdict]:
        await self.goes_on.wait()
        for item in self.checked:
            yield item

    async def tail(self, asked: TailAsked) -> AsyncGenerator[Tailed, None]:
        """What comes from the topic has its place there."""
        number = 81_000
        async with aclosing(super().tail(asked)) as payloads:
            async for one in payloads:
                number += 1
                yield one if asked.source == "accepted" else replace(one, partition=number % 12, offset=number)

    async def test_payload(self) -> Receipt:
        see = ("kcat -b kafka-1:9093 -t insights -C -p 3 -o 81223 -c 1 -X security.protocol=sasl_ssl",)
        needs = "Set sasl.password; it is not written here."
        return replace(await super().test_payload(), see=see, needs=needs)


_PAST = [
    PastConnection(
        3, CONNECTION.changed_at, "alice", True, False, "insights", "kafka-1:9093,kafka-2:9093", "kafka_sasl_ssl",
        "SCRAM-SHA-512", "insights-p", "It is in use.",
    ),
    PastConnection(2, CONNECTION.changed_at - timedelta(days=9), "bob", deletion=True, why_not="It was a deletion."),
    PastConnection(
        1, CONNECTION.changed_at - timedelta(days=30), "bob", False, False, "insights-old", "kafka-9:9093",
        "kafka_sasl_ssl", "PLAIN", "insights-p",
    ),
]  # fmt: skip


class Stage:
    """One terminal, one interface."""

    def __init__(self, app: InsightsApp, agent: StageAgent, pilot: Pilot[None]) -> None:
        self.app, self.agent, self.pilot = app, agent, pilot
        self.frame = app.frame
        """What it shows."""
        self._shown = 0

    @property
    def page(self) -> InsightsScreen:
        page = self.app.screen_stack[0]
        assert isinstance(page, InsightsScreen)
        return page

    def text(self) -> str:
        """What stands on the terminal."""
        return screen_text(self.app)

    async def open_view(self, name: str) -> None:
        await self.page.action_view(name)
        await self.pilot.pause()

    async def show(self, frame: Frame) -> None:
        """Put the page into a state, as if the interface had just been started in it."""
        self.page.view.on_view_hidden()
        if frame.snapshot is not None:
            self._shown += 1  # another agent each time: views let go of what they know of the last one
            snapshot = replace(frame.snapshot, agent=replace(frame.snapshot.agent, id=f"shown-{self._shown}"))
            self.agent.suit(snapshot)
            frame = replace(frame, snapshot=snapshot)
        self.agent.refusal = AgentUnavailableError(frame.error, frame.hint) if frame.error else None
        self.page.action_dismiss_notice()
        self.page.frame = Frame()  # nothing has changed, nothing is frozen
        self.frame = frame
        await self._tick(replace(frame, frozen_at=None))
        self.page.view.on_view_shown()
        await self.still()

    async def still(self) -> None:
        """Tick until the screen does not change any more."""
        before = None
        for _ in range(50):
            await self._tick(self.frame)
            now = self.text()
            if now == before:
                return
            before = now
        raise AssertionError(f"It never stood still:\n{before}")

    async def _tick(self, frame: Frame) -> None:
        self.app.frame = frame
        with self.app.batch_update():
            self.page.take(frame)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def paste(self, words: str) -> None:
        self.app.post_message(events.Paste(words))
        await self.pilot.pause()
        await self.pilot.pause()

    async def until(self, *wanted: str) -> None:
        """Wait until the screen shows this."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while not all(one in self.text() for one in wanted):
                    await self.pilot.pause(0.01)
        except TimeoutError:
            raise AssertionError(f"Not shown: {wanted}\n{self.text()}") from None
        await self.pilot.pause()


@asynccontextmanager
async def stage(snapshot: Snapshot, size: Size, **options: Any) -> AsyncIterator[Stage]:
    """Open the interface; its own feed rests, so that states come from the caller alone."""
    agent = StageAgent(snapshot)
    app = InsightsApp(agent, interval_s=_NEVER_S, mouse=False, **options)
    async with app.run_test(size=size) as pilot:
        async with asyncio.timeout(_PATIENCE_S):
            while app.frame.snapshot is None:
                await pilot.pause(0.01)
        yield Stage(app, agent, pilot)
