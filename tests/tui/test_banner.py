"""The banner in three rows: what, since when, what it does, how long until a loss, the next act and its key."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from insights_tui.domain.snapshot import Snapshot, State
from insights_tui.domain.trouble import Code
from insights_tui.tui.frame import Frame, Scene, Space
from insights_tui.tui.lines import plain, width
from insights_tui.tui.notices import problems
from insights_tui.tui.panels.banner import Banner
from insights_tui.tui.told_keys import Told
from tests.tui import samples

FAILED = samples.AUTH_FAILED


def drawn(frame: Frame, columns: int = 80, rows: int = 24) -> list[str]:
    lines = Banner().lines(Scene(frame, Space(columns, rows), columns))
    assert all(width(line) <= columns for line in lines)
    return ["".join(part for part, _ in line).rstrip() for line in lines]


def changed(**problem: Any) -> Snapshot:
    return replace(FAILED, problems=(replace(FAILED.problems[0], **problem),))


def test_three_rows_at_80_columns_hold_all_five_answers() -> None:
    what, middle, act = drawn(Frame(changed(what="It is refused.", act="Mend it.")))
    assert what.endswith("It is refused.")
    assert "since 12:" in middle
    assert "Nothing is delivered." in middle
    assert "next loss in 55 s" in middle
    assert "Mend it." in act
    assert act.endswith("c Edit Connection")


@pytest.mark.parametrize("columns", [50, 60, 70, 80, 100])
def test_neither_since_when_nor_the_next_loss_is_ever_cut(columns: int) -> None:
    rows = drawn(Frame(changed(what="w" * 300, effect="e" * 90, act="a" * 300)), columns)
    assert len(rows) == 3
    assert ("since 12:01:26Z" if columns >= 60 else " 12:01:26Z") in " ".join(rows)  # a tiny page spares the word
    assert "next loss in 55 s" in rows[1]
    assert rows[2].endswith("c Edit Connection" if columns < 60 else "c Edit Connection  p Whole")


def test_what_began_on_another_day_names_the_day() -> None:
    rows = drawn(Frame(changed(since=FAILED.as_of - timedelta(days=2))))
    assert "since 2026-11-20 12:" in rows[1]


def test_a_certificate_that_the_connection_cannot_mend_leads_to_the_check() -> None:
    assert drawn(Frame(changed(code=Code.TLS_FAILED, about=None)))[2].endswith("k Check")
    assert drawn(Frame(changed(code=Code.TLS_FAILED, about="ca")))[2].endswith("c Edit Connection")


def test_the_next_attempt_is_told_where_it_takes_no_word_of_the_act_away() -> None:
    soon = replace(changed(act="Mend it."), next_attempt_in_s=12.4)
    assert "again in 12 s   c Edit Connection" in drawn(Frame(soon))[2]
    assert "again in" not in drawn(Frame(replace(changed(act="a b " * 17), next_attempt_in_s=12.4)))[2]
    assert "again in" not in drawn(Frame(replace(changed(code=Code.NOT_AUTHORIZED), next_attempt_in_s=3.0)))[2]


def test_an_agent_that_says_nothing_stops_no_deadline() -> None:
    silent = Frame(FAILED, stale_s=20.0, error="Nobody listens.", hint="Start it.")
    what, middle, act = drawn(silent)
    assert "Nobody listens." in what
    assert "since 12:" in middle
    assert "next loss in 35 s" in middle
    assert "Start it." in act
    assert "some may be lost" in drawn(replace(silent, stale_s=56.0))[1]
    assert sum(bool(notice.endings) for notice in problems(silent)) == 1


def test_moved_keys_are_named_as_they_are_and_read_only_offers_none_that_changes_something() -> None:
    banner = Banner()
    banner.told = {"c": "E", "p": "P"}.get  # type: ignore[assignment]  # every key of this banner is in it
    lines = banner.lines(Scene(Frame(FAILED), Space(80, 24), 80))
    assert ("E", "accent") in lines[-1]
    assert not any("Edit Connection" in row for row in drawn(Frame(FAILED, read_only=True)))


def test_the_keys_that_redrive_and_drop_are_named_as_they_are_now() -> None:
    lost = replace(samples.LOST, state=State.CONNECTED, next_loss_s=None)
    what, middle, act = drawn(Frame(lost))
    assert "212 payloads are lost, neither redriven nor dropped." in what
    assert "They are not in the topic, or may not be." in middle
    assert act.endswith("Send them again, or drop them.  5 Lost, then r Redrive, del Drop")
    told = Told({"lost.redrive": "R,f5", "lost.drop": "ctrl+x"})
    lines = Banner().lines(Scene(Frame(lost), Space(80, 24, told=told), 80))
    assert plain(lines[-1]).endswith("5 Lost, then R Redrive, ^x Drop")
    assert "Redrive" not in drawn(Frame(lost, read_only=True))[-1]


def test_the_key_of_the_view_that_is_shown_is_not_offered_there() -> None:
    banner = Banner()
    banner.view = "Lost"
    last = plain(banner.lines(Scene(Frame(replace(samples.LOST, state=State.CONNECTED)), Space(80, 24), 80))[-1])
    assert last.endswith("drop them.  r Redrive, del Drop")


def test_what_is_lost_right_now_is_no_countdown_at_0() -> None:
    assert "next loss now" in drawn(Frame(samples.LOST))[1]


def test_what_is_cut_names_the_key_that_shows_it_whole() -> None:
    assert drawn(Frame(changed(what="w " * 60)))[2].endswith("c Edit Connection  p Whole")
    assert "Whole" not in "".join(drawn(Frame(changed(what="It is refused."))))


def test_where_payloads_are_lost_because_nothing_is_delivered_the_cause_is_what_to_mend() -> None:
    row = drawn(Frame(samples.LOST))[-1]
    assert "First: Correct the user name or the password." in row
    assert "c Edit Connection" in row
    part = replace(samples.LOST, state=State.DEGRADED)  # some brokers take payloads: they can be sent again
    assert "r Redrive" in drawn(Frame(part))[-1]
    gone = replace(samples.LOST, problems=samples.LOST.problems[:1])
    assert "5 Lost" in drawn(Frame(gone))[-1]
