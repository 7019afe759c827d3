"""What came in, what Kafka took, what is pending, how long it took, what was lost and why: on one time axis."""

from insights_tui.domain.snapshot import Second, Snapshot
from insights_tui.domain.text import rate, thousands
from insights_tui.tui.charts.window import Reading
from insights_tui.tui.frame import Scene
from insights_tui.tui.lines import Line
from insights_tui.tui.panels.trends import Trend, Trends, accepted, delivered, p99, pending

_KINDS = (
    ("rejected", "rejected"),
    ("unsent", "expired_unsent"),
    ("unknown", "expired_unknown"),
    ("damaged", "damaged"),
    ("refused", "refused"),
)
"""Short label and field; unsent and unknown are the two kinds of expired, refused was never accepted."""
_TALLEST, _OTHER_ROWS = 10, 24


class Charts(Trends):
    """Taller than on the Insights view; below, a row for each reason that cost payloads: all of it, and when."""

    FINEST = {"narrow": 5, "medium": 3, "wide": 2}  # noqa: RUF012 - a ClassVar of the base class

    MARKS_APART = True

    def rows(self, scene: Scene) -> int:
        """Use the height of a wall screen."""
        if scene.tier == "wide":
            return max(2, min(_TALLEST, (scene.space.height - _OTHER_ROWS) // 4))
        return 3 if scene.tier == "medium" else 1

    def lines(self, scene: Scene) -> list[Line]:
        """Draw nothing where nothing ever moved and nothing can."""
        snapshot = scene.snapshot
        if snapshot is not None and snapshot.connection is None and not any(map(_moved, scene.frame.history)):
            return []
        return super().lines(scene)

    def trends(self, scene: Scene, snapshot: Snapshot) -> list[Trend]:
        """Name the trends; where nothing was lost or refused in these minutes, one row tells all that ever was."""
        found = [accepted(snapshot), delivered(snapshot), pending(snapshot), p99(snapshot)]
        happened = [
            Trend(label, thousands(_total(snapshot, field)), _reading(field), rate, ink="bad", rows=1)
            for label, field in _KINDS
            if any(getattr(second, field) for second in scene.frame.history)
        ]
        ever = Trend("lost", thousands(snapshot.counts.lost), lambda second: second.lost, rate, rows=1)
        return [*found, *(happened or [ever])]


def _moved(second: Second) -> bool:
    return bool(second.accepted or second.delivered or second.pending or second.lost or second.refused)


def _reading(field: str) -> Reading:
    return lambda second: int(getattr(second, field))


def _total(snapshot: Snapshot, field: str) -> int:
    if field == "refused":
        return sum(snapshot.refused.values())
    return int(getattr(snapshot.counts, field))
