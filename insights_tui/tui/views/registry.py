"""The views there are, in the order of their digits; a new view is a line here."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from insights_tui.client.protocol import AgentApi, AlgorithmsApi, LostApi, TailApi
from insights_tui.tui.frame import Frame
from insights_tui.tui.views.view import View

_HERE = __package__


def _no_mark(_frame: Frame) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A view that row 2 lists."""

    key: str
    """The digit that opens it."""
    title: str
    name: str
    """Its id and the name of its style sheet."""
    module: str
    """What `make` imports: loaded in advance once the first frame stands (`preload`)."""
    make: Callable[[AgentApi], View]
    """Builds it when it is opened first. The client speaks every protocol of `client/protocol.py`: cast it."""
    mark: Callable[[Frame], str] = _no_mark
    """A short word after the title, from a frame alone: the view may not exist yet."""
    short: str = ""
    """The title where row 2 is narrow."""
    about: str = ""
    """What it answers, in a few words."""


def _insights(_client: AgentApi) -> View:
    from insights_tui.tui.views.insights import InsightsView

    return InsightsView()


def _payloads(client: AgentApi) -> View:
    from insights_tui.tui.views.payloads.view import PayloadsView

    return PayloadsView(cast("TailApi", client))


def _lost(client: AgentApi) -> View:
    from insights_tui.tui.views.lost.view import LostView

    return LostView(cast("LostApi", client))


def _algorithms(client: AgentApi) -> View:
    from insights_tui.tui.views.algorithms.view import AlgorithmsView

    return AlgorithmsView(cast("AlgorithmsApi", client))


def _lost_open(frame: Frame) -> str:
    return f"{frame.snapshot.lost_open:,}" if frame.snapshot is not None and frame.snapshot.lost_open else ""


def _events(client: AgentApi) -> View:
    from insights_tui.tui.views.events import EventsView

    return EventsView(client)


def _delivery(_client: AgentApi) -> View:
    from insights_tui.tui.views.delivery import DeliveryView

    return DeliveryView()


VIEWS: tuple[Entry, ...] = (
    Entry(
        "1", "Insights", "insights", f"{_HERE}.insights", _insights, about="is data arriving, what is lost, what now"
    ),
    Entry("2", "Delivery", "delivery", f"{_HERE}.delivery", _delivery, about="partitions, latency, outcomes by reason"),
    Entry("3", "Events", "events", f"{_HERE}.events", _events, about="what happened, grouped, and what to check"),
    Entry(
        "4",
        "Payloads",
        "payloads",
        f"{_HERE}.payloads.view",
        _payloads,
        about="what comes in, and what is in the topic",
    ),
    Entry(
        "5", "Lost", "lost", f"{_HERE}.lost.view", _lost, mark=_lost_open, about="what did not arrive; send it again"
    ),
    Entry(
        "6",
        "Algorithms",
        "algorithms",
        f"{_HERE}.algorithms.view",
        _algorithms,
        short="Algo",
        about="who reports how much; on and off",
    ),
)


_LATER = (
    "insights_tui.client.wire",
    *(entry.module for entry in VIEWS),
    "insights_tui.tui.connection_form",
    "insights_tui.tui.checking.screen",
    "insights_tui.tui.screens.receipt",
    "insights_tui.tui.screens.revisions",
    "insights_tui.tui.screens.agents",
)
"""What the first frame does without, what is needed first first."""


def preload() -> None:
    """Import the rest of the client, every view and every dialog, so that no key waits for a file.

    Takes half a second; run it in a thread.
    """
    for module in _LATER:
        importlib.import_module(module)
