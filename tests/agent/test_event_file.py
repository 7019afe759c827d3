"""The event log outlives its agent: what was written, torn, damaged or refused by the disk."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from insights_tui.agent import event_file
from insights_tui.agent.event_file import NAME, SET_ASIDE, Before, EventFile
from insights_tui.agent.events import KEPT, EventLog
from insights_tui.agent.life import started, stopped
from insights_tui.agent.private_files import PrivateDir
from insights_tui.domain.occurrence import Occurrence

WALL = 1_795_000_000.0
SECONDS = itertools.count(int(WALL))


def happening(subject: str = "kafka-2:9093", actor: str | None = None, raw: str = "") -> Occurrence:
    return Occurrence("error", "broker_unreachable", subject, "It is gone.", "Look.", raw, actor)


class Life:
    """One agent's log and its file."""

    def __init__(self, folder: Path) -> None:
        self.log = EventLog(lambda: next(SECONDS))
        self.file = EventFile(folder, self.log)
        self.before = self.file.load()
        self.log.restore(self.before.events)


@asynccontextmanager
async def life(folder: Path) -> AsyncIterator[Life]:
    one = Life(folder)
    one.file.start()
    yield one
    await one.file.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


def left(folder: Path) -> Before:
    return EventFile(folder, EventLog(lambda: WALL)).load()


def on_disk(folder: Path) -> list[tuple[str, int]]:
    return [(event.subject, event.count) for event in left(folder).events]


async def test_events_are_there_after_a_stop_grouped_as_they_were_and_numbers_go_on(tmp_path: Path) -> None:
    async with life(tmp_path) as one:
        for _ in range(3):
            one.log.add(happening())
        one.log.add(happening("a", actor="alice"))
        one.log.add(happening("a", actor="alice"))
    async with life(tmp_path) as two:
        assert two.log.after() == one.log.after()
        assert [event.count for event in two.log.after()] == [3, 1, 1]
        again = two.log.add(happening())
        assert again.seq > one.log.after()[-1].seq + 1
        assert again.count == 1
    assert on_disk(tmp_path) == [("kafka-2:9093", 3), ("a", 1), ("a", 1), ("kafka-2:9093", 1)]
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


async def test_an_event_is_on_disk_though_nobody_stops_the_agent(tmp_path: Path) -> None:
    async with life(tmp_path) as one:
        one.log.add(happening("first"))
        await until(lambda: on_disk(tmp_path) == [("first", 1)])
        one.log.add(happening("second"))
        one.log.add(happening("second"))
        await until(lambda: on_disk(tmp_path) == [("first", 1), ("second", 2)])


async def test_a_torn_last_line_is_nothing_and_any_other_is_kept_aside(tmp_path: Path) -> None:
    async with life(tmp_path) as one:
        one.log.add(happening("first"))
        one.log.add(happening("second"))
    whole = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(whole[:-9])
    assert (on_disk(tmp_path), (tmp_path / SET_ASIDE).exists()) == ([("first", 1)], False)
    broken = b"\0" * 40 + b"\n" + whole
    (tmp_path / NAME).write_bytes(broken)
    async with life(tmp_path) as two:
        assert two.before.damage == "1 of its lines"
        assert [event.subject for event in two.log.after()] == ["first", "second"]
    assert (tmp_path / SET_ASIDE).read_bytes() == broken
    assert on_disk(tmp_path) == [("first", 1), ("second", 1)]


async def test_what_is_no_file_of_ours_is_set_aside_and_events_go_on(tmp_path: Path) -> None:
    (tmp_path / NAME).symlink_to("/dev/zero")
    async with life(tmp_path) as one:
        assert one.before.damage == "the file (a symbolic link)"
        one.log.add(happening("first"))
    assert on_disk(tmp_path) == [("first", 1)]
    assert (tmp_path / SET_ASIDE).is_symlink()


async def test_a_disk_that_refuses_is_tried_again_and_loses_no_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_file, "_AGAIN_S", 0.0)
    refused = 0

    def full(*_: object) -> None:
        nonlocal refused
        refused += 1
        raise OSError(28, "No space left on device")

    async with life(tmp_path) as one:
        one.log.add(happening("before"))
        await until(lambda: on_disk(tmp_path) == [("before", 1)])
        with monkeypatch.context() as patched:
            patched.setattr(PrivateDir, "append", full)
            patched.setattr(PrivateDir, "write", full)
            for number in range(3):
                one.log.add(happening(f"full {number}"))
                await until(lambda number=number: refused > number)  # type: ignore[misc]  # a default, not an argument
        one.log.add(happening("after"))
        await until(lambda: len(on_disk(tmp_path)) == 5)
    assert [subject for subject, _ in on_disk(tmp_path)] == ["before", "full 0", "full 1", "full 2", "after"]


async def test_the_file_stays_small_and_takes_any_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_file, "MOST_LINES", 50)
    async with life(tmp_path) as one:
        for number in range(200):
            one.log.add(happening(f"a {number % 7}"))
            await asyncio.sleep(0)
        one.log.add(happening("by whom", actor="al\ud800ice"))
        one.log.add(happening("odd \ud800", raw="x" * 1_000_000))
        await until(lambda: any(subject.startswith("odd") for subject, _ in on_disk(tmp_path)))
    assert len((tmp_path / NAME).read_bytes().splitlines()) <= 50
    (odd,) = [event for event in left(tmp_path).events if event.subject.startswith("odd")]
    assert (odd.subject, len(odd.raw)) == ("odd \\ud800", 8000)


async def test_no_more_is_read_back_than_a_log_keeps(tmp_path: Path) -> None:
    async with life(tmp_path) as one:
        for number in range(KEPT + 20):
            one.log.add(happening(str(number)))
    async with life(tmp_path) as two:
        assert len(two.log.after()) == KEPT
        assert two.log.after()[-1].subject == str(KEPT + 19)


async def test_an_end_that_nobody_asked_for_is_told_with_its_time(tmp_path: Path) -> None:
    def codes(before: Before) -> list[str]:
        return [told.code for told in started(before, 3)]

    async with life(tmp_path) as one:
        assert codes(one.before) == ["started"]
        for told in started(one.before, 0):
            one.log.add(told)
    os.utime(tmp_path / NAME, (WALL, WALL))
    killed = left(tmp_path)
    assert codes(killed) == ["killed", "started"]
    told = started(killed, 3)[0]
    assert told.text == (
        "The agent before this one ended without a stop; it was last alive at 2026-11-18 11:06:40Z. "
        "3 payloads are found waiting."
    )
    async with life(tmp_path) as two:
        two.log.add(stopped(3, durable=True))
    assert codes(left(tmp_path)) == ["started"]


def test_a_stop_says_what_becomes_of_what_waits() -> None:
    assert stopped(0, durable=False).text == "The agent stopped as it was told to."
    assert stopped(1, durable=True).text.endswith("1 payload is on disk and sent when it starts again.")
    gone = stopped(2500, durable=False)
    assert gone.level == "warning"
    assert gone.text.endswith("2,500 payloads are gone with it: durability is memory.")
