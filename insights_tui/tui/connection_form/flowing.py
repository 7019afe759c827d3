"""A sheet whose lines depend on its width: they are made when it is painted, not once more when it has its size."""

from collections.abc import Sequence

from textual.geometry import Size
from textual.strip import Strip

from insights_tui.tui.lines import Line, wrap
from insights_tui.tui.sheet import Sheet


class Flowing(Sheet):
    """Gives its lines for any width; call `redraw` when they may have changed."""

    _made_for = -1
    """The width that the painted lines were made for."""

    def lines(self, cells: int) -> Sequence[Line]:
        """Write it in so many cells."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Paint what differs from what stands there."""
        if self._made_for >= 0:  # before its first painting nothing stands there
            self._made_for = self.size.width
            self.paint(self.lines(self._made_for))

    def render_line(self, y: int) -> Strip:
        """Paint one line, written anew where the width is another one."""
        cells = self.size.width
        if cells != self._made_for:
            self._made_for, self._lines = cells, tuple(self.lines(cells))
        return super().render_line(y)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Tell how many lines there are at a width."""
        del container, viewport  # lines depend on the width alone
        return len(self.lines(width))


def flow(message: str, token: str, hint: str, cells: int) -> list[Line]:
    """Break a message and its hint into rows, the hint in the colour of plain text."""
    rows = wrap(f"{message} {hint}", cells)
    left = sum(not character.isspace() for character in message)
    lines: list[Line] = []
    for row in rows:
        end = 0
        while end < len(row) and left:
            left -= not row[end].isspace()
            end += 1
        lines.append(tuple(run for run in ((row[:end], token), (row[end:], "text")) if run[0]))
    return lines
