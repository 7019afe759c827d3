"""The password field: masked unless it is a reference, and never on the clipboard."""

from dataclasses import dataclass

from rich.text import Text
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Button, Input

from insights_tui.domain.connection import Secret
from insights_tui.tui.connection_form.actions import STYLED
from insights_tui.tui.connection_form.reference import read_reference
from insights_tui.tui.text_field import TextField


class ShowButton(Button, can_focus=False):
    """Shows or hides what was typed; not on the way of the keys, which have ctrl+r for it.

    One Enter too many behind a password must not put it on the screen.
    """

    def __init__(self) -> None:
        super().__init__("Show", id="show", classes=STYLED)


class PasswordField(TextField):
    """A text field for a password or a reference to one; a saved password never enters it."""

    revealed: reactive[bool] = reactive(False)
    """Whether a typed password is shown; the screen's Show button turns it."""

    # Textual's own messages are dataclasses whose `repr` holds the text: these hide it.
    class Changed(Input.Changed):
        """Posted when the text changes."""

        def __repr__(self) -> str:
            return "PasswordField.Changed()"

        def __rich_repr__(self) -> list[object]:
            return []

    class Submitted(Input.Submitted):
        """Posted on Enter."""

        def __repr__(self) -> str:
            return "PasswordField.Submitted()"

    class Blurred(Input.Blurred):
        """Posted when the focus leaves."""

        def __repr__(self) -> str:
            return "PasswordField.Blurred()"

    @dataclass
    class PasteRefused(Message):
        """Posted when a paste of several lines was not taken."""

        lines: int

    def __init__(self, *, id: str, placeholder: str = "", ascii_only: bool = False) -> None:  # noqa: A002 - Textual's name
        self._dot = "*" if ascii_only else "•"
        super().__init__(id=id, placeholder=placeholder, password=True)

    @property
    def secret(self) -> Secret | None:
        """What was typed, `None` where nothing was."""
        return Secret(self.value) if self.value else None

    @property
    def is_reference(self) -> bool:
        """Whether it says where a password stands, instead of the password."""
        return read_reference(self.value) is not None

    @property
    def _value(self) -> Text:
        """The text as it is drawn: `Input` has one mask only, which is not ASCII."""
        shown = self._dot * len(self.value) if self.password else self.value
        return Text(shown, no_wrap=True, overflow="ignore", end="")

    def watch_value(self) -> None:
        """Mask by what it has become; hide again when it was emptied."""
        if not self.value:
            self.revealed = False
        self._mask()

    def watch_revealed(self) -> None:
        """Show or hide."""
        self._mask()

    def _mask(self) -> None:
        self.password = not (self.revealed or self.is_reference)

    def cleaned(self, text: str) -> str:
        """Take one line as it is, spaces included; several lines are no password."""
        lines = text.strip("\r\n").splitlines()
        if len(lines) > 1:
            self.post_message(self.PasteRefused(len(lines)))
            return ""
        return "".join(character for character in "".join(lines) if character.isprintable())

    def action_copy(self) -> None:
        """Copy a reference; a password is never copied, shown or not."""
        if self.is_reference:
            super().action_copy()

    def action_cut(self) -> None:
        """Cut a reference; a password stays where it is."""
        if self.is_reference:
            super().action_cut()
