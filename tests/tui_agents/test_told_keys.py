"""Keys that the settings have moved are told as they are now, wherever the page names them."""

import pytest

from insights_tui.tui.app import InsightsApp
from insights_tui.tui.keymap import acts
from insights_tui.tui.screens.insights_screen import InsightsScreen
from insights_tui.tui.told_keys import Told, spelt
from insights_tui.tui.views.lost.view import LostView
from tests.tui.driving import desk
from tests.tui.samples import CONNECTED

OWNERS = (InsightsScreen, InsightsApp)


@pytest.mark.parametrize(
    ("key", "spelling"),
    [("question_mark", "?"), ("escape", "esc"), ("ctrl+p", "^p"), ("f5", "f5"), ("space", "space"), ("G", "G")],
)
def test_keys_are_spelt_as_people_do(key: str, spelling: str) -> None:
    assert spelt(key) == spelling


def test_a_moved_key_is_told_and_every_other_stays() -> None:
    told = Told({"insights.freeze": "f", "insights.help": "f1,question_mark", "lost.drop": "X"}, (LostView, *OWNERS))
    assert [told(key) for key in ("space", "?", "del", "c", "q", "^p", "1")] == ["f", "f1", "X", "c", "q", "^p", "1"]


def test_the_act_that_is_nearest_to_the_focus_is_meant() -> None:
    moved = {"insights.clear": "z", "lost.clear": "w"}
    assert Told(moved, (LostView, *OWNERS))("escape") == "w"
    assert Told(moved, OWNERS)("escape") == "z"


def test_nothing_moved_is_told_as_it_came() -> None:
    assert Told({}, OWNERS)("space") == "space"


async def test_the_rows_the_help_and_the_palette_name_the_keys_of_now() -> None:
    keys = {"insights.freeze": "f", "view.events": "e", "app.quit": "Q", "insights.test": "f6"}
    async with desk(CONNECTED, (120, 40), keys=keys) as seated:
        await seated.until_shown("f Freeze")
        lines = seated.lines()
        assert "Q Quit" in lines[-1]
        assert "f6 Test" in lines[-1]
        assert "e Events" in lines[1]
        assert "2 Delivery" in lines[1]
        await seated.press("e")
        await seated.until_shown("LIVE")
        page = seated.app.screen_stack[0]
        assert isinstance(page, InsightsScreen)
        assert "f6" in {command.key for command in page.commands()}
        await seated.press("question_mark")
        await seated.until_shown("f      freeze the view")
        assert "f6     send one test" in seated.text()
        await seated.press("escape")
        await seated.press("f")
        await seated.until_shown("FROZEN")
        assert "f Resume" in seated.lines()[-1]


def test_every_act_whose_key_can_be_moved_has_an_id_of_its_own() -> None:
    assert {"app.suspend", "insights.agents"} <= {act.id for act in acts()}


@pytest.mark.parametrize("rows", [24, 38, 40, 42, 44, 60])
async def test_the_last_line_of_the_help_can_be_reached(rows: int) -> None:
    async with desk(CONNECTED, (120, rows)) as seated:
        await seated.press("question_mark")
        await seated.until_shown("Keys of every view")
        await seated.press("end")
        await seated.until_shown("no news from the agent")
