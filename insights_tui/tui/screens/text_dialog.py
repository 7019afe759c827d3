"""A dialog that is text: a title, lines that scroll where they do not fit, its keys."""

from collections.abc import Callable, Mapping
from typing import ClassVar, Generic

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.geometry import Size
from textual.screen import ScreenResultType

from insights_tui.tui.dialog_keys import DialogKeys
from insights_tui.tui.glyphs import ASCII, Glyphs, glyphs_of
from insights_tui.tui.lines import BLANK, Line, ascii_line, text, wrap
from insights_tui.tui.screens.dialog import Dialog
from insights_tui.tui.sheet import Sheet
from insights_tui.tui.told_keys import Told, told_in

_SHARE = 0.94
"""Of the terminal's height, at most (`max-height` in the style sheet)."""
_AROUND = 6
"""Rows of the title, the keys and the padding."""


class _Text(Sheet):
    """Lines made for the width that a layout gives: no layout has to follow because there turn out to be others."""

    def __init__(self, make: Callable[[int], list[Line]], *, classes: str) -> None:
        super().__init__(classes=classes)
        self._make = make
        self._made_for = -1

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Count the lines at a width."""
        if width != self._made_for:
            self._made_for, self._lines = width, tuple(self._make(width))
        return super().get_content_height(container, viewport, width)

    def renew(self) -> None:
        """Show what there is to say now."""
        if self.size.width:
            self.paint(self._make(self.size.width))


class TextDialog(Dialog[ScreenResultType], Generic[ScreenResultType]):
    """Wraps its lines to the room it has; what they are, and the way out, is a subclass's."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "top", "Top", id="text.top", show=False),
        Binding("G", "end", "End", id="text.end", show=False),
    ]
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
                yield _Text(self._text, classes="lines")
            yield DialogKeys({"page_down": "Scroll", **self.WORDS})

    def on_mount(self) -> None:
        """Draw no scrollbar where blocks cannot be drawn; only what does not fit can be scrolled."""
        scroll = self.query_one(VerticalScroll)
        self._limit(self.app.size.height)  # with the first layout, not after it
        self.query_one(".title", Sheet).paint([self._fitting(text(self._heading, "strong")), BLANK])
        if self.glyphs is ASCII:
            scroll.styles.scrollbar_size_vertical = 0
        self.watch(scroll, "show_vertical_scrollbar", lambda shown: self.set_focus(scroll if shown else None))

    def action_top(self) -> None:
        """Go to the first line, as lists do."""
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_end(self) -> None:
        """Go to the last line."""
        self.query_one(VerticalScroll).scroll_end(animate=False)

    def on_resize(self, event: events.Resize) -> None:
        """Take the height that there is now; the text wraps itself."""
        self._limit(event.size.height)

    def _limit(self, rows: int) -> None:
        """Bound the text: a share of an automatic height counts neither title nor keys, and would cut the end."""
        self.query_one(VerticalScroll).styles.max_height = max(3, int(rows * _SHARE) - _AROUND)

    def draw(self) -> None:
        """Draw the lines anew: they say something else now."""
        self.query_one(_Text).renew()

    def _text(self, cells: int) -> list[Line]:
        return [self._fitting(line) for line in self.lines(max(20, cells - 1))]

    def _fitting(self, line: Line) -> Line:
        return ascii_line(line) if self.glyphs is ASCII else line


def field(label: str, words: str, cells: int, *, indent: int, style: str = "label") -> list[Line]:
    """Write a label and its words, which hang below each other; a label that is too long has a row of its own."""
    rows = wrap(words, max(8, cells - indent)) or [""]
    long = len(label) >= indent
    labels = (label, *("" for _ in rows)) if not long else ("", *("" for _ in rows))
    lines: list[Line] = [((f"{name:<{indent}}", style), (row, "text")) for name, row in zip(labels, rows, strict=False)]
    return [text(label, style), *lines] if long else lines
