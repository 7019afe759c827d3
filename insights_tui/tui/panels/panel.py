"""A part of the page: a pure function from frame and room to lines, in a widget that remembers both."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.geometry import Size

from insights_tui.tui.frame import Frame, Scene, Space
from insights_tui.tui.glyphs import ASCII
from insights_tui.tui.lines import Line, ascii_line
from insights_tui.tui.sheet import Sheet

_AGED = dict.fromkeys(("text", "strong", "ok", "warn", "worry", "bad", "wrong"), "label")
"""What old news look like; `loud` stays: payloads that were lost still are."""


class Panel(Sheet):
    """A sheet that draws a frame."""

    TITLE: ClassVar[str] = ""
    """Heads the part where there is room."""
    AGES: ClassVar[bool] = True
    """Whether it steps back where the news are old: numbers of then must not look like those of now."""
    EDGE: ClassVar[int] = 1
    """Columns that stay free at the right: words that touch the edge look cut."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._frame = Frame()
        self._space = Space()
        self._width = (0, 0)  # the room's and our own when we were laid out last
        self.told: Callable[[str], str] = str
        """Spells a key: the settings may have given an act another one."""
        self.most: int | None = None
        """Rows that there is room for; 0 hides the part, `None` leaves it to the part."""

    def lines(self, scene: Scene) -> Sequence[Line]:
        """Draw a frame; no lines hide the part."""
        raise NotImplementedError

    def show(self, frame: Frame, space: Space) -> None:
        """Take over a frame and repaint what differs."""
        self._frame, self._space = frame, space
        lines = self._all_lines(self._width_in(space))
        if self.display != bool(lines):
            self.display = bool(lines)
        self.paint(lines)

    def wanted(self, frame: Frame, space: Space) -> int:
        """Tell how many rows it would fill, its heading not counted."""
        kept, self.most = self.most, None  # what it was given last time is not what it wants
        try:
            return len(self.lines(Scene(frame, space, (self.size.width or space.width) - self.EDGE)))
        finally:
            self.most = kept

    def _width_in(self, space: Space) -> int:
        """Tell our width; while hidden what it was in the same room, so that showing it again is laid out once."""
        room, width = self._width
        return self.size.width or (width if room == space.width else 0) or space.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Tell how many lines there are at a width that layout tries."""
        del container, viewport  # lines depend on the width alone
        return len(self._all_lines(width))

    def on_resize(self, event: events.Resize) -> None:
        """Draw anew for another width."""
        self._width = (self._space.width, event.size.width)
        self.paint(self._all_lines(event.size.width))

    def _all_lines(self, width: int) -> list[Line]:
        if self.most == 0:
            return []
        lines = list(self.lines(Scene(self._frame, self._space, width - self.EDGE)))
        if lines and self.TITLE and self._space.roomy:
            rule = self._space.glyphs.rule * max(0, width - len(self.TITLE) - 3)
            lines.insert(0, ((f" {self.TITLE} ", "label"), (rule, "rule")))
        if self.AGES and self._frame.stale_s is not None:
            lines = [tuple((part, _AGED.get(token, token)) for part, token in line) for line in lines]
        return [ascii_line(line) for line in lines] if self._space.glyphs is ASCII else lines
