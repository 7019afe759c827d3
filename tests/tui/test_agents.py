"""Several agents behind one screen, and a screen that may look only."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from insights_tui.client.api import READ_ONLY, AgentClient
from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.lost import LostFilter
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.tui.screens.agents import Place
from insights_tui.tui.screens.insights_screen import InsightsScreen
from tests.tui import samples
from tests.tui.driving import Desk, desk
from tests.tui.fake_agent import FakeAgent
from tests.tui_views.agents import AlgorithmsAgent

SIZES = ((80, 24), (120, 40), (200, 60))


def of(snapshot: Snapshot, installation: str) -> FakeAgent:
    agent = replace(snapshot.agent, id=installation, installation=installation)
    return FakeAgent(replace(snapshot, agent=agent))


class Closing(FakeAgent):
    """Tells whether it was let go of."""

    closed = False

    async def close(self) -> None:
        self.closed = True


def places(*agents: FakeAgent) -> list[Place]:
    return [Place(Path(f"/run/{number}.sock"), partial(itself, agent)) for number, agent in enumerate(agents)]


def itself(agent: FakeAgent) -> FakeAgent:
    return agent


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_list_tells_how_each_is_and_enter_shows_another_one(size: tuple[int, int]) -> None:
    here, there, gone = of(samples.CONNECTED, "prod-eu"), of(samples.DEGRADED, "prod-us"), of(samples.NONE, "x")
    gone.down = AgentUnavailableError("No agent answers.", "Start it.")
    async with desk(samples.CONNECTED, size, agent=here, places=places(here, there, gone)) as seated:
        await seated.until_shown("agent 1 of 3")
        assert "prod-eu" in seated.lines()[0]
        await seated.press("a")
        await seated.until_shown("✖ NO ANSWER       run/2.sock")
        text = seated.text()
        assert "◐ DEGRADED" in text
        assert "prod-us" in text
        assert "at /run/0.sock" in text
        mine = next(line for line in seated.lines() if "this one" in line)  # the page is still seen beside the list
        assert "● CONNECTED prod-eu" in " ".join(mine.split())
        await seated.press("end")
        await seated.until_shown("at /run/2.sock")
        assert "No agent answers." in seated.text()
        await seated.press("home")
        await seated.press("down", "enter")
        await seated.until_shown("agent 2 of 3")
        await seated.until_shown("kafka-2:9093 cannot be reached")
        assert "prod-eu" not in seated.text()
        asked = len(here.asked)
        await seated.until(lambda: len(there.asked) > 5, "the other one is asked")
        assert len(here.asked) == asked


async def test_nothing_of_the_former_agent_is_left() -> None:
    here, there = Closing(samples.LOST), of(samples.NONE, "staging")
    async with desk(samples.LOST, (120, 40), agent=here, places=places(here, there)) as seated:
        await seated.press("3", "space", "a")
        await seated.until_shown("Which agent?")
        await seated.press("down", "enter")
        await seated.until_shown("NOT CONNECTED")
        assert "FROZEN" not in seated.text()
        assert here.closed
        await seated.until(lambda: "kafka-2" not in seated.text(), "no event of the former one")
        page = seated.app.screen_stack[0]
        assert isinstance(page, InsightsScreen)
        assert page.view.NAME == "events", "the view that was shown is shown of the other agent"
        await seated.press("1")
        await seated.until_shown("No Kafka connection yet")


async def test_the_way_back_from_one_that_is_down() -> None:
    here, gone = of(samples.CONNECTED, "prod-eu"), of(samples.NONE, "x")
    gone.down = AgentUnavailableError("No agent answers.", "Start it.")
    async with desk(samples.CONNECTED, agent=here, places=places(here, gone)) as seated:
        await seated.press("a")
        await seated.until_shown("NO ANSWER")
        await seated.press("end", "enter")
        await seated.until_shown("NO AGENT")
        await seated.press("a")
        await seated.until_shown("● CONNECTED")
        await seated.press("home", "enter")
        await seated.until_shown("agent 1 of 2")


async def test_one_that_has_died_keeps_its_name_and_what_it_said_last() -> None:
    here, there = of(samples.CONNECTED, "prod-eu"), of(samples.LOST, "prod-us")
    async with desk(samples.CONNECTED, agent=here, places=places(here, there)) as seated:
        await seated.press("a")
        await seated.until_shown("prod-us")
        await seated.press("escape")
        here.down = there.down = AgentUnavailableError("No agent answers.", "Start it.")
        await seated.press("a")
        await seated.until(lambda: seated.text().count("NO ANSWER") == 2, "neither answers")
        mine, other = (line.partition("NO ANSWER")[2].split() for line in seated.lines() if "NO ANSWER" in line)
        assert mine == ["prod-eu", "0", "12:04:31Z", "this", "one"]
        assert other == ["prod-us", "212", "12:04:31Z"]


async def test_the_palette_finds_the_other_agents_by_name() -> None:
    here, there = of(samples.CONNECTED, "prod-eu"), of(samples.LOST, "prod-us")
    async with desk(samples.CONNECTED, agent=here, places=places(here, there)) as seated:
        await seated.press("a")
        await seated.until_shown("prod-us")
        await seated.press("escape", "5", "colon")
        await seated.until_shown("Agent: prod-us")
        assert "Agent: prod-eu" not in seated.text()
        await seated.press(*"prod", "enter")
        await seated.until_shown("agent 2 of 2")
        await seated.until_shown("5 Lost 212")
        await seated.until_shown("AUTH FAILED")


async def test_one_agent_is_no_choice() -> None:
    here = of(samples.CONNECTED, "prod-eu")
    async with desk(samples.CONNECTED, agent=here, places=places(here)) as seated:
        assert "agent 1" not in seated.text()
        await seated.press("a")
        await seated.until_shown("insights-tui --socket A --socket B")


async def shown_keys(seated: Desk) -> str:
    return seated.lines()[-1]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_read_only_offers_and_does_nothing_that_changes_something(size: tuple[int, int]) -> None:
    agent = AlgorithmsAgent(samples.CONNECTED)
    async with desk(samples.CONNECTED, size, agent=agent, read_only=True) as seated:
        await seated.until_shown("READ-ONLY")
        assert "Edit" not in seated.text()
        assert "Delete" not in seated.text()
        for key in ("c", "t", "b", "d"):
            await seated.press(key)
            await seated.until_shown("Nothing can be changed here: it is read-only.")
            await seated.press("escape")
            await seated.until(lambda: "Nothing can be changed" not in seated.text(), "the notice is gone")
        await seated.press("6")
        await seated.until_shown("acme/cats")
        assert "On/off" not in await shown_keys(seated)
        assert "Details" in await shown_keys(seated)
        await seated.press("o")
        await seated.until_shown("Nothing can be changed here")
        await seated.press("5")
        await seated.press("delete")
        await seated.until_shown("Nothing can be changed here")
        await seated.press("colon")
        await seated.press(*"delete")
        await seated.pilot.pause()
        assert "Delete Connection" not in seated.text()
        assert not agent.disconnected
        assert not agent.switched


async def test_the_help_of_a_read_only_interface_names_no_key_that_changes_something() -> None:
    async with desk(samples.CONNECTED, (120, 60), agent=AlgorithmsAgent(samples.CONNECTED), read_only=True) as seated:
        await seated.press("6")
        await seated.until_shown("acme/cats")
        await seated.press("question_mark")
        await seated.until_shown("Keys of every view")
        assert "check the connection" in seated.text()
        for words in (
            "connect to Kafka",
            "send one test",
            "go back to an earlier",
            "delete the",
            "Switch",
            "On or off",
        ):
            assert words not in seated.text()


async def test_read_only_needs_no_button_where_there_is_no_connection() -> None:
    async with desk(samples.NONE, read_only=True) as seated:
        await seated.until_shown("READ-ONLY")
        assert "Connect to Kafka" not in seated.text()
        await seated.press("enter")
        await seated.pilot.pause()
        assert "No Kafka connection yet" in seated.text()


async def test_a_client_that_is_read_only_asks_nothing_that_changes_something(tmp_path: Path) -> None:
    client = AgentClient(tmp_path / "none.sock", read_only=True)
    for act in (
        client.disconnect,
        client.test_payload,
        lambda: client.go_back(1),
        lambda: client.drop(LostFilter(), everything=True),
        lambda: client.redrive(LostFilter()),
        lambda: client.send(b"{}", ndjson=False),
    ):
        with pytest.raises(RefusedError) as refused:
            await act()
        assert refused.value.errors == (READ_ONLY,)
    with pytest.raises(AgentUnavailableError):
        await client.snapshot()
    with pytest.raises(AgentUnavailableError):
        async for _ in client.check():
            pass
    await client.close()
