"""The Events view: grouped, filtered, explained, bounded, and it follows."""

import re
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import insights_tui
from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.snapshot import Event
from insights_tui.domain.trouble import Code
from insights_tui.tui.frame import Space
from insights_tui.tui.lines import plain
from insights_tui.tui.views.events import drawing
from insights_tui.tui.views.events.log import KEPT, Log
from insights_tui.tui.views.events.meanings import meaning
from tests.tui import samples
from tests.tui.driving import Desk, desk
from tests.tui.fake_agent import FakeAgent

PACKAGE = Path(insights_tui.__file__).parent


class Counting(FakeAgent):
    """Counts how often it is asked for events."""

    times = 0

    async def events(self, after: int = 0) -> list[Event]:
        self.times += 1
        return [event for event in reversed(self.now.events) if event.seq > after]


def event(seq: int, *, subject: str = "kafka-1:9093", count: int = 1, text: str = "It broke.") -> Event:
    at = samples.NOW + timedelta(seconds=seq)
    return Event(seq, at, "error", "broker_down", subject, None, text, count=count, first_at=samples.NOW)


def test_a_repetition_takes_the_place_of_the_event_it_repeats() -> None:
    log = Log()
    log.take([event(1), event(2, subject="other")])
    assert log.take([event(3, count=2)])
    assert [(one.subject, one.count) for one in log.shown()] == [("kafka-1:9093", 2), ("other", 1)]
    assert len(log) == 2
    assert not log.take([event(3, count=2)])


def test_memory_is_bounded_and_the_oldest_go() -> None:
    log = Log()
    for start in range(0, 5 * KEPT, KEPT):
        log.take([event(start + index, subject=f"s{start + index}") for index in range(1, KEPT + 1)])
    assert len(log) == KEPT
    assert min(one.seq for one in log.shown()) == 4 * KEPT + 1


def test_a_thousand_events_are_merged_filtered_and_drawn_within_a_part_of_a_second_of_processor_time() -> None:
    log, space = Log(), Space()
    events = [event(index, subject=f"s{index}", text="It broke. " * 30) for index in range(1, 1001)]
    started = time.process_time()
    log.take(events)
    lines = [drawing.row(one, space, None) for one in log.shown(words="broke")]
    assert len(lines) == 1000
    assert time.process_time() - started < 1.0  # 0.03 s here; a stall would be many seconds


def test_a_megabyte_in_every_field_costs_a_row_and_no_more() -> None:
    huge = "\x1b[31m" + "x" * 1_000_000 + "\n"
    one = Event(1, samples.NOW, "error", huge, huge, huge, huge, huge, huge)
    for lines in ([drawing.row(one, Space(), None)], drawing.details(one, Space(), 80, rows=7)):
        for line in lines:
            assert len(plain(line)) < 500
            assert plain(line).isprintable()
    assert all(len(part) <= 4000 for _, parts in drawing.whole(one) for part in parts)


async def opened(seated: Desk) -> None:
    await seated.press("3")
    await seated.until_shown("showing")


async def test_the_chosen_event_is_explained_and_its_raw_text_shown() -> None:
    async with desk(samples.DEGRADED) as seated:
        await opened(seated)
        await seated.until_shown("first 12:03:50Z · last 12:04:30Z · 14 times")
        assert "Nothing answered there." in seated.text()
        assert "nc -vz kafka-2 9093" in seated.text()
        assert "raw     [Errno 110] Connect call failed" in seated.text()
        await seated.press("enter")
        await seated.until_shown("What to check")
        assert "[Errno 110] Connect call failed" in seated.text()
        await seated.press("escape")
        await seated.press("down")
        await seated.until_shown("No broker leads these partitions")


async def test_words_and_level_filter_and_escape_shows_all_again() -> None:
    async with desk(samples.DEGRADED) as seated:
        await opened(seated)
        await seated.press("slash", *"kafka-2 reset", "enter")
        await seated.until_shown("showing 1 of 5")
        assert "connection reset by peer" in seated.text()
        await seated.press("escape")
        await seated.until_shown("showing 5 of 5")
        await seated.press("l", "l")
        await seated.until_shown("showing 1 of 5")
        await seated.press("slash", *"nothing like it", "enter")
        await seated.until_shown("No event matches.")


async def test_the_agent_is_asked_only_while_there_is_news_and_somebody_looks() -> None:
    agent = Counting(samples.DEGRADED)
    async with desk(samples.DEGRADED, agent=agent) as seated:
        ticks = len(agent.asked)
        await seated.until(lambda: len(agent.asked) > ticks + 3, "ticks go by")
        assert agent.times == 0  # hidden
        await opened(seated)
        await seated.until_shown("showing 5 of 5")
        asked, ticks = agent.times, len(agent.asked)
        await seated.until(lambda: len(agent.asked) > ticks + 3, "ticks go by")
        assert agent.times == asked  # nothing new
        later = replace(samples.EVENTS[0], seq=13, count=15, at=samples.NOW + timedelta(seconds=20))
        agent.now = replace(samples.DEGRADED, events=(later, *samples.EVENTS[1:]))
        await seated.until_shown("15 times")
        assert "showing 5 of 5" in seated.text()


async def test_the_list_follows_from_its_first_row_and_stays_where_a_person_reads() -> None:
    agent = Counting(samples.DEGRADED)
    async with desk(samples.DEGRADED, agent=agent) as seated:
        await opened(seated)
        await seated.until_shown("14 times")
        new = replace(event(20, subject="fresh"), at=samples.NOW + timedelta(seconds=60))
        agent.now = replace(samples.DEGRADED, events=(new, *samples.EVENTS))
        await seated.until_shown("─ fresh · broker down ─")
        await seated.press("down")
        await seated.until_shown("1 newer: g")
        agent.now = replace(samples.DEGRADED, events=(replace(new, seq=21, subject="fresher"), new, *samples.EVENTS))
        await seated.until_shown("2 newer: g")
        await seated.press("g")
        await seated.until_shown("─ fresher · broker down ─")


class Dying(Counting):
    """An agent that may die between a snapshot and the call for its events."""

    dead = False

    async def events(self, after: int = 0) -> list[Event]:
        if self.dead:
            raise AgentUnavailableError("nobody listens")
        return await super().events(after)


def fresh(seq: int) -> Event:
    return replace(event(seq, subject=f"fresh-{seq}"), at=samples.NOW + timedelta(seconds=seq))


@pytest.mark.parametrize("agent_id", [samples.DEGRADED.agent.id, "another one"])
@pytest.mark.parametrize("away", [False, True])
async def test_the_list_follows_on_after_the_agent_died_and_came_back(agent_id: str, away: bool) -> None:
    agent = Dying(samples.DEGRADED)
    async with desk(samples.DEGRADED, agent=agent) as seated:
        await opened(seated)
        await seated.until_shown("showing 5 of 5")
        if away:
            await seated.press("down")
            await seated.until_shown("─ insights · no leader")
        agent.dead = True
        agent.now = replace(samples.DEGRADED, events=(fresh(20), *samples.EVENTS))
        ticks = len(agent.asked)
        await seated.until(lambda: len(agent.asked) > ticks + 2, "its last snapshot has come")
        agent.down = AgentUnavailableError("nobody listens")
        await seated.until_shown("STALE")
        await seated.until_shown("fresh-20")
        agent.dead, agent.down = False, None
        now = replace(agent.now.agent, id=agent_id)
        agent.now = replace(agent.now, agent=now, events=(fresh(21), fresh(20), *samples.EVENTS))
        await seated.until_shown("showing 7 of 7")
        assert ("─ insights · no leader" in seated.text()) == away
        assert ("─ fresh-21 · broker down" in seated.text()) == (not away)
        assert ("3 newer: g" in seated.text()) == away
        await seated.press("g")
        await seated.until_shown("─ fresh-21 · broker down")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_an_event_means_stands_right_below_a_short_list_in_all_the_room_there_is(
    size: tuple[int, int],
) -> None:
    raw = "word " * 900
    events = tuple(replace(one, raw=raw) for one in samples.EVENTS)
    agent = Counting(replace(samples.DEGRADED, events=events))
    async with desk(agent.now, size, agent=agent) as seated:
        await opened(seated)
        await seated.until_shown("─ kafka-2:9093 · broker unreachable")
        lines = seated.lines()
        rule = next(index for index, line in enumerate(lines) if "· broker unreachable" in line)
        assert "Connection saved." in lines[rule - 2]
        assert lines[-2].endswith("…")  # cut where the terminal ends, no sooner


async def test_an_event_that_the_filter_hid_has_the_cursor_again() -> None:
    async with desk(samples.DEGRADED) as seated:
        await opened(seated)
        await seated.until_shown("showing 5 of 5")
        await seated.press("down")
        await seated.until_shown("─ insights · no leader")
        await seated.press("slash", *"kafka-2 reset", "enter")
        await seated.until_shown("showing 1 of 5")
        await seated.press("escape")
        await seated.until_shown("showing 5 of 5")
        assert "─ insights · no leader" in seated.text()


async def test_a_list_that_follows_does_so_after_a_filter() -> None:
    async with desk(samples.DEGRADED) as seated:
        await opened(seated)
        await seated.until_shown("14 times")
        await seated.press("slash", *"leader", "enter")
        await seated.until_shown("─ insights · no leader")
        await seated.press("escape")
        await seated.until_shown("14 times")
        assert "LIVE" in seated.text()


def test_the_order_is_that_of_the_time_shown_and_groups_of_one_second_do_not_dance() -> None:
    log = Log()
    began = samples.NOW - timedelta(hours=1)
    log.take([
        Event(1, samples.NOW, "error", "a", "old", None, "", count=9, first_at=began),
        Event(2, samples.NOW + timedelta(seconds=3), "error", "a", "late", None, "", count=2, first_at=began),
        Event(3, samples.NOW, "error", "a", "new", None, "", count=2, first_at=began + timedelta(seconds=1)),
    ])  # fmt: skip
    order = [one.subject for one in log.shown()]
    assert order == ["late", "new", "old"]
    log.take([Event(4, samples.NOW, "error", "a", "old", None, "", count=10, first_at=began)])
    assert [one.subject for one in log.shown()] == order


async def test_an_agent_that_cannot_be_asked_leaves_what_its_last_snapshot_told() -> None:
    agent = Counting(samples.DEGRADED)
    async with desk(samples.DEGRADED, agent=agent) as seated:
        agent.down = AgentUnavailableError("nobody listens")
        await seated.until_shown("STALE")
        await seated.press("3")
        await seated.until_shown("showing 5, the newest that were told")
        assert agent.times == 0
        assert "Nothing has happened" not in seated.text()
        assert "LIVE" not in seated.text()
        agent.down = None
        await seated.until_shown("showing 5 of 5")


def test_a_row_leaves_out_the_subject_that_stands_beside_its_text() -> None:
    one = event(1, text="kafka-1:9093: It broke.")
    assert plain(drawing.row(one, Space(), None)).count("kafka-1:9093") == 1
    assert "kafka-1:9093" not in plain(drawing.row(replace(one, subject=""), Space(), None))[:30]


def test_raw_text_has_the_rows_that_are_left_and_a_cut_is_marked() -> None:
    one = replace(event(1), raw="word " * 500)
    lines = [plain(line) for line in drawing.details(one, Space(), 80, rows=9)]
    assert len(lines) == 9
    assert lines[-1].endswith("…")
    assert all(len(line) < 80 for line in lines)


def test_an_explanation_that_does_not_fit_is_marked_as_cut() -> None:
    one = replace(event(1, text="It broke. " * 20), fix="Look at it. " * 20)
    lines = [plain(line) for line in drawing.details(one, Space(), 80, rows=6)]
    assert len(lines) == 6
    assert lines[-1].endswith("…")
    assert all(len(line) < 80 for line in lines)


def test_what_agents_write_is_explained() -> None:
    source = " ".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    codes = set(re.findall(r'Occurrence\(\s*(?:level=)?"(?:info|warning|error)",\s*(?:code=)?"([a-z_]+)"', source))
    codes |= {code.value for code in Code} - {"other"}
    assert len(codes) > 30
    assert [code for code in sorted(codes) if not meaning(replace(event(1), code=code))] == []


async def test_copying_an_event_copies_it_sanitised() -> None:
    async with desk(samples.HOSTILE_SNAPSHOT) as seated:
        await opened(seated)
        await seated.until_shown("showing 5 of 5")
        await seated.press("y")
        await seated.until_shown("Event copied")
        assert seated.app.clipboard.startswith("kafka-2:9093\n")
        assert seated.app.clipboard.replace("\n", "").isprintable()
