"""A dialog to read: sections of headed text that scroll."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

Section = tuple[str, tuple[str, ...]]
"""A heading, and paragraphs of plain text."""


class Reader(ModalScreen[None]):
    """Shows sections; any way out closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark", "close", "Close", id="reader.close"),
    ]

    def __init__(self, title: str, sections: list[Section]) -> None:
        super().__init__()
        self._heading = title
        self._sections = sections

    def compose(self) -> ComposeResult:
        """Title, sections, the way out."""
        with Vertical(classes="dialog reader"):
            yield Static(self._heading, classes="title", markup=False)
            with VerticalScroll():
                for heading, paragraphs in self._sections:
                    yield Static(heading, classes="heading", markup=False)
                    for paragraph in paragraphs:
                        yield Static(paragraph, classes="paragraph", markup=False)
            yield Static("esc closes, arrows scroll", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Let arrows scroll."""
        self.query_one(VerticalScroll).focus()

    def action_close(self) -> None:
        """Go back."""
        if self.is_active:
            self.dismiss(None)
