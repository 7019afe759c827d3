"""The app under Pilot: open it on a snapshot, wait for conditions, read the screen as lines of text."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from insights_tui.domain.snapshot import Snapshot
from insights_tui.tui.app import InsightsApp
from tests.tui.fake_agent import FakeAgent

SIZES = ((50, 14), (60, 16), (80, 24), (97, 31), (120, 40), (160, 45), (200, 60))


class Desk:
    """One app, its agent, and eyes."""

    def __init__(self, app: InsightsApp, agent: FakeAgent, pilot: Pilot[None]) -> None:
        self.app, self.agent, self.pilot = app, agent, pilot

    def lines(self) -> list[str]:
        """What a person sees now."""
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    def text(self) -> str:
        return "\n".join(self.lines())

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition, not for a time."""
        try:
            async with asyncio.timeout(15):
                while not condition():
                    await self.pilot.pause(0.01)
        except TimeoutError:
            raise AssertionError(f"not in 15 s: {what}\n{self.text()}") from None
        await self.pilot.pause()

    async def until_shown(self, wanted: str) -> None:
        await self.until(lambda: wanted in self.text(), f"the screen shows {wanted!r}")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)


@asynccontextmanager
async def desk(
    snapshot: Snapshot, size: tuple[int, int] = (80, 24), *, agent: FakeAgent | None = None, **options: object
) -> AsyncIterator[Desk]:
    """Open the interface and wait until its first frame is drawn."""
    agent = agent or FakeAgent(snapshot)
    app = InsightsApp(agent, interval_s=0.05, **options)  # type: ignore[arg-type]  # passed on as they come
    async with app.run_test(size=size) as pilot:
        seated = Desk(app, agent, pilot)
        await seated.until(lambda: app.frame.snapshot is not None or app.frame.error, "the first frame")
        yield seated
