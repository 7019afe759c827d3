"""One line for what an act brought: a test payload's place, a copy, a refusal."""

from textwrap import shorten

from insights_tui.domain.text import sanitize
from insights_tui.tui.frame import Scene
from insights_tui.tui.lines import Line, wrap
from insights_tui.tui.panels.panel import Panel

_TOKENS = {"good": "ok", "bad": "bad", "plain": "text"}


class NoticeRow(Panel):
    """Empty until something is said; `Esc` empties it again."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._said: tuple[str, str] | None = None

    def say(self, words: str, kind: str = "plain") -> None:
        """Put a sentence here; `kind` is `good`, `bad` or `plain`."""
        self._said = (shorten(sanitize(words, limit=600), 600), _TOKENS[kind])
        self.show(self._frame, self._space)

    def clear(self) -> None:
        """Take it away."""
        self._said = None
        self.show(self._frame, self._space)

    def lines(self, scene: Scene) -> list[Line]:
        """Draw what was said, two lines at most."""
        if self._said is None:
            return []
        words, token = self._said
        glyph = {"ok": scene.glyphs.check, "bad": scene.glyphs.bad}.get(token, scene.glyphs.dot)
        rows = wrap(words, max(10, scene.width - 4))[:2]
        return [((f" {glyph if index == 0 else ' '} ", token), (row, "text")) for index, row in enumerate(rows)]
