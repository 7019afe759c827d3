"""The last row: the keys that do something here."""

from insights_tui.tui.frame import Scene
from insights_tui.tui.lines import Line, ends, width
from insights_tui.tui.panels.panel import Panel
from insights_tui.tui.views.view import Keys


class KeysRow(Panel):
    """Keys in the accent, their words dim; the least needed give way first."""

    AGES, EDGE = False, 0

    def __init__(self) -> None:
        super().__init__()
        self.of_view: Keys = ()
        """What the view that is shown adds, most needed first."""
        self.typing = False
        """Whether a line is typed: then the keys of every view are letters."""

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the keys of the view, then those of every view."""
        keys = [*self.of_view]
        last: list[tuple[str, str]] = []
        if not self.typing:
            keys += [("space", "Resume" if scene.frame.frozen_at else "Freeze"), ("y", "Copy")]
            last += [("?", "Help"), ("q", "Quit")]
        keys, last = ([(self.told(key), word) for key, word in some] for some in (keys, last))
        right: Line = ((self.told("^p"), "accent"), (" Palette ", "label"))
        while len(keys) > 1 and width(_runs([*keys, *last])) > scene.width - width(right) - 1:
            keys.pop()
        return [ends(_runs([*keys, *last]), right, scene.width)]


def _runs(keys: list[tuple[str, str]]) -> Line:
    return tuple(run for key, word in keys for run in ((f" {key}", "accent"), (f" {word} ", "label")))
