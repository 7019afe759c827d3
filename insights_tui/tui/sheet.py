"""A widget that shows lines and repaints just the cells that differ from what it showed before."""

from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from insights_tui.tui.lines import Line, fit
from insights_tui.tui.tokens import TOKENS

_GAP = 6
"""Cells between two changes that cost less to send again than a second cursor jump with its colours."""


class Sheet(Widget):
    """Lines of styled text; `paint` compares before it repaints."""

    ALLOW_SELECT = False
    GROWS: ClassVar[bool] = True
    """Whether it, or what holds it, may become higher with its lines; else a height that is given is kept."""

    def __init__(
        self,
        *children: Widget,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(*children, id=id, classes=classes)
        self._lines: tuple[Line, ...] = ()
        self._styles: dict[str, Style] = {}

    @property
    def painted(self) -> tuple[Line, ...]:
        """What it shows."""
        return self._lines

    def paint(self, lines: Sequence[Line]) -> None:
        """Show these lines; what did not change is not sent again."""
        new, old = tuple(lines), self._lines
        if new == old:
            return
        self._lines = new
        if len(new) != len(old):
            if self._layout_required:  # Textual 8.2.8 counts just the first of several wishes for a layout,
                self._layout_updates += 1  # and may have measured before this one: it would keep that measure
            self.refresh(layout=self.GROWS or self.styles.height is None or self.styles.height.is_auto)
            return
        cells = self.size.width
        if not cells:  # not on the screen now: what was rendered before must not come back
            self.refresh()
            return
        regions = [
            Region(start, y, end - start, 1)
            for y, (after, before) in enumerate(zip(new, old, strict=True))
            if after != before
            for start, end in changes(fit(before, cells), fit(after, cells))
        ]
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """Paint one line, in full width."""
        cells = self.size.width
        if y >= len(self._lines):
            return Strip.blank(cells, self._style("text"))
        return Strip([Segment(part, self._style(token)) for part, token in fit(self._lines[y], cells)], cells)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Tell how many lines there are."""
        del container, viewport, width  # as many at any width
        return len(self._lines)

    def notify_style_update(self) -> None:
        """Forget the colours: another theme, or another state of the widget."""
        self._styles.clear()
        super().notify_style_update()

    def _style(self, token: str) -> Style:
        style = self._styles.get(token)
        if style is None:
            _, around = self.background_colors
            made = TOKENS[token].style(self.app.theme_variables, around, no_color=self.app.no_color)
            style = self._styles[token] = made
        return style


def changes(before: Line, after: Line) -> list[tuple[int, int]]:
    """Find the spans of cells that differ, close ones joined; both lines have the same width."""
    old, new = _cells(before), _cells(after)
    differing = [index for index, (one, other) in enumerate(zip(old, new, strict=False)) if one != other]
    differing += range(min(len(old), len(new)), max(len(old), len(new)))
    spans: list[tuple[int, int]] = []
    for _, group in groupby(enumerate(differing), lambda pair: pair[1] - pair[0]):
        run = [index for _, index in group]
        start, end = _whole(new, run[0]), run[-1] + 1
        while end < len(new) and new[end][0] == "":
            end += 1  # the second half of a wide character
        if spans and start - spans[-1][1] <= _GAP:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _cells(line: Line) -> list[tuple[str, str]]:
    cells: list[tuple[str, str]] = []
    for part, token in line:
        if part.isascii():
            cells.extend((character, token) for character in part)
            continue
        for character in part:
            size = cell_len(character)
            if size == 0 and cells:
                cells[-1] = (cells[-1][0] + character, token)
            else:
                cells.append((character, token))
                cells.extend(("", token) for _ in range(size - 1))
    return cells


def _whole(cells: list[tuple[str, str]], index: int) -> int:
    while index > 0 and index < len(cells) and cells[index][0] == "":
        index -= 1
    return index
