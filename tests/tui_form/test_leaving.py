"""Escape, questions, and what they must not lose."""

import asyncio

import pytest
from textual.screen import Screen
from textual.widgets import Button

from insights_tui.tui.connection_form.actions import Actions, Mode
from insights_tui.tui.connection_form.words import Field
from tests.tui_form.filling import UNREACHABLE, fill_plain, mode, refused
from tests.tui_form.host import FakeAgent, Host, focused, snapshot_of, text, type_in, until


async def test_connecting_says_so_is_asked_once_and_escape_stops_it() -> None:
    agent = FakeAgent()
    agent.hold = asyncio.Event()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: mode(app) is Mode.CONNECTING)
        assert "Connecting…" in text(app)
        assert focused(app) == "stop"
        await pilot.press("ctrl+s", "x")
        assert len(agent.calls) == 1
        await pilot.press("escape")
        await until(pilot, lambda: agent.cancelled)
        await until(pilot, lambda: mode(app) is Mode.EDIT)
        assert "Stopped waiting." in text(app)
        assert "Connecting…" not in text(app)
        assert app.form.query_one(f"#{Field.TOPIC}").is_attached
        agent.hold = None
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)


async def test_escape_leaves_an_untouched_form_and_asks_about_a_changed_one() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await type_in(pilot, "in")
        await pilot.press("escape")
        assert "Leave without saving?" in text(app)
        assert focused(app) == "keep"
        await pilot.press("ctrl+s", "escape")
        assert "Leave without saving?" not in text(app)
        assert app.given == []
        await pilot.press("escape", "right", "enter")
        await until(pilot, lambda: app.given == [None])

    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("escape")
        await until(pilot, lambda: app.given == [None])


async def test_keeping_editing_goes_back_to_the_field() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("escape", "enter")
        assert focused(app) == Field.SERVERS


async def test_an_answer_under_another_screen_waits_until_that_is_gone() -> None:
    agent = FakeAgent()
    agent.hold = asyncio.Event()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: agent.calls)
        top: Screen[None] = Screen()
        await app.push_screen(top)
        agent.hold.set()
        await until(pilot, lambda: agent.saved is not None)
        await pilot.pause()
        assert app.screen is top
        assert app.given == []
        await app.pop_screen()
        await until(pilot, lambda: app.given == [agent.saved])
        assert app.screen is app.screen_stack[0]


async def test_buttons_that_do_harm_never_have_the_focus_first() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        actions = app.form.query_one(Actions)
        for one, safe in ((Mode.ASK_DISCARD, "keep"), (Mode.ASK_SKIP, "back"), (Mode.CONNECTING, "stop")):
            actions.set_mode(one)
            actions.focus_first()
            await pilot.pause()
            assert focused(app) == safe
            assert app.form.query_one(f"#{safe}", Button).display


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)])
async def test_questions_are_read_to_their_end(size: tuple[int, int]) -> None:
    agent = FakeAgent()
    agent.answers = [refused(UNREACHABLE)]
    app = Host(agent, snapshot_of())
    async with app.run_test(size=size) as pilot:
        await fill_plain(pilot)
        await pilot.press("escape")
        assert "forgotten." in text(app)
        await pilot.press("escape", "ctrl+s")
        await until(pilot, lambda: mode(app) is Mode.REFUSED)
        await pilot.press("right", "right", "enter")
        assert "deadline passes." in " ".join(text(app).split())
        assert "Save unchecked" in text(app)
