"""One row of the form: label, field, and below it what is to be said about it."""

from collections.abc import Iterator

from textual.widget import Widget

from insights_tui.domain.text import sanitize
from insights_tui.tui.connection_form.findings import Said
from insights_tui.tui.connection_form.flowing import Flowing, flow
from insights_tui.tui.connection_form.words import LABELS, Field
from insights_tui.tui.glyphs import ASCII, Glyphs
from insights_tui.tui.lines import Line, ascii_line


class Row(Flowing):
    """A label and its field; the bar at its left edge marks the focus, with or without colour.

    It writes the label and what is said itself, around the field: a widget for each would make the form open slowly.
    Where there is room for them is the field's margin, as the style sheet gives it.
    """

    def __init__(self, field: Field, widget: Widget, said: Said, glyphs: Glyphs, *, first: bool = False) -> None:
        super().__init__(widget, classes="row first" if first else "row")
        self.field = field
        self.widget = widget
        self._glyphs = glyphs
        self._said = said
        self._letter = ""

    @property
    def wrong(self) -> bool:
        """Whether an error stands here."""
        return bool(self._said.errors)

    @property
    def room(self) -> tuple[int, int, int]:
        """Where the field stands, and how high it is: the style sheet moves it when the terminal is resized."""
        field = self.widget.styles
        return field.margin.left, field.margin.top, int(field.height.value) if field.height is not None else 1

    def show_letter(self, letter: str) -> None:
        """Put the letter that leads here before the label, or take it away."""
        self._letter = letter
        self.redraw()

    def show(self, said: Said) -> None:
        """Say what is wrong, a line for each error with its repair, or what deserves a look."""
        if said != self._said:
            self._said = said
            self.redraw()

    def on_descendant_focus(self) -> None:
        """Mark it."""
        self.redraw()

    def on_descendant_blur(self) -> None:
        """Mark it no more."""
        self.redraw()

    def lines(self, cells: int) -> list[Line]:
        """Write label, room for the field, and what is said."""
        left, above, high = self.room
        focused = self.has_focus_within
        bar: Line = ((self._glyphs.bar if focused else " ", "accent"),)
        label: Line = ((LABELS[self.field], "bad" if self.wrong else "strong" if focused else "label"),)
        if self._letter:
            label = ((self._letter, "letter"), (" ", "text"), *label)
        lines = [(*bar, *label), *((above + high - 1) * [bar])]
        lines += [(*bar, (" " * left, "text"), *line) for line in self._written(cells - left - 1)]
        return lines

    def _written(self, cells: int) -> Iterator[Line]:
        said = self._said
        note = sanitize(said.note)
        lines = flow(f"! {note}" if said.warn else note, "warn" if said.warn else "label", "", cells)
        for error in said.errors:
            lines += flow(f"{self._glyphs.bad} {sanitize(error.message)}", "bad", sanitize(error.hint), cells)
        return (ascii_line(line) if self._glyphs is ASCII else line for line in lines)
