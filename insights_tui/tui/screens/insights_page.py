"""The Insights page: the parts below the banner, laid out by classes on the page itself."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button

from insights_tui.tui.frame import Frame, Space
from insights_tui.tui.panels.balance import Balance
from insights_tui.tui.panels.brokers import Brokers
from insights_tui.tui.panels.connection_card import ConnectionCard
from insights_tui.tui.panels.funnel import Funnel
from insights_tui.tui.panels.panel import Panel
from insights_tui.tui.panels.partitions import Partitions
from insights_tui.tui.panels.recent_events import RecentEvents
from insights_tui.tui.panels.times import Times
from insights_tui.tui.panels.trends import Trends
from insights_tui.tui.panels.welcome import Waiting, Welcome

_TIERS = ("tiny", "narrow", "medium", "wide")


class InsightsPage(VerticalScroll):
    """Everything that scrolls: the welcome before there is a connection, else funnel, trends and tables."""

    def compose(self) -> ComposeResult:
        """Build every part once; layouts show, hide and place them."""
        with Vertical(id="welcome"):
            yield Welcome()
            yield Button("Connect to Kafka", id="connect-big")
            yield Waiting()
        with Vertical(id="figures"):
            yield Funnel()
            yield Balance()
            yield Times()
        with Horizontal(id="middle"):
            yield Trends()
            yield ConnectionCard()
        with Horizontal(id="lower"):
            with Vertical(id="tables"):
                yield Brokers()
                yield RecentEvents()
            yield Partitions()

    def take(self, frame: Frame, space: Space, *, troubled: bool) -> None:
        """Show a frame in the room there is."""
        snapshot = frame.snapshot
        for tier in _TIERS:
            self.set_class(space.tier == tier, f"-{tier}")
        self.set_class(troubled, "-troubled")
        self.set_class(snapshot is None, "-unknown")
        self.set_class(snapshot is not None and snapshot.connection is None, "-unconnected")
        for panel in self.query(Panel):
            panel.show(frame, space)
