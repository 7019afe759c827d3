"""Where a test payload is, and the commands that show it."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from insights_tui.domain.answers import Receipt
from insights_tui.domain.text import latency, sanitize, thousands
from insights_tui.tui.dialog_keys import COPIED, DialogKeys
from insights_tui.tui.screens.reader import Reader


class ReceiptReader(Reader):
    """Partition, offset, latency, and where to see it; the first command can be copied."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", "Copy the command", id="receipt.copy")]

    def __init__(self, receipt: Receipt) -> None:
        place = (
            f"Topic {receipt.topic}, partition {receipt.partition}, offset {thousands(receipt.offset)}.",
            f"Acknowledged after {latency(receipt.latency_s)}; its id is {receipt.id}.",
        )
        see = (*receipt.see, receipt.needs)
        super().__init__(
            "Test payload delivered",
            [
                ("Where it is", tuple(sanitize(line, limit=400) for line in place)),
                ("See it in the topic", tuple(sanitize(line, limit=4_000) for line in see if line)),
            ],
        )
        self._command = sanitize(receipt.see[0], limit=4_000) if receipt.see else ""

    def action_copy(self) -> None:
        """Copy the first command, through the terminal (OSC 52)."""
        self.app.copy_to_clipboard(self._command)
        self.query_one(DialogKeys).say("copy", COPIED)
