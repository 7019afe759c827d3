"""A dialog that is text: a title, lines that scroll where they do not fit, its keys."""

from collections.abc import Mapping
from typing import ClassVar, Generic

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen, ScreenResultType

from insights_tui.tui.dialog_keys import DialogKeys
from insights_tui.tui.glyphs import ASCII, Glyphs, glyphs_of
from insights_tui.tui.lines import BLANK, Line, ascii_line, text, wrap
from insights_tui.tui.sheet import Sheet
from insights_tui.tui.told_keys import Told, told_in

_SHARE = 0.94
"""Of the terminal's height, at most (`max-height` in the style sheet)."""
_AROUND = 6
"""Rows of the title, the keys and the padding."""


class TextDialog(ModalScreen[ScreenResultType], Generic[ScreenResultType]):
    """Wraps its lines to the room it has; what they are, and the way out, is a subclass's."""

    AUTO_FOCUS = ""
    WORDS: ClassVar[Mapping[str, str]] = {}
    """What the last row calls acts (`DialogKeys`)."""

    def __init__(self, title: str, glyphs: Glyphs | None = None) -> None:
        """`title` is sanitised; without `glyphs` the interface's are drawn with."""
        super().__init__()
        self._heading = title
        self._given = glyphs

    def lines(self, cells: int) -> list[Line]:
        """Write what there is to read, in lines of so many cells."""
        raise NotImplementedError

    @property
    def glyphs(self) -> Glyphs:
        """What to draw with."""
        return self._given or glyphs_of(self.app)

    @property
    def told(self) -> Told:
        """Spells the dialog's keys as they are now."""
        return told_in(self)

    def compose(self) -> ComposeResult:
        """Title, lines, keys."""
        with Vertical(classes="dialog text"):
            yield Sheet(classes="title")
            with VerticalScroll(can_focus=True):
                yield Sheet(classes="lines")
            yield DialogKeys({"page_down": "Scroll", **self.WORDS})

    def on_mount(self) -> None:
        """Draw no scrollbar where blocks cannot be drawn; only what does not fit can be scrolled."""
        scroll = self.query_one(VerticalScroll)
        if self.glyphs is ASCII:
            scroll.styles.scrollbar_size_vertical = 0
        self.watch(scroll, "show_vertical_scrollbar", lambda shown: self.set_focus(scroll if shown else None))

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap anew; a share of an automatic height counts neither title nor keys, and would cut the last lines."""
        most = int(self.size.height * _SHARE) - _AROUND
        self.query_one(VerticalScroll).styles.max_height = max(3, most)
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Draw it all."""
        title, sheet = self.query_one(".title", Sheet), self.query_one(".lines", Sheet)
        title.paint([self._fitting(text(self._heading, "strong")), BLANK])
        sheet.paint([self._fitting(line) for line in self.lines(max(20, sheet.size.width - 1))])

    def _fitting(self, line: Line) -> Line:
        return ascii_line(line) if self.glyphs is ASCII else line


def field(label: str, words: str, cells: int, *, indent: int, style: str = "label") -> list[Line]:
    """Write a label and its words, which hang below each other; a label that is too long has a row of its own."""
    rows = wrap(words, max(8, cells - indent)) or [""]
    long = len(label) >= indent
    labels = (label, *("" for _ in rows)) if not long else ("", *("" for _ in rows))
    lines: list[Line] = [((f"{name:<{indent}}", style), (row, "text")) for name, row in zip(labels, rows, strict=False)]
    return [text(label, style), *lines] if long else lines
