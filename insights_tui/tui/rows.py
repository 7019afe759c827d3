"""A list of lines of which one is chosen: it repaints what differs, and never moves under the cursor."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message

from insights_tui.tui.frame import Space
from insights_tui.tui.glyphs import ASCII, UNICODE, Glyphs
from insights_tui.tui.lines import BLANK, Line, ascii_line, crop
from insights_tui.tui.sheet import Sheet

_NEAR = 10
"""Rows before the end at which more are asked for."""


class Rows(Sheet, can_focus=True):
    """Rows below a heading; the chosen one is marked, not merely coloured."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", id="rows.up", show=False),
        Binding("down", "move(1)", "Down", id="rows.down", show=False),
        Binding("pageup", "page(-1)", "Page up", id="rows.page_up", show=False),
        Binding("pagedown", "page(1)", "Page down", id="rows.page_down", show=False),
        Binding("home,g", "end(-1)", "First", id="rows.first", show=False),
        Binding("end,G", "end(1)", "Last", id="rows.last", show=False),
        Binding("enter", "open", "Details", id="rows.open", show=False),
    ]

    GROWS = False

    class Moved(Message):
        """Another row was chosen, by a person."""

        def __init__(self, rows: "Rows") -> None:
            super().__init__()
            self.rows = rows
            """The list."""

        @property
        def control(self) -> "Rows":
            """The list, for `@on` selectors."""
            return self.rows

    class Opened(Moved):
        """The details of the chosen row were asked for."""

    class EndNeared(Moved):
        """The last rows there are come into sight."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._head: tuple[Line, ...] = ()
        self._rows: tuple[Line, ...] = ()
        self._keys: tuple[Hashable, ...] = ()
        self._glyphs: Glyphs = UNICODE
        self.driven = False
        """Whether keys come from a field beside it: then the cursor looks like one that can be moved, too."""
        self._most: int | None = None
        """Lines that it may take, where what is said below it needs the others."""
        self._at = 0
        self._top = 0
        self._made: dict[tuple[Line, bool], Line] = {}
        self._made_for: tuple[int, Glyphs, bool] | None = None

    @property
    def chosen(self) -> Hashable | None:
        """The key of the row under the cursor; `None` where there is no row."""
        return self._keys[self._at] if self._at < len(self._keys) else None

    def room(self, space: Space) -> Space:
        """Give the room that rows have: less than the page's, for the mark, a free last column, and margins."""
        return replace(space, width=self._cells - 1) if self.size.width else space

    @property
    def filled(self) -> int:
        """Count the lines there are, the heading among them."""
        return len(self._head) + len(self._rows)

    @property
    def at(self) -> int:
        """Where the cursor is."""
        return self._at

    def show(
        self,
        head: Sequence[Line],
        rows: Sequence[Line],
        keys: Sequence[Hashable],
        glyphs: Glyphs,
        *,
        to: Hashable | None = None,
    ) -> None:
        """Show these rows; the cursor goes to the row `to`, else it stays on its row, where that is still there."""
        chosen = to if to in keys else self.chosen
        shift = self._at - self._top
        self._head, self._rows, self._keys, self._glyphs = tuple(head), tuple(rows), tuple(keys), glyphs
        if chosen is not None and chosen in self._keys:
            self._at = self._keys.index(chosen)
            self._top = self._at - shift
        self._draw()

    def hug(self, on: bool) -> None:
        """Take the lines there are and one more, where more is said right below; else all the room."""
        most = self.filled + 1 if on else None
        if most != self._most:  # Textual 8.2.8 paints all of it anew for a `None`, also where there was none before
            self._most = self.styles.max_height = most

    def choose(self, key: Hashable) -> None:
        """Put the cursor on a row."""
        if key in self._keys:
            self._at = self._keys.index(key)
            self._draw()

    def action_move(self, by: int) -> None:
        """Go up or down."""
        self._go(self._at + by)

    def action_page(self, by: int) -> None:
        """Go a page up or down."""
        self._go(self._at + by * max(1, self._visible - 1))

    def action_end(self, where: int) -> None:
        """Go to the first or the last row."""
        self._go(0 if where < 0 else len(self._rows) - 1)

    def action_open(self) -> None:
        """Ask for the details of the row."""
        if self.chosen is None:
            raise SkipAction  # the key is somebody else's then
        self.post_message(self.Opened(self))

    def on_click(self, event: events.Click) -> None:
        """Choose the row that was clicked; a second click on it opens it."""
        index = self._top + event.y - len(self._head)
        if event.y >= len(self._head) and index < len(self._rows):
            if index == self._at:
                self.action_open()
            self._go(index)

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the cursor in sight."""
        self._draw()

    def on_focus(self) -> None:
        """Show the cursor as one that can be moved."""
        self._draw()

    def on_blur(self) -> None:
        """Show the cursor as one that stays."""
        self._draw()

    @property
    def _visible(self) -> int:
        return max(1, self.size.height - len(self._head))

    @property
    def _cells(self) -> int:
        """Cells of a row: the terminal's last column stays free, words that touch the edge look cut."""
        return self.size.width - (self.region.right >= self.app.size.width)

    def _go(self, index: int) -> None:
        last = len(self._rows) - 1
        self._at = max(0, min(index, last))
        self._draw()
        if last >= 0:
            self.post_message(self.Moved(self))
            if self._at >= last - _NEAR:
                self.post_message(self.EndNeared(self))

    def _draw(self) -> None:
        height, width = self.size.height, self.size.width
        if not height or not width:
            return
        room = self._visible
        self._at = max(0, min(self._at, len(self._rows) - 1))
        self._top = max(0, min(self._top, self._at, len(self._rows) - room))
        self._top = max(self._top, self._at - room + 1)
        shown = range(self._top, min(self._top + room, len(self._rows)))
        wanted = [(line, False) for line in self._head]
        wanted += [(self._rows[index], index == self._at) for index in shown]
        lines = self._cut(wanted)
        lines += [BLANK] * (height - len(lines))
        self.paint(lines[:height])

    def _cut(self, wanted: Sequence[tuple[Line, bool]]) -> list[Line]:
        """Give the rows as they are painted; most are those of the last tick, and measuring text is what costs."""
        look = (self._cells, self._glyphs, self.has_focus)
        known = self._made if look == self._made_for else {}
        self._made_for = look
        self._made = {one: known[one] if one in known else self._row(one[0], chosen=one[1]) for one in wanted}
        return [self._made[one] for one in wanted]

    def _row(self, line: Line, *, chosen: bool) -> Line:
        mark = (self._glyphs.bar if chosen else " ", "accent" if self.has_focus or self.driven else "label")
        if chosen:
            line = tuple((part, "strong" if token in ("text", "label") else token) for part, token in line)
        line = crop((mark, *line), self._cells, self._glyphs.ellipsis)
        return ascii_line(line) if self._glyphs is ASCII else line
