"""The peers: `python benchmarks/harness/stock.py hello` and `… dashboard`, Textual applications from the shelf.

It imports nothing of ours, as a peer would not.
"""

import sys
from random import Random

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Input, Label, Sparkline


class Hello(App[None]):
    """The smallest application that shows something."""

    def compose(self) -> ComposeResult:
        """Show one word."""
        yield Label("CONNECTED")


class Dashboard(App[None]):
    """Labels, sparklines, a table, a field: updated once a second, as the examples do."""

    def compose(self) -> ComposeResult:
        """Build what the library offers."""
        yield Label("CONNECTED", id="status")
        yield Label(id="funnel")
        yield Sparkline([0.0] * 300, id="accepted")
        yield Sparkline([0.0] * 300, id="delivered")
        yield DataTable(id="rows")
        yield Input(id="field")

    def on_mount(self) -> None:
        """Fill the table and start to tick."""
        table = self.query_one(DataTable)
        for name in ("server", "state", "rtt"):
            table.add_column(name, key=name)
        for number in range(20):
            table.add_row(f"kafka-{number}:9093", "up", "", key=str(number))
        table.focus()
        self._random = Random(7)  # noqa: S311 - made-up load, the same each run
        self._past = [float(self._random.randint(900, 1100)) for _ in range(300)]
        self.set_interval(1.0, self.tick)

    def tick(self) -> None:
        """Update everything."""
        self._past = [*self._past[1:], float(self._random.randint(900, 1100))]
        self.query_one("#status", Label).update("CONNECTED")
        self.query_one("#funnel", Label).update(f"accepted {self._past[-1]}")
        self.query_one("#accepted", Sparkline).data = self._past
        self.query_one("#delivered", Sparkline).data = self._past
        for number in range(3):
            self.query_one(DataTable).update_cell(str(number), "rtt", f"{self._random.random():.4f}")


if __name__ == "__main__":
    (Hello if sys.argv[1] == "hello" else Dashboard)().run()
