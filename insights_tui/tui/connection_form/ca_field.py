"""The CA certificate: one field that takes a path or a pasted PEM."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import TextArea

from insights_tui.domain.text import sanitize
from insights_tui.tui.connection_form.local import MAX_CA_BYTES, is_pem
from insights_tui.tui.in_order import run_own_binding


class CaField(TextArea):
    """One row for a path; three where PEM text was pasted (class `-pem`)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+u", "empty", "Empty the field", show=False, id="form.ca.empty"),
    ]

    def __init__(self, value: str = "", *, id: str, placeholder: str = "") -> None:  # noqa: A002 - Textual's name
        super().__init__(
            value,
            id=id,
            classes="-pem" if is_pem(value) else None,
            placeholder=placeholder,
            soft_wrap=False,
            tab_behavior="focus",
            highlight_cursor_line=False,
        )
        self._bindings.key_to_bindings.pop("ctrl+y", None)  # redo; here as everywhere the form copies its command
        self.cursor_blink = False  # a blinking cursor costs 2.6 kB/s

    async def on_key(self, event: events.Key) -> None:
        """Edit in the order of the keys; PEM that a terminal pastes as keys keeps its lines."""
        if event.key == "ctrl+j":
            event.prevent_default()
            event.stop()
            self.end_line()
        elif not event.is_printable:
            await run_own_binding(self, event)

    @property
    def is_pem(self) -> bool:
        """Whether it holds PEM text, which has lines; a path has none."""
        return is_pem(self.text)

    def end_line(self) -> None:
        """Begin a new line, in PEM alone."""
        if self.is_pem:
            self.replace("\n", *self.selection, maintain_selection_offset=False)

    def on_paste(self, event: events.Paste) -> None:
        """Take every line of a paste; PEM takes the place of a path."""
        event.prevent_default()
        event.stop()
        self.take(event.text)

    def action_paste(self) -> None:
        """Paste what was copied in this program, by the same rules."""
        self.take(self.app.clipboard)

    def take(self, text: str) -> None:
        """Put pasted text into the field."""
        text = text[:MAX_CA_BYTES].strip()
        if not text:
            return
        if is_pem(text):
            pem = "\n".join(sanitize(line, limit=1_000) for line in text.splitlines())
            if is_pem(self.text):
                pem = f"{self.text.rstrip()}\n{pem}"  # the rest of a bundle, pasted one by one
            self.text = f"{pem}\n"
            self.move_cursor((0, 0))
        else:
            self.replace(sanitize(" ".join(text.split())), *self.selection)

    def on_text_area_changed(self) -> None:
        """Give PEM the rows it needs."""
        self.set_class(self.is_pem, "-pem")

    def action_empty(self) -> None:
        """Empty the field: back to the system's trust store."""
        self.clear()

    def action_cursor_up(self, select: bool = False) -> None:
        """Go up a line, or to the field above."""
        if not select and self.cursor_at_first_line:
            self.screen.focus_previous()
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Go down a line, or to the field below."""
        if not select and self.cursor_at_last_line:
            self.screen.focus_next()
        else:
            super().action_cursor_down(select)
