"""Time left and time since: what no count tells."""

from datetime import datetime

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import UNKNOWN, duration, latency
from insights_tui.tui.frame import Scene, Space
from insights_tui.tui.lines import Line, columns, text, whole_seconds
from insights_tui.tui.panels.funnel import COLUMNS
from insights_tui.tui.panels.panel import Panel

_OLD_S = 30.0
"""A payload this old has seen several attempts fail."""
_SOON_S = 60.0
"""With less than this left, somebody should be at the keyboard."""


class Times(Panel):
    """The oldest undelivered, the next loss, the last payload in and out, the latency."""

    def lines(self, scene: Scene) -> list[Line]:
        """Draw labels above values, in the funnel's columns."""
        if scene.snapshot is None or scene.tier == "tiny":
            return []
        fields = _fields(scene.snapshot, scene.space)
        size = (scene.width - 1) // COLUMNS
        dots = scene.glyphs.ellipsis
        return [
            ((" ", "text"), *columns([text(label, "label") for label, _ in fields], size, dots)),
            ((" ", "text"), *columns([value for _, value in fields], size, dots)),
        ]


def _fields(snapshot: Snapshot, space: Space) -> list[tuple[str, Line]]:
    dot = f" {space.glyphs.dot} "
    age, left = snapshot.oldest_age_s, snapshot.next_loss_s
    quantiles = f"{latency(snapshot.latency.p50)}{dot}{latency(snapshot.latency.p99)}"
    return [
        (
            "Oldest undelivered" if space.roomy else "Oldest waits",
            _value(age, "warn" if (age or 0) > _OLD_S else "text"),
        ),
        ("Next loss in", _left(left)),
        ("Last payload" if not space.roomy else "Last payload in", _ago(snapshot.last_accepted_at, snapshot.as_of)),
        ("Last delivered", _ago(snapshot.last_delivered_at, snapshot.as_of)),
        (f"Latency p50{dot}p99" if space.roomy else f"p50{dot}p99", text(quantiles)),
    ]


def _value(seconds: float | None, token: str) -> Line:
    return text(duration(seconds), token if seconds is not None else "label")


def _left(seconds: float | None) -> Line:
    """Count down in whole seconds."""
    if seconds is None:
        return text(UNKNOWN, "label")
    return text(whole_seconds(seconds), "bad" if seconds < _SOON_S else "text")


def _ago(then: datetime | None, now: datetime) -> Line:
    if then is None:
        return text(UNKNOWN, "label")
    return text(f"{whole_seconds((now - then).total_seconds())} ago")
