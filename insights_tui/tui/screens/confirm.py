"""A question with two answers; the safe one has the focus."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from insights_tui.tui.dialog_keys import DialogKeys
from insights_tui.tui.screens.questions import Question


class Confirm(ModalScreen[bool]):
    """Asks before an act that cannot be taken back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "refuse", "Cancel", id="confirm.cancel"),
        Binding("left,right", "app.focus_next", "Other answer", id="confirm.other", show=False),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Title, what will happen, two buttons."""
        with Vertical(classes="dialog"):
            yield Static(self._question.title, classes="title", markup=False)
            for paragraph in self._question.body:
                yield Static(paragraph, classes="paragraph", markup=False)
            with Horizontal(classes="answers"):
                yield Button("Cancel", id="refuse", compact=True)
                yield Button(self._question.agree, id="agree", compact=True)
                yield DialogKeys({"app.focus_next": "Other answer"})

    def on_mount(self) -> None:
        """Put the focus on the answer that changes nothing."""
        self.query_one("#refuse", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Hand the answer back."""
        event.stop()
        self._answer(agreed=event.button.id == "agree")

    def action_refuse(self) -> None:
        """Change nothing."""
        self._answer(agreed=False)

    def _answer(self, *, agreed: bool) -> None:
        if self.is_active:  # dismiss() takes away whatever is on top
            self.dismiss(agreed)
