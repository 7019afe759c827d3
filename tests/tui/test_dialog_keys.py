"""The last row of a dialog, and the classes of its size."""

import pytest
from textual.geometry import Size

from insights_tui.tui.breakpoints import classes
from insights_tui.tui.checking.screen import CheckScreen
from insights_tui.tui.connection_form.screen import ConnectionFormScreen
from insights_tui.tui.dialog_keys import DialogKeys
from insights_tui.tui.messages import FrameArrived
from tests.tui.driving import desk
from tests.tui.fake_agent import FakeAgent
from tests.tui.samples import CONNECTED

STEPS = [(0, "-small"), (10, "-big")]


@pytest.mark.parametrize(
    ("size", "said"),
    [((9, 9), "-small -small"), ((10, 9), "-big -small"), ((200, 60), "-big -big")],
)
def test_the_last_breakpoint_reached_counts(size: tuple[int, int], said: str) -> None:
    assert classes(Size(*size), STEPS, STEPS) == said
    assert classes(Size(*size), (), ()) == ""


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_form_has_the_classes_of_its_size_from_the_start(size: tuple[int, int]) -> None:
    async with desk(CONNECTED, size) as seated:
        form = ConnectionFormScreen(seated.agent, CONNECTED)
        early = set(form.classes)
        await seated.app.push_screen(form)
        await seated.until_shown("^s Connect")
        assert early
        assert early <= set(form.classes)


async def test_the_keys_of_a_dialog_are_named_and_can_be_clicked() -> None:
    async with desk(CONNECTED) as seated:
        await seated.press("k")
        await seated.until(lambda: isinstance(seated.app.screen, CheckScreen), "the check")
        await seated.until_shown("esc Close  r Check again  y Copy as text")
        assert await seated.pilot.click(DialogKeys, offset=(3, 0))
        await seated.until(lambda: not isinstance(seated.app.screen, CheckScreen), "the check is closed")


async def test_a_click_beside_the_keys_does_nothing() -> None:
    async with desk(CONNECTED) as seated:
        await seated.press("k")
        await seated.until_shown("esc Close")
        assert await seated.pilot.click(DialogKeys, offset=(70, 0))
        assert isinstance(seated.app.screen, CheckScreen)


async def test_news_meet_neither_a_half_built_form_nor_one_that_is_taken_down() -> None:
    async with desk(CONNECTED, agent=FakeAgent(CONNECTED)) as seated:
        app = seated.app

        def news() -> None:
            app.post_message(FrameArrived(app.frame, app.feed))

        pouring = app.set_interval(0.001, news)
        for _ in range(3):
            form = ConnectionFormScreen(seated.agent, CONNECTED)
            app.push_screen(form)  # not awaited: it is built while news come
            app.on_frame_arrived(FrameArrived(app.frame, app.feed))  # before anything of it is there
            await seated.until(lambda form=form: form.is_mounted, "the form")  # type: ignore[misc]  # its default
            await app.pop_screen()
        pouring.stop()
        await app.push_screen(ConnectionFormScreen(seated.agent, CONNECTED))
        await app.screen.query("#actions").remove()
        app._running = False  # as when it ends: what stands is taken down, part after part
        app.on_frame_arrived(FrameArrived(app.frame, app.feed))
        app._running = True
        await app.pop_screen()
