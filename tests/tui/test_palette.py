"""The palette: everything that can be done, found by typing, and nothing done by accident."""

import pytest
from textual import events
from textual.widgets import Input

from insights_tui.tui.screens.palette import Command, Palette, ranked
from insights_tui.tui.views.algorithms.view import AlgorithmsView
from tests.tui import samples
from tests.tui.driving import Desk, desk


def _command(title: str, words: str = "") -> Command:
    return Command(title, "", words, lambda: None)


async def _open(seated: Desk, key: str = "colon") -> None:
    await seated.press(key)
    await seated.until(lambda: isinstance(seated.app.screen, Palette) and seated.app.screen.focused, "the palette")


@pytest.mark.parametrize("view", "123456")
async def test_the_key_that_every_page_names_opens_it_and_closes_it(view: str) -> None:
    async with desk(samples.CONNECTED) as seated:
        await seated.press(view)
        assert "^p Palette" in seated.text()
        await _open(seated, "ctrl+p")
        await seated.press("ctrl+p")
        await seated.until(lambda: not isinstance(seated.app.screen, Palette), "the page")


async def test_an_act_is_a_row_with_its_key_before_it() -> None:
    async with desk(samples.CONNECTED, (60, 16)) as seated:
        await _open(seated)
        await seated.press(*"check the")
        await seated.until_shown("k      Check the connection")


async def test_what_is_chosen_is_done_and_the_cursor_stands_still() -> None:
    async with desk(samples.CONNECTED, (120, 40)) as seated:
        await _open(seated)
        assert not seated.app.screen.query_one(Input).cursor_blink
        await seated.press(*"view: deliv")
        await seated.until_shown("1 of ")
        await seated.press("enter")
        await seated.until_shown("Partitions ─")


async def test_the_arrows_choose_while_words_are_typed() -> None:
    async with desk(samples.CONNECTED) as seated:
        await _open(seated)
        await seated.press("down", "down", "down", "up", "enter")
        await seated.until_shown("LIVE")  # the third row is the view Events


async def test_keys_that_arrive_together_act_in_their_order() -> None:
    async with desk(samples.CONNECTED) as seated:
        await _open(seated)
        for key in ("v", "i", "e", "w", "down", "down", "enter"):
            seated.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await seated.until_shown("LIVE")  # the third of those whose name begins with it: Events


async def test_words_that_nothing_has_do_nothing() -> None:
    async with desk(samples.CONNECTED) as seated:
        await _open(seated)
        await seated.press(*"zzz")
        await seated.until_shown("Nothing here is called so.")
        await seated.press("enter")
        assert isinstance(seated.app.screen, Palette)
        await seated.press("escape")
        await seated.until(lambda: not isinstance(seated.app.screen, Palette), "the page")


@pytest.mark.parametrize("view", "12")
@pytest.mark.parametrize("key", ["slash", "colon"])
async def test_words_that_arrive_together_with_the_key_that_asks_for_them_act_nowhere(view: str, key: str) -> None:
    async with desk(samples.CONNECTED) as seated:
        await seated.press(view)
        for one in (key, "q", "t", "d"):
            seated.app.post_message(events.Key(one, one if len(one) == 1 else None))
        await seated.until(lambda: isinstance(seated.app.screen, Palette), "the palette")
        await seated.until_shown(" qtd")
        assert not seated.agent.tested


async def test_back_to_the_view_before() -> None:
    async with desk(samples.CONNECTED) as seated:
        await seated.press("3")
        await seated.until_shown("LIVE")
        await seated.press("6", "minus")
        await seated.until_shown("LIVE")
        await seated.press("minus")
        await seated.until(lambda: seated.app.screen.query_one(AlgorithmsView).display, "the view Algorithms")


def test_what_begins_with_the_words_comes_first() -> None:
    commands = [_command("Go back", "re-connects"), _command("Filter by reason"), _command("Redrive"), _command("Quit")]
    assert [one.title for one in ranked(commands, "re")] == ["Redrive", "Filter by reason", "Go back"]
    assert [one.title for one in ranked(commands, "REASON filter")] == ["Filter by reason"]
    assert ranked(commands, "  ") == tuple(commands)
