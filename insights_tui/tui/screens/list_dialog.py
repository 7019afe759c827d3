"""A dialog that is a list: its rows, what is to be said of the chosen one, its keys."""

from collections.abc import Hashable, Mapping, Sequence
from typing import ClassVar, Generic

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ScreenResultType

from insights_tui.tui.dialog_keys import DialogKeys
from insights_tui.tui.glyphs import ASCII, Glyphs, glyphs_of
from insights_tui.tui.lines import BLANK, Line, ascii_line, text, wrap
from insights_tui.tui.rows import Rows
from insights_tui.tui.screens.dialog import Dialog
from insights_tui.tui.sheet import Sheet

_MOST = 14
"""Rows that are seen at once, with the heading."""


class ListDialog(Dialog[ScreenResultType], Generic[ScreenResultType]):
    """Draws the rows it is given; a subclass fetches them, and acts on the chosen one."""

    TITLE: ClassVar[str] = ""
    BELOW: ClassVar[int] = 4
    """Lines below the list at least, so that nothing jumps when another row is chosen."""
    FOCUS: ClassVar[str] = "Rows"
    """What has the keys."""
    WORDS: ClassVar[Mapping[str, str]] = {}
    """What the last row calls acts (`DialogKeys`)."""

    def __init__(self) -> None:
        super().__init__()
        self.listed = Rows(classes="rows")
        """The list."""
        self._under = Sheet(classes="below")

    def below(self, cells: int) -> list[Line]:
        """Say more of the chosen row, in lines of at most so many cells."""
        raise NotImplementedError

    @property
    def glyphs(self) -> Glyphs:
        """What to draw with."""
        return glyphs_of(self.app)

    @property
    def chosen(self) -> Hashable | None:
        """The key of the row under the cursor."""
        return self.listed.chosen

    def compose(self) -> ComposeResult:
        """Title, list, what is below it, keys."""
        with Vertical(classes="dialog list"):
            yield from self.top()
            yield self.listed
            yield self._under
            yield DialogKeys(self.WORDS)

    def top(self) -> ComposeResult:
        """Stand above the list: the title."""
        title = Sheet(classes="title")
        title.paint([text(self.TITLE, "strong"), BLANK])
        yield title

    def on_mount(self) -> None:
        """Let the arrows move in the list."""
        self.query_one(self.FOCUS).focus()
        self.tell()

    def on_resize(self, _event: events.Resize) -> None:
        """Say it in the room there is now."""
        self.call_after_refresh(self.tell)

    def rows_high(self, count: int) -> int:
        """Give the height of the list for so many rows, its heading among them."""
        return min(count + 1, _MOST)

    def show(self, heading: Line, rows: Sequence[Line], keys: Sequence[Hashable]) -> None:
        """Show these rows; the cursor stays on its own."""
        self.listed.styles.height = self.rows_high(len(rows))
        self.listed.show([heading], rows, keys, self.glyphs)
        self.tell()

    def tell(self) -> None:
        """Say more of the chosen row; before the first layout tells how wide, keep the room for it."""
        cells = self._under.size.width
        lines = [BLANK, *(self.below(max(20, cells - 2)) if cells else ())]
        lines += [BLANK] * (self.BELOW - len(lines))
        self._under.paint([ascii_line(line) for line in lines] if self.glyphs is ASCII else lines)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Say more of that one."""
        event.stop()
        self.tell()


def wrapped(words: str, cells: int, style: str = "text") -> list[Line]:
    """Write words below a list, where its rows begin."""
    return [((" ", "text"), (row, style)) for row in wrap(words, cells - 1)]
