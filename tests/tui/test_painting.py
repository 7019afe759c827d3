"""How much is painted: Textual repaints more than it must, and each whole screen is 20 kB on the wire."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.widgets import Input

from insights_tui.tui.app import InsightsApp
from insights_tui.tui.connection_form.screen import ConnectionFormScreen
from insights_tui.tui.messages import FrameArrived
from insights_tui.tui.theme import OURS
from insights_tui.tui.views.registry import VIEWS, Entry
from tests.tui.driving import Desk, desk
from tests.tui.fake_agent import FakeAgent
from tests.tui.samples import CONNECTED, NONE
from tests.tui_views.agents import AlgorithmsAgent


@contextmanager
def paintings(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> Iterator[list[float]]:
    """Collect the share of the screen that each painting covers."""
    shares: list[float] = []
    display = InsightsApp._display

    def watch(app: InsightsApp, screen: object, update: object) -> None:
        if isinstance(update, ChopsUpdate):
            shares.append(sum(right - left for _, left, right in update.spans) / (size[0] * size[1]))
        elif isinstance(update, LayoutUpdate):
            shares.append(update.region.area / (size[0] * size[1]))
        display(app, screen, update)  # type: ignore[arg-type]  # passed on as they come

    with monkeypatch.context() as patched:
        patched.setattr(InsightsApp, "_display", watch)
        yield shares


async def painted(seated: Desk, shares: list[float], key: str) -> float:
    """Press a key, wait until all that follows is painted, and give the share of the screen that was."""
    shares.clear()
    await seated.press(key)
    return await settled(seated, shares, key)


async def settled(seated: Desk, shares: list[float], after: str) -> float:
    await seated.until(lambda: shares, f"a painting after {after}")
    still = 0
    while still < 10:
        before, screen = len(shares), seated.app.screen
        await seated.pilot.pause(0.03)
        waits = screen._layout_required or screen._repaint_required or screen._dirty_widgets
        still = 0 if waits or len(shares) != before else still + 1
    return sum(shares)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_another_view_is_painted_once(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    with paintings(monkeypatch, size) as shares:
        async with desk(CONNECTED, size) as seated:
            seated.app.feed._interval_s = 3600.0  # a tick between two layouts would be painted too
            for key in ("2", "1"):  # both are built and laid out
                await painted(seated, shares, key)
            for key in ("2", "1"):
                assert await painted(seated, shares, key) < 1.1, shares


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_a_second_in_which_little_happens_paints_little(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], view: Entry
) -> None:
    agent = AlgorithmsAgent(CONNECTED)
    with paintings(monkeypatch, size) as shares:
        async with desk(agent.now, size, agent=agent) as seated:
            seated.app.feed._interval_s = 3600.0
            if view.name != VIEWS[0].name:
                await painted(seated, shares, view.key)
            for seconds in (1, 2):
                shares.clear()
                later = replace(agent.now, as_of=agent.now.as_of + timedelta(seconds=seconds))
                seated.app.post_message(FrameArrived(replace(seated.app.frame, snapshot=later), seated.app.feed))
                share = await settled(seated, shares, "a second")
            assert share < 0.4, shares


async def test_a_move_of_the_focus_repaints_what_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with paintings(monkeypatch, (120, 40)) as shares:
        async with desk(NONE, (120, 40), agent=FakeAgent(NONE)) as seated:
            seated.app.feed._interval_s = 3600.0
            await seated.press("c")
            await seated.until(lambda: isinstance(seated.app.screen, ConnectionFormScreen), "the form")
            await seated.until(lambda: isinstance(seated.app.focused, Input), "a field with the focus")
            await painted(seated, shares, "x")
            assert await painted(seated, shares, "tab") < 0.5, shares


async def test_every_theme_is_found_whoever_made_it() -> None:
    async with desk(CONNECTED) as seated:
        for name in (*OURS, "nord"):
            found = seated.app.get_theme(name)
            assert found is not None
            assert found.name == name
        assert seated.app.get_theme("none") is None
