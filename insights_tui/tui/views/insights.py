"""The Insights view: where payloads are, time left, trends, the connection, the cluster, what happened."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from insights_tui.tui.frame import Frame, Space
from insights_tui.tui.panels.balance import Balance
from insights_tui.tui.panels.banner import troubled
from insights_tui.tui.panels.brokers import Brokers
from insights_tui.tui.panels.connection_card import ConnectionCard
from insights_tui.tui.panels.funnel import Funnel
from insights_tui.tui.panels.partitions import Partitions
from insights_tui.tui.panels.recent_events import RecentEvents
from insights_tui.tui.panels.times import Times
from insights_tui.tui.panels.trends import Trends
from insights_tui.tui.panels.welcome import Waiting, Welcome
from insights_tui.tui.views.view import Keys, View


class InsightsView(View):
    """The welcome before there is a connection, else funnel, trends and tables."""

    NAME = "insights"
    TITLE = "Insights"
    KEY = "1"
    HELP = "Is data arriving, what waits, what is lost, how long until more is lost."

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

    def draw(self, frame: Frame, space: Space) -> None:
        """Show a frame in the room there is."""
        snapshot = frame.snapshot
        self.set_class(troubled(frame), "-troubled")
        self.set_class(snapshot is None, "-unknown")
        unconnected = snapshot is not None and snapshot.connection is None
        self.set_class(unconnected, "-unconnected")
        super().draw(frame, space)
        big = self.query_one("#connect-big", Button)
        if self.has_focus and unconnected and space.tier != "tiny":
            big.focus()  # the one thing to do here
        elif big.has_focus and snapshot is not None and not unconnected:
            self.focus()

    def keys(self, frame: Frame) -> Keys:
        """Name the acts on the connection."""
        if frame.snapshot is None or frame.snapshot.connection is None:
            return (("c", "Connect"),)
        return (("c", "Edit"), ("t", "Test"), ("d", "Delete"))
