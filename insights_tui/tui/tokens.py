"""What the tokens of a line look like: names of the theme's colours, never colours.

Not component classes of the style sheet: with sixteen of them on each of thirty parts, Textual spends more time on
styles than on everything else, at the start and whenever the focus moves.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.style import Style
from textual.color import Color


@dataclass(frozen=True, slots=True)
class Token:
    """A colour of the theme, its ground where it has one of its own, its weight."""

    ink: str
    ground: str = ""
    bold: bool = False

    def style(self, variables: Mapping[str, str], around: Color, *, no_color: bool) -> Style:
        """Make a style; `around` is the ground of the widget. Without a colour for it, a ground becomes reverse."""
        ground = Color.parse(variables[self.ground]) if self.ground else around
        ink = Color.parse(variables[self.ink])
        plain = no_color or (self.ground and variables[self.ground] == variables["ground"])
        reverse = True if plain and self.ground else None
        return Style(color=ink.rich_color, bgcolor=ground.rich_color, bold=self.bold or None, reverse=reverse)


TOKENS = {
    "text": Token("ink"),
    "strong": Token("ink", bold=True),
    "label": Token("label"),
    "rule": Token("rule"),
    "accent": Token("accent-ink"),
    "trend": Token("trend"),
    "tab": Token("ink", "raised", bold=True),
    "cursor": Token("ink", "raised"),
    "ok": Token("ok"),
    "warn": Token("warn"),
    "bad": Token("bad"),
    "worry": Token("warn", bold=True),
    "calm": Token("ok", bold=True),
    "wrong": Token("bad", bold=True),
    "alert": Token("alert-ink", "alert-ground", bold=True),
    "letter": Token("on-accent", "accent-ink", bold=True),
    "loud": Token("loud-ink", "loud-ground", bold=True),
}
