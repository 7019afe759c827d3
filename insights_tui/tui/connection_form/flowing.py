"""A sheet whose lines depend on its width: they are made when it is painted, not once more when it has its size."""

from collections.abc import Hashable, Sequence

from textual.geometry import Size
from textual.strip import Strip

from insights_tui.tui.lines import Line, wrap
from insights_tui.tui.sheet import Sheet


class Flowing(Sheet):
    """Gives its lines for any width; call `redraw` when they may have changed."""

    _made_for: tuple[int, Hashable] | None = None
    """The width, and what else counts, that the painted lines were made for."""

    @property
    def room(self) -> Hashable:
        """Give what else than the width the lines depend on."""
        return None

    def lines(self, cells: int) -> Sequence[Line]:
        """Write it in so many cells."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Paint what differs from what stands there."""
        if self._made_for is not None:  # before its first painting nothing stands there
            cells = self.size.width
            self._made_for = (cells, self.room)
            self.paint(self.lines(cells))

    def render_line(self, y: int) -> Strip:
        """Paint one line, written anew where the width is another one."""
        made_for = (self.size.width, self.room)
        if made_for != self._made_for:
            self._made_for, self._lines = made_for, tuple(self.lines(made_for[0]))
        return super().render_line(y)

    def notify_style_update(self) -> None:
        """Look again once all styles are set: those of what stands within count, too."""
        super().notify_style_update()
        if self._made_for is not None:
            self.call_later(self.redraw)

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
