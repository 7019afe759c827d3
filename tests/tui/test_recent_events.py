"""The newest events on the page: what was yesterday does not look like today."""

from dataclasses import replace
from datetime import timedelta

from insights_tui.domain.trouble import Code
from insights_tui.tui.frame import Frame, Scene, Space
from insights_tui.tui.lines import plain
from insights_tui.tui.panels.funnel import Funnel
from insights_tui.tui.panels.recent_events import RecentEvents
from tests.tui.samples import CONNECTED, LOST


def test_an_event_of_another_day_has_its_date_and_the_rows_stay_in_line() -> None:
    newest, older = CONNECTED.events[:2]
    events = (newest, replace(older, at=older.at - timedelta(days=1)))
    scene = Scene(Frame(replace(CONNECTED, events=events)), Space(80, 24), 80)
    rows = [plain(line) for line in RecentEvents().lines(scene)]
    assert rows[0].startswith(f" {newest.at:%H:%M:%SZ}    ")
    assert rows[1].startswith(f" {events[1].at:%m-%d %H:%MZ} ")
    assert rows[0].index("info") == rows[1].index("info")


def test_what_is_lost_for_days_says_since_which() -> None:
    def since(days: int) -> str:
        problems = tuple(
            replace(each, since=each.since - timedelta(days=days)) if each.since and each.code is Code.LOST else each
            for each in LOST.problems
        )
        frame = Frame(replace(LOST, problems=problems))
        return plain(Funnel().lines(Scene(frame, Space(80, 24), 80))[2])

    began = next(each.since for each in LOST.problems if each.code is Code.LOST)
    assert began is not None
    assert f"since {began:%H:%M:%SZ}" in since(0)
    assert f"{began - timedelta(days=2):%m-%d %H:%MZ}" in since(2)
