"""Events that rush by: the list stands still between two looks, and a few new ones are shown at once."""

from dataclasses import replace
from datetime import UTC, datetime

from insights_tui.domain.snapshot import Event
from insights_tui.tui.feed import Feed
from insights_tui.tui.storm import EVERY_S, FEW, Storm
from tests.tui.fake_agent import FakeAgent
from tests.tui.samples import CONNECTED

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def newest(seq: int, count: int = 20) -> tuple[Event, ...]:
    return tuple(Event(number, AT, "info", "code", "subject", None, "text") for number in range(seq, seq - count, -1))


def test_a_few_new_ones_are_shown_at_once() -> None:
    storm, events = Storm(), newest(20)
    assert storm.calm(events, 0.0) == events
    for tick in range(1, 10):
        events = newest(20 + FEW * tick)
        assert storm.calm(events, 0.1 * tick) == events


def test_a_rush_is_looked_at_now_and_then() -> None:
    storm, first = Storm(), newest(1000)
    assert storm.calm(first, 100.0) == first
    assert storm.calm(newest(2000), 101.0) == first
    assert storm.calm(newest(5000), 100.0 + EVERY_S - 0.1) == first
    assert storm.calm(newest(6000), 100.0 + EVERY_S) == newest(6000)
    assert storm.calm(newest(7000), 101.0 + EVERY_S) == newest(6000)


def test_after_a_rush_the_last_ones_are_shown() -> None:
    storm = Storm()
    storm.calm(newest(1000), 0.0)
    assert storm.calm(newest(1999), 1.0) == newest(1000)
    assert storm.calm(newest(1999), EVERY_S) == newest(1999)


async def test_the_events_of_another_agent_are_shown_at_once() -> None:
    agent = FakeAgent(replace(CONNECTED, events=newest(1000)))
    feed = Feed(agent, monotonic=lambda: 7.0)
    await feed.poll()
    agent.now = replace(CONNECTED, events=newest(2000))
    held = (await feed.poll()).snapshot
    assert held is not None
    assert held.events == newest(1000)
    agent.now = replace(agent.now, agent=replace(CONNECTED.agent, id="another"))
    fresh = (await feed.poll()).snapshot
    assert fresh is not None
    assert fresh.events == newest(2000)
