"""What was begun on one agent is no news of the next."""

import asyncio
from pathlib import Path

from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.answers import Receipt
from insights_tui.tui.screens.agents import Place
from tests.tui.driving import desk
from tests.tui.fake_agent import FakeAgent
from tests.tui.samples import CONNECTED, STATES


class Slow(FakeAgent):
    """Answers a test payload only once nobody asks any more."""

    def __init__(self) -> None:
        super().__init__(CONNECTED)
        self.closing = asyncio.Event()

    async def test_payload(self) -> Receipt:
        await self.closing.wait()
        raise AgentUnavailableError("The line was cut.", "")

    async def close(self) -> None:
        self.closing.set()


async def test_an_act_that_is_left_behind_is_told_as_such_and_its_end_is_not_told_of_the_other_agent() -> None:
    here, there = Slow(), FakeAgent(STATES["degraded"])
    places = [Place(Path("/run/0.sock"), lambda: here), Place(Path("/run/1.sock"), lambda: there)]
    async with desk(CONNECTED, (120, 40), agent=here, places=places) as seated:
        await seated.press("t")
        await seated.until_shown("Test payload under way.")
        attached = seated.app.run_worker(seated.app.attach(places[1]))
        await seated.until(lambda: attached.is_finished, "the other one is attached")
        await seated.until_shown("What you began on the other agent may still be under way")
        assert here.closing.is_set()
        await seated.until_shown("DEGRADED")
        assert "not delivered. The line" not in seated.text()


async def test_nothing_is_told_where_nothing_was_begun() -> None:
    here, there = FakeAgent(CONNECTED), FakeAgent(STATES["degraded"])
    places = [Place(Path("/run/0.sock"), lambda: here), Place(Path("/run/1.sock"), lambda: there)]
    async with desk(CONNECTED, (120, 40), agent=here, places=places) as seated:
        await seated.app.attach(places[1])
        await seated.until_shown("DEGRADED")
        assert "What you began" not in seated.text()
        assert "restarted" not in seated.text()
