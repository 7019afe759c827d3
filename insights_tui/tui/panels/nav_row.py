"""Row 2, left: the views there are."""

from insights_tui.tui.frame import View
from insights_tui.tui.lines import Line, crop
from insights_tui.tui.panels.panel import Panel

VIEWS = (("1", "Insights"),)
"""Key and name; the views of later issues add a row each."""


class NavRow(Panel):
    """The views, the current one strong."""

    current = "Insights"

    def lines(self, view: View) -> list[Line]:
        """Draw the views."""
        runs: list[tuple[str, str]] = [(" ", "text")]
        for key, name in VIEWS:
            chosen = name == self.current
            runs += [(f"{key} ", "label"), (name, "strong" if chosen else "text"), ("  ", "text")]
        return [crop(tuple(runs), view.width)]
