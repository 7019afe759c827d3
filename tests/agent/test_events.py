"""The event log groups, numbers, forgets the oldest, and is followed live."""

import asyncio

from insights_tui.agent.events import GROUP_S, KEPT, EventLog
from insights_tui.domain.occurrence import Occurrence


class Wall:
    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


def _happening(subject: str = "kafka-2:9093", actor: str | None = None) -> Occurrence:
    return Occurrence(level="error", code="broker_unreachable", subject=subject, text="It is gone.", actor=actor)


def test_the_same_happening_is_one_event_that_counts() -> None:
    wall = Wall()
    log = EventLog(wall)
    first = log.add(_happening())
    wall.now += 5
    log.add(_happening())
    [event] = log.after()
    assert (event.count, event.first_at, event.seq) == (2, first.at, 2)
    assert (event.at - first.at).total_seconds() == 5


def test_a_group_ends_with_silence() -> None:
    wall = Wall()
    log = EventLog(wall)
    log.add(_happening())
    wall.now += GROUP_S + 1
    log.add(_happening())
    assert [event.count for event in log.after()] == [1, 1]


def test_what_people_did_is_never_grouped() -> None:
    log = EventLog(Wall())
    log.add(_happening(actor="alice"))
    log.add(_happening(actor="alice"))
    assert [event.count for event in log.after()] == [1, 1]


def test_only_so_many_are_kept_and_the_newest_come_first() -> None:
    log = EventLog(Wall())
    for number in range(KEPT + 10):
        log.add(_happening(subject=str(number)))
    assert len(log.after()) == KEPT
    assert [event.subject for event in log.newest(2)] == [str(KEPT + 9), str(KEPT + 8)]


async def test_a_follower_sees_what_was_kept_and_then_what_comes() -> None:
    log = EventLog(Wall())
    log.add(_happening("a"))
    follower = log.follow()
    assert (await anext(follower)).subject == "a"
    coming = asyncio.ensure_future(anext(follower))
    await asyncio.sleep(0)
    log.add(_happening("b"))
    assert (await coming).subject == "b"
    await follower.aclose()  # type: ignore[attr-defined]  # an async generator, typed as what it gives
    assert not log._waiters
