"""A screen as text: its rows, then what stands on it in the colours that mean something."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from rich.style import Style
from textual.app import App

from insights_tui.tui.theme import DARK

_GROUNDS = {"loud-ground": "loud", "alert-ground": "alert", "accent-ink": "chosen"}
_COLOURS: Mapping[str, str] = {str(value).lower(): name for name, value in DARK.variables.items()}
_INKS = ("accent-ink", "ok", "warn", "bad")
INK = "--- ink: row, colour, words ---"


def screen_text(app: App[Any]) -> str:
    """Write what is on the terminal now; greys are not told, only state and accent."""
    strips = app.screen._compositor.render_strips()
    rows = [strip.text.rstrip() for strip in strips]
    ink = [line for number, strip in enumerate(strips, 1) for line in _ink(number, strip)]
    return "\n".join([*rows, INK, *ink]) + "\n"


def _ink(number: int, strip: Iterable[Any]) -> list[str]:
    named = [(_name(segment.style), segment.text) for segment in strip]
    found = []
    for name, group in groupby(named, lambda one: one[0]):
        words = "".join(text for _, text in group).strip()
        if name and words:
            found.append(f"{number:>2} {name:<6} {words}")
    return found


def _name(style: Style | None) -> str:
    if style is None:
        return ""
    ground, ink = _COLOURS.get(_hex(style.bgcolor), ""), _COLOURS.get(_hex(style.color), "")
    if style.reverse:
        ground, ink = ink, ground
    return _GROUNDS.get(ground, "") or (ink.removesuffix("-ink") if ink in _INKS else "")


def _hex(colour: Any) -> str:
    return colour.triplet.hex if colour is not None and colour.triplet is not None else ""
