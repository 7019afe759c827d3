"""The page before there is a connection: what Insights is, what waits, and the one thing to do."""

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import counted, duration
from insights_tui.tui.frame import Scene
from insights_tui.tui.lines import BLANK, Line, fit, text, wrap
from insights_tui.tui.notices import troubled
from insights_tui.tui.panels.panel import Panel

_WHAT = "Insights sends each execution's metrics to a topic of your Kafka."
_COMMAND = (
    "insights-tui connect --topic insights \\",
    "    --servers kafka-1:9093,kafka-2:9093 \\",
    "    --type sasl --mechanism SCRAM-SHA-512 --username NAME \\",
    "    --password-from env:KAFKA_PASSWORD",
)
_LABEL = 24
_ROWS, _BANNER = 21, 3
"""Rows of a terminal that has room for the command, half of which is none; and those that a banner takes of it."""


class Welcome(Panel):
    """Above the button: what Insights is."""

    AGES = False

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the headline and one sentence."""
        if scene.tier == "tiny":
            return [text(f" No Kafka connection yet. Press {scene.space.told('c')}.", "strong")]
        return [
            text("No Kafka connection" if _used(scene.snapshot) else "No Kafka connection yet", "strong"),
            BLANK,
            *(text(row) for row in wrap(_WHAT, scene.width)),
        ]


class Waiting(Panel):
    """Below the button: what waits, where algorithms report to, how to do without this screen."""

    AGES = False

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the queue, the address and the command."""
        if scene.snapshot is None or scene.tier == "tiny":
            return []
        now = [*_queue(scene.snapshot), _address(scene.snapshot)]
        if scene.space.height < _ROWS + (_BANNER if troubled(scene.frame) else 0) + len(now) - 2:
            return now
        command = [BLANK, text("Without this screen:", "label"), *(text(row) for row in _COMMAND)]
        if not scene.roomy:
            return [*now, *command]
        return [*_queue(scene.snapshot), BLANK, *_steps(scene, scene.snapshot), *command]


def _steps(scene: Scene, snapshot: Snapshot) -> list[Line]:
    """Say what comes next, so that nobody stops at the first of three steps."""
    steps: list[tuple[str, Line]] = [
        ("Connect", text("topic, servers, login; Test connection finds what is wrong, and saves nothing")),
        (
            "Send a test payload",
            ((scene.space.told("t"), "accent"), (" tells its place in the topic, and how long it took", "text")),
        ),
        ("Let algorithms report", _where(snapshot)),
    ]
    return [
        (*fit(((f"{number}  ", "label"), (name, "strong")), _LABEL + 3), *what)
        for number, (name, what) in enumerate(steps, start=1)
    ]


def _used(snapshot: Snapshot | None) -> bool:
    """Whether there was a connection: it was deleted then."""
    return snapshot is not None and bool(snapshot.counts.delivered or snapshot.counts.lost)


def _queue(snapshot: Snapshot) -> list[Line]:
    """Say what waits, how long it may, and what became of what came before."""
    counts = snapshot.counts
    past: Line = (
        ("So far       ", "label"),
        (f"{counts.accepted:,} accepted, {counts.delivered:,} delivered, ", "text"),
        (f"{counts.lost:,} lost", "bad" if snapshot.lost_open else "text"),
    )
    return [_waiting(snapshot), *([past] if _used(snapshot) else [])]


def _waiting(snapshot: Snapshot) -> Line:
    pending = snapshot.counts.pending
    if not pending:
        return (("Waiting      ", "label"), ("no payload", "text"))
    runs: Line = (("Waiting      ", "label"), (counted(pending, "payload"), "strong"))
    if snapshot.next_loss_s is not None:
        token = "bad" if snapshot.next_loss_s < 60 else "warn"
        runs = (*runs, (", the first is lost in ", "text"), (duration(snapshot.next_loss_s), token))
    return runs


def _address(snapshot: Snapshot) -> Line:
    if snapshot.ingest_url is None:
        return (("Algorithms   ", "label"), ("cannot report: ", "warn"), *_where(snapshot))
    return (("Algorithms   ", "label"), ("report ", "text"), *_where(snapshot))


def _where(snapshot: Snapshot) -> Line:
    if snapshot.ingest_url is None:
        return text("TCP is turned off (INSIGHTS_LISTEN=none)", "warn")
    return (("to ", "text"), (snapshot.ingest_url, "strong"))
