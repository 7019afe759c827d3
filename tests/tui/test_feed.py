from dataclasses import replace
from datetime import timedelta

from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.tui.feed import Feed
from tests.tui import samples
from tests.tui.driving import desk
from tests.tui.fake_agent import FakeAgent


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def later(seconds: float) -> Snapshot:
    moved = timedelta(seconds=seconds)
    history = tuple(replace(second, at=second.at + moved, accepted=7) for second in samples.history())
    return replace(samples.CONNECTED, as_of=samples.NOW + moved, history=history)


async def test_the_whole_history_is_asked_for_once_then_only_what_is_new() -> None:
    agent, clock = FakeAgent(samples.CONNECTED), Clock()
    feed = Feed(agent, monotonic=clock)
    assert len((await feed.poll()).history) == 300
    clock.now, agent.now = 101.0, later(1)
    frame = await feed.poll()
    assert agent.asked == [300, 3]
    assert len(frame.history) == 301
    assert [second.at for second in frame.history] == sorted({second.at for second in frame.history})
    assert frame.history[-1].accepted == 7
    for second in range(2, 100):
        clock.now, agent.now = 100.0 + second, later(second)
        frame = await feed.poll()
    assert len(frame.history) == 340  # what leaves the longest chart is forgotten


async def test_a_clock_that_was_an_hour_ahead_leaves_nothing_in_the_charts() -> None:
    agent, clock = FakeAgent(samples.CONNECTED), Clock()
    feed = Feed(agent, monotonic=clock)
    for second, ahead in ((0, 0), (1, 3600), (2, 2), (3, 3)):
        clock.now, agent.now = 100.0 + second, later(ahead)
        frame = await feed.poll()
    assert agent.asked == [300, 3, 3, 300]
    assert len(frame.history) > 290
    assert frame.history[-1].at <= agent.now.as_of


async def test_silence_is_stale_at_once_and_names_cause_and_repair() -> None:
    agent, clock = FakeAgent(samples.CONNECTED), Clock()
    feed = Feed(agent, monotonic=clock)
    assert (await feed.poll()).stale_s is None
    agent.down, clock.now = AgentUnavailableError("Nothing listens.\x1b[2J", "Start it."), 112.0
    frame = await feed.poll()
    assert (frame.stale_s, frame.error, frame.hint) == (12.0, "Nothing listens.�", "Start it.")
    assert frame.snapshot == replace(samples.CONNECTED, history=samples.CONNECTED.history)
    agent.down, agent.now = None, later(12)
    frame = await feed.poll()
    assert frame.stale_s is None
    assert agent.asked[-1] == 300


async def test_a_snapshot_that_stands_still_is_no_news() -> None:
    agent, clock = FakeAgent(samples.CONNECTED), Clock()
    feed = Feed(agent, monotonic=clock)
    await feed.poll()
    clock.now += 2
    assert (await feed.poll()).stale_s is None
    clock.now += 3
    assert (await feed.poll()).stale_s == 5.0


async def test_another_agent_is_noticed_and_its_history_is_its_own() -> None:
    agent = FakeAgent(samples.CONNECTED)
    feed = Feed(agent)
    await feed.poll()
    newer = later(400)
    agent.now = replace(newer, agent=replace(newer.agent, id="a2"), history=newer.history[-1:])
    frame = await feed.poll()
    assert frame.restarted_at == agent.now.as_of
    assert len(frame.history) == 1


async def test_the_screen_says_stale_comes_back_and_tells_of_a_restart() -> None:
    async with desk(samples.CONNECTED) as seated:
        seated.agent.down = AgentUnavailableError("Nothing listens.", "Start it: systemctl start insights-tui.")
        await seated.until_shown(" STALE ")
        assert "Start it: systemctl start insights-tui." in seated.text()
        assert "● CONNECTED" in seated.lines()[0]
        restarted = later(9)
        seated.agent.now = replace(restarted, agent=replace(restarted.agent, id="a2", version="0.2.0"))
        seated.agent.down = None
        await seated.until_shown("The agent was restarted")
        assert "It was 0.1.0 and is 0.2.0 now." in " ".join(seated.text().split())
        assert "STALE" not in seated.text()


async def test_no_agent_from_the_start_is_said_too() -> None:
    agent = FakeAgent(samples.NONE)
    agent.down = AgentUnavailableError("No agent answers.", "Run `insights-tui agent`.")
    async with desk(samples.NONE, agent=agent) as seated:
        await seated.until_shown("✖ NO AGENT")
        assert "Run `insights-tui agent`." in seated.text()
        agent.down = None
        await seated.until_shown("NOT CONNECTED")
