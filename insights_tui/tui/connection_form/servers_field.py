"""The field of the bootstrap list."""

import re

from textual import events

from insights_tui.tui.text_field import TextField

_SEPARATORS = re.compile(r"[,;\s]+")


class ServersField(TextField):
    """A text field that takes a list of any shape: commas, spaces, one server a line."""

    async def on_key(self, event: events.Key) -> None:
        """Take a line feed for a comma: so a terminal without bracketed paste sends some lists (`type_choice.py`)."""
        if event.key == "ctrl+j":
            event.prevent_default()
            event.stop()
            self.append(",")

    def append(self, text: str) -> None:
        """Put text at the end; a comma that stands there already is not doubled."""
        value = self.value
        if text.startswith(","):
            value = value.rstrip(", ")
            text = text if value else text[1:]
        self.value = value + text
        self.action_end()

    def on_blur(self) -> None:
        """Take away a comma that nothing follows."""
        if self.value.endswith((",", " ")):
            self.value = self.value.rstrip(", ")
        self.scroll_home(animate=False)  # a long list is read from its first server

    def on_focus(self) -> None:
        """Show where the next character goes."""
        self.show_cursor()

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
