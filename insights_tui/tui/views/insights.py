"""The Insights view: where payloads are, time left, trends, the connection, the cluster, what happened."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from insights_tui.tui.frame import Frame, Space
from insights_tui.tui.panels.arrange import AIR, Plan, share
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
        self._arrange(frame, space)
        super().draw(frame, space)
        big = self.query_one("#connect-big", Button)
        big.display = not frame.read_only and space.tier != "tiny"
        if self.has_focus and unconnected and big.display:
            big.focus()  # the one thing to do here
        elif big.has_focus and snapshot is not None and not unconnected:
            self.focus()

    def on_resize(self) -> None:
        """Arrange anew where the banner or a notice takes rows, or gives them back."""
        self.draw(self.frame, self.space)

    def _arrange(self, frame: Frame, space: Space) -> None:
        """Share out the rows of a narrow page: nothing is cut, and what is left over is air."""
        narrow = space.tier == "narrow" and frame.snapshot is not None
        plan = Plan()
        if narrow:
            events = len(frame.snapshot.events) if frame.snapshot is not None else 0
            plan = share(
                self.size.height or space.height - 3,
                figures=5 + self.query_one(Balance).wanted(frame, space),
                brokers=self.query_one(Brokers).wanted(frame, space),
                events=min(events, 2 if troubled(frame) else 1),
                card=not troubled(frame),
            )
        self.query_one(Trends).most = plan.trends
        self.query_one(ConnectionCard).most = plan.card
        self.query_one(Brokers).most = plan.brokers
        self.query_one(RecentEvents).most = plan.events
        for place in AIR:
            self.set_class(narrow and place in plan.air, f"-air-{place}")

    def keys(self, frame: Frame) -> Keys:
        """Name the acts on the connection."""
        if frame.snapshot is None:
            return ()
        if frame.snapshot.connection is None:
            return (("c", "Connect"),)
        return (("c", "Edit"), ("t", "Test"), ("d", "Delete"))
