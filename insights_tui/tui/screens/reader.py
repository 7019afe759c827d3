"""A dialog to read: sections of headed text that scroll."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType

from insights_tui.tui.lines import BLANK, Line, text, wrap
from insights_tui.tui.screens.text_dialog import TextDialog, field


class Field(NamedTuple):
    """A label and what stands beside it."""

    label: str
    words: str
    style: str = "label"
    """The token of the label."""


Paragraph = str | Field
Section = tuple[str, Sequence[Paragraph]]
"""A heading, and what stands below it."""
_GAP = 2


class Reader(TextDialog[None]):
    """Shows sections; any way out closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark", "close", "Close", id="reader.close"),
    ]

    def __init__(self, title: str, sections: Sequence[Section] = ()) -> None:
        """`title` and `sections` are sanitised."""
        super().__init__(title)
        self._sections = tuple(sections)

    def sections(self) -> Sequence[Section]:
        """Give what there is to read."""
        return self._sections

    def lines(self, cells: int) -> list[Line]:
        """Write the sections, a blank row between two of them."""
        lines: list[Line] = []
        for heading, paragraphs in self.sections():
            lines += [BLANK] if lines else []
            lines += [text(row, "strong") for row in wrap(heading, cells)]
            indent = max((len(one.label) for one in paragraphs if isinstance(one, Field)), default=0) + _GAP
            for one in paragraphs:
                if isinstance(one, Field):
                    lines += field(one.label, one.words, cells, indent=indent, style=one.style)
                else:
                    lines += [text(row) for row in wrap(one, cells)]
        return lines

    def action_close(self) -> None:
        """Go back."""
        if self.is_active:
            self.dismiss(None)
