"""The field of the bootstrap list."""

import re

from textual import events

from insights_tui.tui.connection_form.text_field import TextField

_SEPARATORS = re.compile(r"[,;\s]+")


class ServersField(TextField):
    """A text field that takes a list of any shape: commas, spaces, one server a line."""

    def on_key(self, event: events.Key) -> None:
        """End an entry; Enter goes on to the next field too.

        A terminal without bracketed paste sends a list as keys, line ends included: its lines are all here before
        the focus has moved, and must not run into one another. A binding would come too late for that: the app runs
        it when this field has taken in every key that waits.
        """
        if event.key not in ("enter", "ctrl+j"):
            return
        event.prevent_default()
        event.stop()
        if self.cursor_at_end and self.value.strip() and not self.value.rstrip().endswith(","):
            self.insert_text_at_cursor(",")
        if event.key == "enter":
            self.screen.focus_next()

    def on_blur(self) -> None:
        """Take away a comma that nothing follows."""
        if self.value.endswith((",", " ")):
            self.value = self.value.rstrip(", ")

    def cleaned(self, text: str) -> str:
        """Join the entries with commas, and set a comma to what stands before where several come."""
        joined = super().cleaned(",".join(item for item in _SEPARATORS.split(text) if item))
        start, end = sorted(self.selection)
        before, after = self.value[:start].rstrip(), self.value[end:].lstrip()
        if "," in joined and before and not before.endswith(","):
            joined = f",{joined}"
        if "," in joined and after and not after.startswith(","):
            joined = f"{joined},"
        return joined
