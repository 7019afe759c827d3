"""One line for what an act brought: a test payload's place, a copy, a refusal."""

import time
from collections.abc import Callable
from textwrap import shorten

from insights_tui.domain.text import sanitize
from insights_tui.tui.frame import Scene
from insights_tui.tui.lines import Line, cut, wrap
from insights_tui.tui.panels.panel import Panel

_ROWS = 2
_TOKENS = {"good": "ok", "bad": "bad", "plain": "text"}


LASTS_S = {"good": 60.0, "plain": 60.0, "bad": 300.0}
"""Seconds after which what was said is no news any more; a failure is to be read by who comes back to the screen."""


class NoticeRow(Panel):
    """Empty until something is said; `Esc` empties it again, and so does time."""

    AGES = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._said: tuple[str, str] | None = None
        self._until = 0.0
        self.clock: Callable[[], float] = time.monotonic

    def say(self, words: str, kind: str = "plain") -> None:
        """Put a sentence here; `kind` is `good`, `bad` or `plain`."""
        self._said = (shorten(sanitize(words, limit=600), 600), _TOKENS[kind])
        self._until = self.clock() + LASTS_S[kind]
        self.show(self._frame, self._space)

    def clear(self) -> None:
        """Take it away."""
        self._said = None
        self.show(self._frame, self._space)

    def lines(self, scene: Scene) -> list[Line]:
        """Draw what was said, two lines at most."""
        if self._said is None or self.clock() > self._until:
            return []
        words, token = self._said
        glyph = {"ok": scene.glyphs.check, "bad": scene.glyphs.bad}.get(token, scene.glyphs.dot)
        room = max(10, scene.width - 3)
        rows = wrap(words, room)
        if len(rows) > _ROWS:
            rows = [*rows[: _ROWS - 1], cut(" ".join(rows[_ROWS - 1 :]), room, scene.glyphs.ellipsis)]
        return [((f" {glyph if index == 0 else ' '} ", token), (row, "text")) for index, row in enumerate(rows)]
