"""The Delivery view: trends with scale and time axis, outcomes by reason, partitions and brokers, worst first."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from insights_tui.tui.frame import Frame, Scene, Space
from insights_tui.tui.lines import Line
from insights_tui.tui.notices import problems
from insights_tui.tui.panels.brokers import Brokers
from insights_tui.tui.panels.no_agent import NoAgent
from insights_tui.tui.panels.recent_events import EVENTS, RecentEvents
from insights_tui.tui.views.delivery.charts import Charts
from insights_tui.tui.views.delivery.flow import Flow
from insights_tui.tui.views.delivery.lanes import Lanes
from insights_tui.tui.views.delivery.outcomes import Outcomes, Room
from insights_tui.tui.views.view import Keys, View


class Happened(RecentEvents):
    """What happened, beside its trace in the trends: on a wall screen alone."""

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the newest few."""
        return super().lines(scene)[:EVENTS] if scene.tier == "wide" else []


class DeliveryView(View):
    """How fast, how late, through which partitions, with which outcome."""

    NAME = "delivery"
    TITLE = "Delivery"
    KEY = "2"
    HELP = "How payloads leave: rates, latency, outcomes by reason, each partition and broker, worst first."

    def compose(self) -> ComposeResult:
        """Place the parts; the style sheet says which stand side by side."""
        yield NoAgent()
        with Vertical(id="trends"):
            yield Flow()
            yield Charts()
        with Horizontal(id="members"):
            with Vertical(id="cluster"):
                yield Brokers()
                yield Lanes()
            with Vertical(id="side"):
                yield Outcomes()
                yield Room()
                yield Happened()

    def draw(self, frame: Frame, space: Space) -> None:
        """Show a frame; without a connection there is nothing to deliver to."""
        self.set_class(bool(problems(frame)), "-troubled")
        self.set_class(frame.snapshot is None, "-unknown")
        super().draw(frame, space)

    def keys(self, frame: Frame) -> Keys:
        """Name the acts on the connection."""
        if frame.snapshot is None:
            return ()
        if frame.snapshot.connection is None:
            return (("c", "Connect"),)
        return (("c", "Edit"), ("t", "Test"))
