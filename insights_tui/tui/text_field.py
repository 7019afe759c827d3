"""A one-line text field: never blinks, pastes clean."""

from rich.cells import cell_len
from textual import events
from textual.geometry import Region
from textual.widgets import Input

from insights_tui.domain.text import sanitize
from insights_tui.tui.in_order import run_own_binding

_VALID = "-valid"
"""The class that an `Input` without rules gives itself: given with its birth, it does not have it styled once more."""
MAX_LENGTH = 20_000
"""Characters; more than any field holds."""


class TextField(Input):
    """An `Input` on one row, without borders."""

    def __init__(
        self,
        value: str = "",
        *,
        id: str,  # noqa: A002 - Textual's name
        placeholder: str = "",
        password: bool = False,
    ) -> None:
        super().__init__(
            value,
            id=id,
            classes=_VALID,
            placeholder=placeholder,
            password=password,
            max_length=MAX_LENGTH,
            select_on_focus=False,
        )
        self.cursor_blink = False  # a blinking cursor costs 2.6 kB/s

    async def on_key(self, event: events.Key) -> None:
        """Edit in the order of the keys: `Input` takes characters at once, and the keys that edit much later."""
        if not event.is_printable:
            await run_own_binding(self, event)

    def on_paste(self, event: events.Paste) -> None:
        """Take the whole paste: `Input` itself keeps the first line alone."""
        event.prevent_default()
        event.stop()
        self.take(event.text)

    def action_paste(self) -> None:
        """Paste what was copied in this program, by the same rules."""
        self.take(self.app.clipboard)

    def take(self, text: str) -> None:
        """Put pasted text where the cursor is."""
        text = self.cleaned(text)
        if text:
            self.replace(text, *sorted(self.selection))
            self.show_cursor()  # `Input` itself does not where it was empty

    def show_cursor(self) -> None:
        """Scroll to where the next character goes."""
        at = cell_len(self.value[: self.cursor_position])
        self.scroll_to_region(Region(at, 0, 1, 1), force=True, animate=False)

    def cleaned(self, text: str) -> str:
        """Make pasted text fit for this field; nothing to paste is the empty string."""
        return sanitize(" ".join(text.split()), limit=MAX_LENGTH)
