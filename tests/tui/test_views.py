"""Views behind number keys: one at a time, the others asleep."""

from dataclasses import replace

import pytest

from insights_tui.tui.panels.panel import Panel
from insights_tui.tui.screens.insights_screen import InsightsScreen
from insights_tui.tui.views.registry import VIEWS
from insights_tui.tui.views.view import View
from tests.tui import samples
from tests.tui.driving import SIZES, Desk, desk


def screen(seated: Desk) -> InsightsScreen:
    found = seated.app.screen
    assert isinstance(found, InsightsScreen)
    return found


async def open_view(seated: Desk, name: str) -> View:
    key = next(entry.key for entry in VIEWS if entry.name == name)
    await seated.press(key)
    await seated.until(lambda: name == screen(seated).view.NAME, f"the view {name} is shown")
    return screen(seated).view


async def test_every_digit_opens_its_view_and_no_other_stays() -> None:
    async with desk(samples.CONNECTED) as seated:
        for entry in VIEWS:
            view = await open_view(seated, entry.name)
            assert (entry.key, entry.title) == (view.KEY, view.TITLE)
            assert [one for one in seated.app.screen.query(View) if one.display] == [view]
            assert view.has_focus_within or view.has_focus


async def test_a_hidden_view_is_not_drawn() -> None:
    async with desk(samples.CONNECTED) as seated:
        insights = screen(seated).view
        await open_view(seated, "delivery")
        before = [panel.painted for panel in insights.query(Panel)]
        seated.agent.now = replace(samples.DEGRADED, as_of=samples.NOW)
        await seated.until_shown("DEGRADED")
        assert [panel.painted for panel in insights.query(Panel)] == before
        await seated.press("1")
        await seated.until_shown("6,310")


async def test_a_click_on_a_name_opens_the_view() -> None:
    async with desk(samples.CONNECTED, (120, 40), mouse=True) as seated:
        where = seated.lines()[1].index("2 Delivery")
        await seated.pilot.click(offset=(where + 3, 1))
        await seated.until(lambda: screen(seated).view.NAME == "delivery", "the view that was clicked")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", [entry.name for entry in VIEWS])
async def test_every_view_at_every_size_keeps_row_one_the_views_and_the_keys(name: str, size: tuple[int, int]) -> None:
    async with desk(samples.HOSTILE_SNAPSHOT, size) as seated:
        await open_view(seated, name)
        lines = seated.lines()
        entry = next(one for one in VIEWS if one.name == name)
        assert "DEGRADED" in lines[0]
        assert f"{entry.key} {entry.short or entry.title}"[:8] in lines[1]
        assert all(other.key in lines[1] for other in VIEWS)
        assert "Edit Connection" in lines[1]
        assert "q Quit" in lines[-1]
        assert seated.text().replace("\n", "").isprintable()


async def test_a_frozen_view_stands_still_whichever_it_is() -> None:
    async with desk(samples.CONNECTED) as seated:
        await open_view(seated, "delivery")
        await seated.press("space")
        await seated.until_shown("FROZEN")
        before = seated.lines()
        seated.agent.now = replace(samples.DEGRADED, as_of=samples.NOW)
        asked = len(seated.agent.asked)
        await seated.until(lambda: len(seated.agent.asked) > asked + 2, "two more ticks")
        assert seated.lines() == before
