"""The view Algorithms: what is listed, what turning one off says first, and that it asks only while it is shown."""

import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from insights_tui.domain.algorithms import SeenMetric, Which
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.tui.frame import Frame, Space
from insights_tui.tui.glyphs import ASCII, UNICODE
from insights_tui.tui.styles_path import style
from insights_tui.tui.theme import DARK
from insights_tui.tui.views.algorithms.view import EVERY_S, AlgorithmsView
from insights_tui.tui.views.view import View
from tests.tui.driving import Desk
from tests.tui.samples import CONNECTED, HOSTILE, HOSTILE_SNAPSHOT, NOW
from tests.tui_views.agents import ALGORITHMS, MEGABYTE, AlgorithmsAgent, an_algorithm

SIZES = ((80, 24), (120, 40), (200, 60))


class Host(App[None]):
    """The view alone, with a clock that a test moves."""

    def __init__(self, agent: AlgorithmsAgent, *, ascii_only: bool) -> None:
        super().__init__(css_path=[style(name) for name in ("tokens", "dialogs", "algorithms")])
        self.register_theme(DARK)
        self.theme = DARK.name
        self.agent, self.glyphs, self.now, self.said = agent, ASCII if ascii_only else UNICODE, 100.0, ""

    def compose(self) -> ComposeResult:
        yield AlgorithmsView(self.agent, monotonic=lambda: self.now)

    def on_view_said(self, message: View.Said) -> None:
        self.said = message.words

    @property
    def view(self) -> AlgorithmsView:
        return self.screen_stack[0].query_one(AlgorithmsView)

    def tick(self, snapshot: Snapshot | None = None) -> None:
        frame = Frame(snapshot=snapshot or self.agent.now)
        self.view.show(frame, Space(self.size.width, self.size.height, self.glyphs))


class Seat(Desk):
    def __init__(self, app: Host, agent: AlgorithmsAgent, pilot: Pilot[None]) -> None:
        super().__init__(app, agent, pilot)  # type: ignore[arg-type]  # the view's host stands for the interface
        self.host, self.knows = app, agent


@asynccontextmanager
async def seat(
    agent: AlgorithmsAgent, size: tuple[int, int] = (80, 24), *, ascii_only: bool = False
) -> AsyncIterator[Seat]:
    app = Host(agent, ascii_only=ascii_only)
    async with app.run_test(size=size) as pilot:
        app.view.on_view_shown()
        app.tick()
        app.view.focus_first()
        yield Seat(app, agent, pilot)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_each_version_is_a_line_in_order_of_names(size: tuple[int, int]) -> None:
    async with seat(AlgorithmsAgent(CONNECTED), size) as seated:
        await seated.until_shown("5 versions of algorithms")
        assert "1 off, 4,100 not taken in" in seated.text()
        rows = [line for line in seated.lines() if "acme/" in line and "/s " in line]
        assert [row.split("acme/")[1].split()[0][:5] for row in rows] == ["cats_", "credi", "fraud", "fraud", "never"]
        assert "off" in rows[2]
        assert "410/s" in rows[3]
        assert "1,204,331" in rows[3]
        assert "never" in rows[4].split()[-1] or size[0] > 80
        assert all(len(line) <= size[0] for line in seated.lines())


async def test_words_choose_among_names_and_none_of_their_letters_acts() -> None:
    agent = AlgorithmsAgent(CONNECTED)
    async with seat(agent) as seated:
        await seated.until_shown("5 versions of algorithms")
        await seated.press("slash", *"FRAUD ac", "enter")
        await seated.until_shown("filter FRAUD ac   2 of 5")
        assert "cats_" not in seated.text()
        await seated.press("slash", *"oO", "enter")  # keys of acts on the list
        await seated.until_shown("No algorithm has these words in its name. esc shows all.")
        assert agent.switched == []
        await seated.press("escape")
        await seated.until_shown("5 versions of algorithms")
        assert "cats_" in seated.text()


async def test_turning_off_says_what_it_does_and_needs_a_yes() -> None:
    agent = AlgorithmsAgent(CONNECTED)
    async with seat(agent) as seated:
        await seated.until_shown("acme/cats")
        await seated.press("o")
        await seated.until_shown("Turn Insights off for acme/cats_in_image/0.3.1?")
        assert "answered 200, with accepted: 0" in seated.text()
        await seated.press("enter")
        await seated.until(lambda: "Turn Insights off" not in seated.text(), "it is refused")
        assert not agent.switched
        await seated.press("o")
        await seated.until_shown("Turn Insights off")
        await seated.press("right", "enter")
        await seated.until(lambda: "Insights is off for acme/cats_in_image/0.3.1" in seated.host.said, "it is told")
        assert agent.switched == [(Which("acme", "cats_in_image", "0.3.1"), False)]
        await seated.until_shown("2 off")


async def test_turning_on_asks_nothing_and_all_versions_are_one_switch() -> None:
    agent = AlgorithmsAgent(CONNECTED)
    async with seat(agent) as seated:
        await seated.until_shown("acme/cats")
        await seated.press("down", "down", "o")
        await seated.until(lambda: agent.switched == [(Which("acme", "fraud", "2.0.4"), True)], "it is on")
        await seated.until_shown("all on")
        await seated.press("O")
        await seated.until_shown("Turn Insights off for acme/fraud?")
        await seated.press("right", "enter")
        await seated.until(lambda: agent.switched[1:] == [(Which("acme", "fraud"), False)], "all versions are off")


async def test_the_metrics_of_one_have_their_range() -> None:
    async with seat(AlgorithmsAgent(CONNECTED), (120, 40)) as seated:
        await seated.until_shown("acme/cats")
        await seated.press("end", "up", "enter")
        await seated.until_shown("hidden; v shows it")
        line = next(line for line in seated.lines() if "risk_score" in line)
        assert line.split()[-5:] == ["risk_score", "0.2", "0.01", "0.99", "1,204,331"]
        assert "stopped coming" in seated.text()
        assert "on, by default" in seated.text()


async def test_the_latest_payload_is_hidden_until_it_is_asked_for() -> None:
    long = replace(ALGORITHMS[0], payload=None, payload_bytes=5210)
    async with seat(AlgorithmsAgent(CONNECTED, [long, *ALGORITHMS[3:]])) as seated:
        await seated.until_shown("acme/credit")
        await seated.press("enter")
        await seated.until_shown("Last payload   hidden; v shows it")
        assert "req-1" not in seated.text()
        await seated.press("v")
        await seated.until_shown('request_id: "req-1"')
        await seated.press("escape", "down", "enter")
        await seated.until_shown("5.1 KiB: too long to be kept here")
        assert "Show value" not in seated.text()
        await seated.press("v", "escape", "down", "enter")
        await seated.until_shown("none accepted yet")


async def test_names_that_differ_in_what_cannot_be_seen_are_told_apart() -> None:
    known = [an_algorithm(f"cats{odd}", "1") for odd in ("\x1b", "\x07", "\u202e", "\ufffd")]
    async with seat(AlgorithmsAgent(CONNECTED, known), (120, 40)) as seated:
        await seated.until_shown("4 versions of algorithms")
        rows = [line.split("acme/")[1].split()[0] for line in seated.lines() if "acme/" in line and "/s " in line]
        assert rows == [r"cats\x07/1", r"cats\x1b/1", r"cats\u202e/1", "cats\ufffd/1"]


async def test_it_asks_again_after_a_while_and_not_while_hidden_or_frozen() -> None:
    agent = AlgorithmsAgent(CONNECTED)
    async with seat(agent) as seated:
        await seated.until_shown("acme/cats")
        seated.host.tick()
        await seated.pilot.pause()
        assert agent.asked_for == 1
        seated.host.now += EVERY_S
        frozen = Frame(snapshot=CONNECTED, frozen_at=CONNECTED.as_of)
        seated.host.view.show(frozen, Space(80, 24))
        await seated.pilot.pause()
        assert agent.asked_for == 1
        agent.known.append(an_algorithm("zebra", "1"))
        seated.host.tick()
        await seated.until_shown("zebra")
        seated.host.view.on_view_hidden()
        assert agent.asked_for == 2


async def test_a_refusal_is_told() -> None:
    agent = AlgorithmsAgent(CONNECTED, ())
    agent.refusal = RefusedError((FieldError("x", "Not now.", "Wait."),), status=503)
    async with seat(agent) as seated:
        await seated.until_shown("Not now. Wait.")
        agent.refusal = None
        await seated.press("u")
        await seated.until_shown("No algorithm has reported yet.")
        assert "They report to http://127.0.0.1:9000; insights-tui run -- COMMAND" in seated.text()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_chosen_one_is_told_below_the_list_with_its_metrics(size: tuple[int, int]) -> None:
    async with seat(AlgorithmsAgent(CONNECTED), size) as seated:
        await seated.until_shown("cats                           2           0           4          12")
        assert "Payloads       12 accepted" in seated.text()
        await seated.press("down")
        await seated.until_shown("risk_score")
        assert "stopped coming" in seated.text()


async def test_a_list_that_needs_the_room_has_it() -> None:
    agent = AlgorithmsAgent(CONNECTED, [an_algorithm("cats", f"1.0.{number}") for number in range(30)])
    async with seat(agent) as seated:
        await seated.until_shown("30 versions of algorithms")
        assert sum("/s " in line for line in seated.lines()) > 15
        assert "risk_score" not in seated.text()


async def test_the_list_stays_while_the_agent_does_not_answer_and_says_so() -> None:
    agent = AlgorithmsAgent(CONNECTED)
    async with seat(agent) as seated:
        await seated.until_shown("acme/cats")
        agent.refusal = RefusedError((FieldError("x", "Not now.", "Wait."),), status=503)
        await seated.press("u")
        await seated.until_shown("no answer since 12:04:31Z: as they were then")
        assert "acme/cats" in seated.text()
        agent.refusal = None
        await seated.press("u")
        await seated.until(lambda: "no answer" not in seated.text(), "it answers again")


@pytest.mark.parametrize("size", [(50, 14), *SIZES], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_no_foreign_text_reaches_the_terminal_raw(size: tuple[int, int], ascii_only: bool) -> None:
    metric = replace(ALGORITHMS[0].metrics[0], name=MEGABYTE)
    names = ((HOSTILE, MEGABYTE), (MEGABYTE, HOSTILE))
    known = [an_algorithm(name, version, owner=name, metrics=(metric,)) for name, version in names]
    async with seat(AlgorithmsAgent(HOSTILE_SNAPSHOT, known), size, ascii_only=ascii_only) as seated:
        await seated.until(lambda: "410/s" in seated.text() or size[0] < 80, "they are listed")
        for keys in ((), ("enter",), ("escape", "o")):
            await seated.press(*keys)
            await seated.pilot.pause()
            shown = seated.text().replace("\n", "")
            assert not ascii_only or shown.isascii()
            assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Zl", "Zp"}


async def test_versions_of_one_long_name_are_told_apart_in_a_narrow_window() -> None:
    known = [an_algorithm("credit_card_approval_eu", version) for version in ("1.0.6", "1.0.7")]
    agent = AlgorithmsAgent(CONNECTED, known)
    async with seat(agent) as seated:
        await seated.until_shown("2 versions of algorithms")
        rows = [line for line in seated.lines() if "acme/" in line and "/s " in line]
        names = [row.split("acme/")[1].split()[0] for row in rows]
        assert names == ["credit_card_approva…/1.0.6", "credit_card_approva…/1.0.7"]


async def test_a_metric_is_one_row_beside_a_scrollbar_too() -> None:
    metrics = tuple(
        SeenMetric(f"metric_{number:02}", "number", 37_454_000.0, -32_043_000.0, 99_999_000.0, 12_345_678, NOW)
        for number in range(20)
    )
    agent = AlgorithmsAgent(CONNECTED, [an_algorithm("cats", "1.0.0", metrics=metrics, metric_count=len(metrics))])
    async with seat(agent) as seated:
        await seated.until_shown("1 version of algorithms")
        await seated.press("enter")
        await seated.until_shown("metric_00")
        row = next(line for line in seated.lines() if "metric_00" in line)
        assert row.split()[1:5] == ["3.7454e+07", "-3.2043e+07", "9.9999e+07", "12,345,678"]
