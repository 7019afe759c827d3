"""The view Lost: what is listed, what an act says before it is done, and what never reaches the terminal."""

import errno
import stat
import unicodedata
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from insights_tui.domain.answers import LostPayload
from insights_tui.domain.lost import EXPIRED, LostFilter
from insights_tui.domain.outcome import Outcome, Refusal
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.tui.frame import Space
from insights_tui.tui.rows import Rows
from insights_tui.tui.views.lost.drawing import row
from insights_tui.tui.views.lost.filters import parse_filter
from tests.tui.driving import Desk, desk
from tests.tui.samples import AUTH_FAILED, CONNECTED, HOSTILE, HOSTILE_SNAPSHOT, NONE, NOW
from tests.tui_views.agents import MEGABYTE, ViewsAgent, hostile_payload, lost_payload, snapshot_of

SIZES = ((80, 24), (120, 40), (200, 60))


def an_agent(count: int = 40) -> ViewsAgent:
    lost = [lost_payload(seq) for seq in range(1, count + 1)]
    return ViewsAgent(snapshot_of(lost), lost)


def listed(seated: Desk) -> list[str]:
    return [line for line in seated.lines() if "Z  " in line and ("expired" in line or "rejected" in line)]


async def opened(seated: Desk) -> None:
    await seated.press("5")
    await seated.until_shown("in topic")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_newest_come_first_and_no_value_is_shown(size: tuple[int, int]) -> None:
    agent = an_agent()
    async with desk(agent.now, size, agent=agent) as seated:
        assert "5 Lost 40" in seated.lines()[1]
        await opened(seated)
        rows = listed(seated)
        newest = max(agent.kept, key=lambda one: one.seq)
        assert newest.id[-8:] in rows[0]
        assert (newest.id in rows[0]) == (size[0] >= 160)
        assert newest.id in seated.text()
        assert "risk_score" not in seated.text()
        assert "40 lost payloads open" in seated.text()
        assert all(len(line) <= size[0] for line in seated.lines())


async def test_pages_are_loaded_as_the_cursor_nears_their_end() -> None:
    agent = an_agent(250)
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        assert "the newest 100 listed" in seated.text()
        assert agent.pages == [(LostFilter(), 0)]
        await seated.press("end")
        await seated.until_shown("the newest 200 listed")
        await seated.press("end")
        await seated.until(lambda: "listed" not in seated.text(), "the last page has come")
        assert [before for _, before in agent.pages] == [0, 151, 51]


async def test_what_is_lost_meanwhile_waits_until_it_is_asked_for() -> None:
    agent = an_agent(20)
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        await seated.press("down", "down")
        before = listed(seated)
        agent.kept += [lost_payload(seq) for seq in range(21, 24)]
        agent.now = snapshot_of(agent.kept)
        await seated.until_shown("3 more since: u lists them")
        assert listed(seated) == before
        await seated.press("u")
        await seated.until(lambda: len(listed(seated)) > 0 and listed(seated) != before, "the new ones are listed")
        assert "more since" not in seated.text()


async def test_a_filter_is_typed_in_one_line() -> None:
    agent = an_agent()
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        await seated.press("slash", *"rejected", "enter")
        await seated.until_shown("4 found")
        assert "filter: rejected" in seated.text()
        assert all("rejected" in line for line in listed(seated))
        await seated.press("escape")
        await seated.until(lambda: "filter:" not in seated.text(), "the filter is taken away")
        one = agent.kept[7]
        await seated.press("slash", *one.id[-8:], "enter")
        await seated.until_shown("1 found")
        await seated.press("slash", *"nonsense", "enter")
        await seated.until_shown("No lost payload fits this filter.")
        await seated.press("slash", "space", *"a", "enter")
        await seated.until_shown("One part of an id at a time")
        await seated.press("escape", "escape", "f")
        await seated.until_shown("filter: expired unsent or expired unknown")
        assert agent.pages[-1] == (LostFilter(reasons=EXPIRED), 0)


@pytest.mark.parametrize(
    ("typed", "reasons"),
    [
        ("unsent", {Outcome.EXPIRED_UNSENT}),
        ("expired unknown", {Outcome.EXPIRED_UNKNOWN}),
        ("Expired Unsent rejected", {Outcome.EXPIRED_UNSENT, Outcome.REJECTED}),
        ("expired", EXPIRED),
    ],
)
def test_a_reason_is_typed_as_the_list_writes_it(typed: str, reasons: set[Outcome]) -> None:
    assert parse_filter(typed, NOW) == LostFilter(reasons=frozenset(reasons))


async def test_a_value_is_shown_when_it_is_asked_for_one_at_a_time() -> None:
    agent = an_agent()
    async with desk(agent.now, (120, 40), agent=agent) as seated:
        await opened(seated)
        await seated.press("enter")
        await seated.until_shown("hidden; v shows it")
        assert "risk_score" not in seated.text()
        await seated.press("v")
        await seated.until_shown("risk_score: 0.2")
        await seated.press("v")
        await seated.until(lambda: "risk_score" not in seated.text(), "it is hidden again")
        await seated.press("escape", "enter")
        await seated.until_shown("hidden; v shows it")


async def test_a_redrive_says_first_what_it_takes_what_it_leaves_and_what_is_in_doubt() -> None:
    agent = an_agent()
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        await seated.press("r")
        await seated.until_shown("Redrive 35 lost payloads?")
        said = " ".join(seated.text().split())
        for words in (
            "(31 expired unsent, 4 expired unknown)",
            "for the topic insights, with the same id and a new deadline",
            "may be in the topic already",
            "5 other ones are left: rejected, or acknowledged late",
        ):
            assert words in said
        await seated.press("enter")  # the focus is on Cancel
        await seated.until(lambda: "Redrive 35" not in seated.text(), "it is refused")
        assert not agent.acts
        await seated.press("r")
        await seated.until_shown("Redrive 35 lost payloads?")
        await seated.press("right", "enter")
        await seated.until_shown("35 payloads redriven; 5 lost payloads open.")
        assert agent.acts == [("redrive", LostFilter(), False)]
        await seated.until(lambda: len(listed(seated)) == 5, "the list is loaded again")


async def test_marked_ones_are_taken_whatever_they_are() -> None:
    agent = an_agent()
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        await seated.press("home", "down", "m", "m")
        await seated.until_shown("2 marked")
        ids = frozenset(one.id for one in agent.kept if one.seq in (39, 38))
        await seated.press("r")
        await seated.until_shown("Redrive 2 lost payloads?")
        await seated.press("right", "enter")
        await seated.until_shown("2 payloads redriven")
        assert agent.acts == [("redrive", LostFilter(ids=ids), False)]
        assert "marked" not in seated.text()


async def test_dropping_everything_says_so_and_closes_those_without_a_value_too() -> None:
    agent = an_agent(12)
    agent.now = replace(agent.now, lost_open=15)
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        await seated.press("delete")
        await seated.until_shown("Drop 12 lost payloads for good?")
        assert "3 lost payloads whose value is gone already are closed." in " ".join(seated.text().split())
        await seated.press("right", "enter")
        await seated.until_shown("12 lost payloads dropped; none is open any more.")
        assert agent.acts == [("drop", LostFilter(), True)]
        await seated.until_shown("All 12 payloads that were lost have been dealt with.")
        assert "0 sent again, 12 dropped" in seated.text()


@pytest.mark.parametrize("key", ["d", "D"])
async def test_the_key_that_deletes_the_connection_elsewhere_does_nothing_here(key: str) -> None:
    agent = an_agent(3)
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        await seated.press(key)
        await seated.until_shown("Here del drops lost payloads")
        assert "Cancel" not in seated.text()
        assert not agent.acts


async def test_what_cannot_be_read_is_dropped_by_its_reason_though_no_list_shows_it() -> None:
    agent = an_agent(5)
    agent.now = replace(agent.now, lost_open=9, counts=replace(agent.now.counts, damaged=4))
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        await seated.press("f", "f", "f")
        await seated.until_shown("4 payloads could not be read back from disk")
        await seated.press("delete")
        await seated.until_shown("Drop 4 lost payloads for good?")
        assert "4 lost payloads whose value is gone already are closed." in " ".join(seated.text().split())
        await seated.press("right", "enter")
        await seated.until(lambda: bool(agent.acts), "it is dropped")
        assert agent.acts == [("drop", LostFilter(reasons=frozenset({Outcome.DAMAGED})), False)]


@pytest.mark.parametrize(
    ("width", "why", "shown"),
    [
        (80, "The deadline passed (never sent). No broker can be reached.", "No broker can be reached"),
        (80, "The deadline passed (never sent).", "The deadline passed (never sent)"),
        (80, "Broker 2 at kafka-2:9093 refuses a payload as too large.", "refuses a payload as too large"),
        (120, "Broker 2 at kafka-2:9093 refuses a payload as too large.", "Broker 2 at kafka-2:9093 refuses a payload"),
    ],
)
def test_where_room_is_scarce_the_row_says_what_its_reason_does_not(width: int, why: str, shown: str) -> None:
    line = row(lost_payload(1, why=why), Space(width, 24), as_of=NOW, today=True, marked=False)
    assert line[-1][0].startswith(shown)


async def test_one_is_dealt_with_from_its_details() -> None:
    agent = an_agent(10)
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        await seated.press("home", "enter")
        await seated.until_shown("hidden; v shows it")
        await seated.press("delete")
        await seated.until_shown("Drop 1 lost payload for good?")
        await seated.press("right", "enter")
        await seated.until_shown("1 lost payload dropped")
        assert agent.acts == [("drop", LostFilter(ids=frozenset({lost_payload(10).id})), False)]


async def test_an_export_is_a_file_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    agent = an_agent(450)
    async with desk(agent.now, (200, 60), agent=agent) as seated:
        await opened(seated)
        await seated.press("x")
        await seated.until_shown("450 lost payloads exported with values to")
        text = seated.text()
    (path,) = list(tmp_path.iterdir())  # noqa: ASYNC240 - a test
    assert str(path) in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = path.read_bytes().splitlines()
    assert len(lines) == 450
    assert msgspec.json.decode(lines[0], type=LostPayload).value


async def test_an_export_that_finds_no_room_says_where_and_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_given: object, **_named: object) -> tuple[Path, int]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("insights_tui.tui.views.lost.acts.export", full)
    monkeypatch.setenv("HOME", "/srv/ops")
    agent = an_agent(5)
    async with desk(agent.now, (120, 40), agent=agent) as seated:
        await opened(seated)
        await seated.press("x")
        await seated.until_shown("Nothing was exported.")
        said = " ".join(seated.text().split())
        assert "No file can be written in /srv/ops: no space left on device." in said
        assert "Elsewhere: insights-tui lost export > FILE." in said
        assert "Errno" not in said


async def test_a_refusal_is_told_and_can_be_tried_again() -> None:
    agent = an_agent()
    agent.refusal = RefusedError((FieldError("x", "The spool is busy.", "Wait."),), status=503)
    async with desk(agent.now, agent=agent) as seated:
        await seated.press("5")
        await seated.until_shown("The spool is busy. Wait.")
        agent.refusal = None
        await seated.press("u")
        await seated.until_shown("in topic")


@pytest.mark.parametrize("base", [CONNECTED, NONE])
async def test_nothing_lost_says_so(base: object) -> None:
    agent = ViewsAgent(base)  # type: ignore[arg-type]  # either is a snapshot
    async with desk(agent.now, agent=agent) as seated:
        await seated.press("5")
        await seated.until_shown("Nothing is lost.")
        await seated.press("r")
        await seated.until_shown("No lost payload to redrive")
        await seated.press("delete")
        await seated.until_shown("No lost payload to drop.")


async def test_what_waits_is_told_where_nothing_is_lost_yet() -> None:
    agent = ViewsAgent(AUTH_FAILED)
    async with desk(agent.now, agent=agent) as seated:
        await seated.press("5")
        await seated.until_shown("18,204 payloads wait; the first is lost in 55 s unless it is delivered.")


async def test_the_row_under_the_cursor_is_told_in_full_below_the_list() -> None:
    agent = an_agent()
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        below = seated.lines()[-4:-1]
        assert agent.kept[-1].id in below[0]
        assert "cannot be reached: TCP connect timed out after 5 s." in below[1]
        await seated.press("down")
        await seated.until_shown(agent.kept[-2].id)


async def test_a_number_that_does_not_fit_is_left_out() -> None:
    agent = an_agent(250)
    agent.now = replace(agent.now, counts=replace(agent.now.counts, rejected=10))
    for columns in (80, 120):
        async with desk(agent.now, (columns, 40), agent=agent) as seated:
            await opened(seated)
            assert ("of 260 in all: 0 sent again, 10 dropped" in seated.text()) == (columns == 120)
            assert ("of 260" in seated.text()) == (columns == 120)


async def test_while_the_filter_is_typed_the_last_row_names_its_keys_alone() -> None:
    agent = an_agent()
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        assert "Redrive" in seated.lines()[-1]
        await seated.press("slash")
        await seated.until(lambda: seated.lines()[-1].split()[:4] == ["enter", "Filter", "esc", "Close"], "its keys")
        assert "Quit" not in seated.lines()[-1]
        await seated.press("escape")
        await seated.until(lambda: "Redrive" in seated.lines()[-1], "the keys of the view")


@pytest.mark.parametrize("size", [(50, 14), *SIZES], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_no_foreign_text_reaches_the_terminal_raw(size: tuple[int, int], ascii_only: bool) -> None:
    agent = ViewsAgent(replace(HOSTILE_SNAPSHOT, lost_open=9), [hostile_payload(seq) for seq in range(1, 10)])
    agent.values = {HOSTILE: MEGABYTE, MEGABYTE: HOSTILE}
    async with desk(agent.now, size, agent=agent, ascii_only=ascii_only) as seated:
        await seated.press("5")
        await seated.until(lambda: seated.app.query_one(Rows).chosen is not None, "the list is there")
        for keys in ((), ("enter",), ("v",), ("escape", "r")):
            await seated.press(*keys)
            await seated.pilot.pause()
            shown = seated.text().replace("\n", "")
            assert not ascii_only or shown.isascii()
            assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Zl", "Zp"}


async def test_a_hidden_view_asks_nothing() -> None:
    agent = an_agent()
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        await seated.press("1")
        asked = len(agent.pages)
        agent.now = snapshot_of([*agent.kept, lost_payload(99)])
        await seated.until_shown("5 Lost 41")
        assert len(agent.pages) == asked


def test_what_may_be_in_the_topic_is_told_for_each_kind() -> None:
    from insights_tui.tui.views.lost.drawing import fields, in_topic

    told = {reason: in_topic(lost_payload(1, reason=reason)) for reason in Outcome if reason.lost}
    assert told == {
        Outcome.REJECTED: "no",
        Outcome.EXPIRED_UNSENT: "no",
        Outcome.EXPIRED_UNKNOWN: "maybe",
        Outcome.DAMAGED: "maybe",
    }
    late = lost_payload(1, late_ack=True)
    assert in_topic(late) == "yes"
    assert ("In the topic", "yes: Kafka acknowledged it after its deadline") in fields(late)


async def test_what_is_refused_is_said_not_to_be_lost() -> None:
    refusing = replace(AUTH_FAILED, refusing=Refusal.QUEUE_FULL)
    async with desk(refusing, agent=ViewsAgent(refusing)) as seated:
        await seated.press("5")
        await seated.until_shown("its sender knows.")
