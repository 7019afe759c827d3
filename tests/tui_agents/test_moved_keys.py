"""Every key is moved: no page and no dialog may name one that does nothing any more."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from insights_tui.tui.frame import Frame
from insights_tui.tui.keymap import acts
from insights_tui.tui.rows import Rows
from insights_tui.tui.screens.agents import Agents, Look, Place
from insights_tui.tui.told_keys import spelt
from insights_tui.tui.views.registry import VIEWS
from tests.snapshots import wire
from tests.snapshots.screen_text import INK
from tests.snapshots.stage import Stage, stage
from tests.snapshots.states import CIRCUMSTANCES
from tests.tui.samples import CONNECTED

ACTS = [act for act in acts() if not act.id.startswith("form.")]
MOVED = {act.id: chr(ord("\N{CYRILLIC CAPITAL LETTER A}") + number) for number, act in enumerate(ACTS)}
"""A letter for each act that no sentence of ours has."""
OLD = {spelt(key) for act in ACTS for key in act.keys} | {key for act in ACTS for key in act.keys}
FIXED = {"tab", "pgdn", "enter"}
"""Textual's own keys, which no setting moves: of fields, buttons, scrolled text."""
STATES = ("none", "degraded", "lost", "lost-dealt-with", "refusing", "no-agent")
_PRESS = re.compile(r"\b[Pp]ress ([a-z]|esc|space|enter|del)\b")


def told(seated: Stage) -> list[str]:
    """Give what is written like a key: in the accent, or after *press*."""
    page, _, inks = seated.text().partition(INK)
    accents = [line[10:].strip() for line in inks.splitlines() if line[3:9] == "accent"]
    return [*accents, *_PRESS.findall(page)]


def old_ones(seated: Stage) -> set[str]:
    return {words for words in told(seated) if words in OLD - FIXED}


@pytest.mark.parametrize("view", [entry.name for entry in VIEWS])
async def test_no_view_and_no_help_of_it_names_an_old_key(view: str) -> None:
    fixtures = wire.read()
    async with stage(fixtures["connected"], (120, 40), keys=MOVED) as seated:
        await seated.open_view(view)
        for state in STATES:
            await seated.show(CIRCUMSTANCES[state].of(fixtures))
            assert not old_ones(seated), f"{state}\n{seated.text()}"
        seated.page.action_help()
        await seated.until("Keys of every view")
        assert MOVED["insights.freeze"] in told(seated)
        assert not old_ones(seated), seated.text()


def _act(view: str, name: str) -> Callable[[Stage], Awaitable[None]]:
    async def play(seated: Stage) -> None:
        await seated.open_view(view)
        await seated.still()
        target = seated.page.view if hasattr(seated.page.view, name) else seated.page
        found = getattr(target, name, None) or getattr(seated.page.view.query_one(Rows), name)
        found()

    return play


async def _agents(seated: Stage) -> None:
    place = Place(Path("/run/a.sock"), lambda: seated.agent)
    seated.app.push_screen(Agents([place], place, {place.socket: Look(CONNECTED)}))


DIALOGS: dict[str, tuple[str, Callable[[Stage], Awaitable[None]], str]] = {
    "problems": ("degraded", _act("insights", "action_problems"), "Problems"),
    "delete": ("degraded", _act("insights", "action_delete"), "Cancel"),
    "receipt": ("connected", _act("insights", "action_test_payload"), "See it in the topic"),
    "revisions": ("connected", _act("insights", "action_revisions"), "kafka-9:9093"),
    "check": ("connected", _act("insights", "action_check"), "Close"),
    "agents": ("connected", _agents, "Which agent?"),
    "one lost": ("lost", _act("lost", "action_open"), "A lost payload"),
    "drop": ("lost", _act("lost", "action_drop"), "To keep their values"),
    "redrive": ("lost", _act("lost", "action_redrive"), "Cancel"),
    "which key drops": ("lost", _act("lost", "action_which_delete"), "drops lost payloads"),
    "one algorithm": ("connected", _act("algorithms", "action_open"), "hidden"),
    "algorithm off": ("connected", _act("algorithms", "action_switch"), "Turn Insights off"),
    "one payload": ("connected", _act("payloads", "action_open"), "A payload"),
    "one event": ("degraded", _act("events", "action_open"), "What it means"),
    "nothing to check": ("none", _act("insights", "action_check"), "Press"),
}


@pytest.mark.parametrize("name", DIALOGS)
async def test_no_dialog_names_an_old_key(name: str) -> None:
    state, play, shown = DIALOGS[name]
    fixtures = wire.read()
    async with stage(fixtures[state], (120, 40), keys=MOVED) as seated:
        await play(seated)
        await seated.until(shown)
        await seated.pilot.pause()
        assert not old_ones(seated), seated.text()
        assert set(told(seated)) & set(MOVED.values()), seated.text()


async def test_the_keys_of_one_lost_payload_are_those_of_the_view_and_work() -> None:
    fixtures = wire.read()
    async with stage(fixtures["lost"], keys={"lost.drop": "X", "lost.redrive": "R"}, size=(80, 24)) as seated:
        await _act("lost", "action_open")(seated)
        await seated.until("R Redrive  X Drop")
        await seated.press("X")
        await seated.until("Drop 1 lost payload for good?")


async def test_a_key_is_never_named_as_textual_does() -> None:
    fixtures = wire.read()
    keys = {"insights.help": "f1,slash", "reader.close": "question_mark", "insights.freeze": "left_square_bracket"}
    async with stage(fixtures["connected"], (120, 40), keys=keys) as seated:
        await seated.show(replace(Frame(), snapshot=fixtures["connected"]))
        assert "[ Freeze" in seated.text()
        assert "f1 Help" in seated.text()
        seated.page.action_help()
        await seated.until("? Close")
        assert not re.search(r"[a-z]+_(mark|bracket|sign)|slash", seated.text())
