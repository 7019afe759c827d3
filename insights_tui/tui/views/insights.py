"""The Insights view: where payloads are, time left, trends, the connection, the cluster, what happened."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from insights_tui.domain.snapshot import Snapshot
from insights_tui.tui.frame import Frame, Scene, Space
from insights_tui.tui.notices import troubled
from insights_tui.tui.panels.arrange import AIR, Plan, share
from insights_tui.tui.panels.balance import Balance
from insights_tui.tui.panels.brokers import Brokers
from insights_tui.tui.panels.connection_card import ConnectionCard
from insights_tui.tui.panels.funnel import FUNNEL_ROWS, Funnel
from insights_tui.tui.panels.no_agent import NoAgent
from insights_tui.tui.panels.panel import Panel
from insights_tui.tui.panels.partitions import Partitions
from insights_tui.tui.panels.recent_events import EVENTS, RecentEvents
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
        yield NoAgent()
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
            with Vertical(id="side"):
                yield ConnectionCard()
                yield Partitions()
        with Vertical(id="lower"):
            yield Brokers()
            yield RecentEvents()

    def draw(self, frame: Frame, space: Space) -> None:
        """Show a frame in the room there is."""
        snapshot = frame.snapshot
        self.set_class(troubled(frame), "-troubled")
        self.set_class(snapshot is None, "-unknown")
        unconnected = snapshot is not None and snapshot.connection is None
        self.set_class(unconnected, "-unconnected")
        self._arrange(frame, space)
        super().draw(frame, space)
        if space.roomy and snapshot is not None:
            self._spread(frame, space, snapshot)
        big = self.query_one("#connect-big", Button)
        big.display = not frame.read_only and space.tier != "tiny"
        if self.has_focus and unconnected and big.display:
            big.focus()  # the one thing to do here
        elif big.has_focus and snapshot is not None and not unconnected:
            self.focus()

    def on_resize(self) -> None:
        """Arrange anew where the banner or a notice takes rows, or gives them back."""
        self.draw(self.frame, self.space)

    def _spread(self, frame: Frame, space: Space, snapshot: Snapshot) -> None:
        """Give the trends of a large page the rows that nothing else needs, and the partitions those beside them."""
        trends, partitions = self.query_one(Trends), self.query_one(Partitions)
        parts: tuple[type[Panel], ...] = (Funnel, Balance, Times, Trends, Brokers, RecentEvents)
        used = sum(len(self.query_one(part).painted) + 1 for part in parts)
        used += EVENTS + 1 - len(self.query_one(RecentEvents).painted)  # as many whatever happens: charts stand still
        spare = (self.size.height or space.height - 4) + 1 - used
        tall = trends.grown(snapshot, Scene(frame, space, 0), spare)
        if tall != trends.tall:
            trends.tall = tall
            trends.show(frame, space)
        most = len(trends.painted) - len(self.query_one(ConnectionCard).painted) - 2
        if most != partitions.most:
            partitions.most = most
            partitions.show(frame, space)

    def _arrange(self, frame: Frame, space: Space) -> None:
        """Share out the rows of a small page: nothing is cut, and what is left over is air."""
        welcome = frame.snapshot is not None and frame.snapshot.connection is None
        left = (self.size.height or space.height - 3) - FUNNEL_ROWS - welcome
        self.query_one(Times).most = left if space.tier == "tiny" else None
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
