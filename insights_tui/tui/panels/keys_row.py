"""The last row: the keys that do something here."""

from insights_tui.domain.snapshot import State
from insights_tui.tui.frame import View
from insights_tui.tui.lines import Line, ends, width
from insights_tui.tui.panels.panel import Panel


class KeysRow(Panel):
    """Keys in the accent, their words dim; the least needed give way first."""

    def lines(self, view: View) -> list[Line]:
        """Draw the keys of the page."""
        connected = view.snapshot is not None and view.snapshot.state is not State.NOT_CONNECTED
        keys = [("c", "Edit" if connected else "Connect")]
        keys += [("t", "Test"), ("d", "Delete")] if connected else []
        keys += [("space", "Resume" if view.frame.frozen_at else "Freeze"), ("y", "Copy"), ("?", "Help"), ("q", "Quit")]
        right: Line = (("^p", "accent"), (" Palette ", "label"))
        while len(keys) > 3 and _size(keys) > view.width - 12:
            keys.pop(1)
        return [ends(_runs(keys), right, view.width)]


def _runs(keys: list[tuple[str, str]]) -> Line:
    return tuple(run for key, word in keys for run in ((f" {key}", "accent"), (f" {word} ", "label")))


def _size(keys: list[tuple[str, str]]) -> int:
    return width(_runs(keys))
