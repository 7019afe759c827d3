"""The field of the bootstrap list."""

import re

from insights_tui.tui.connection_form.text_field import TextField

_SEPARATORS = re.compile(r"[,;\s]+")


class ServersField(TextField):
    """A text field that takes a list of any shape: commas, spaces, one server a line."""

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
