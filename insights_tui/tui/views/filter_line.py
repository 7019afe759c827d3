"""The line above a list in which words are typed that its rows must hold, and the views that have one."""

from typing import ClassVar

from textual.binding import Binding
from textual.widgets import Input

from insights_tui.tui.text_field import TextField
from insights_tui.tui.views.view import View


class FilterLine(TextField):
    """Hidden until it is asked for; says what is typed by `Input.Changed`, and that it is done by `Input.Submitted`."""

    def __init__(self, *, id: str, placeholder: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, placeholder=placeholder)
        self.display = False

    def open(self) -> None:
        """Let words be typed."""
        self.display = True
        self.screen.set_focus(self)  # at once: what is typed ahead must land in it, not on the keys of the view


def holds(text: str, words: str) -> bool:
    """Tell whether every word occurs in a text, capital or small."""
    folded = text.casefold()
    return all(word in folded for word in words.casefold().split())


def filter_keys(view: str, does: str) -> tuple[Binding, Binding]:
    """Give the keys that open the line and take its words back."""
    return (
        Binding("slash", "filter", does, id=f"{view}.filter"),
        Binding("escape", "clear", "Clear the filter", id=f"{view}.clear", show=False),
    )


class Filtering(View):
    """A view with such a line: what is typed narrows its list at once."""

    HINT: ClassVar[str] = ""
    """What can be typed."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        """What is typed."""

    def filter_line(self) -> FilterLine:
        """Make the line."""
        return FilterLine(id=f"{self.NAME}-filter", placeholder=self.HINT)

    @property
    def narrowed(self) -> bool:
        """Whether anything of the list is left out."""
        return bool(self.words)

    def narrow(self) -> None:
        """Show what holds the words, which are new."""
        raise NotImplementedError

    def widen(self) -> None:
        """Leave nothing out."""
        self.query_one(FilterLine).value = ""  # which narrows anew

    def action_filter(self) -> None:
        """Let words be typed."""
        self.query_one(FilterLine).open()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Take over what is typed."""
        message.stop()
        self.words = message.value.strip()
        self.narrow()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Go to the list with the words."""
        message.stop()
        self.leave_filter()

    def leave_filter(self) -> None:
        """Hide the line; its words go on choosing."""
        self.query_one(FilterLine).display = False
        self.focus_first()

    def action_clear(self) -> None:
        """Show everything again; where nothing is left out, clear the notice."""
        if self.narrowed or self.query_one(FilterLine).display:
            self.widen()
            self.leave_filter()
        else:
            self.call_next(self.screen.run_action, "dismiss_notice")
