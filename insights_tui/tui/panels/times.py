"""Time left and time since: what no count tells."""

from datetime import datetime

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import UNKNOWN, clock_time, duration, latency
from insights_tui.tui.frame import Frame, Scene, Space
from insights_tui.tui.lines import Line, columns, crop, fit, text, whole_seconds
from insights_tui.tui.panels.funnel import SHORT, column_size
from insights_tui.tui.panels.panel import Panel

_OLD_S = 30.0
"""A payload this old has seen several attempts fail."""
_CELLS = 11
"""Of a value on a tiny page."""
_SOON_S = 60.0
"""With less than this left, somebody should be at the keyboard."""


class Times(Panel):
    """The oldest undelivered, the next loss, the last payload in and out, the latency."""

    AGES = False

    def lines(self, scene: Scene) -> list[Line]:
        """Draw labels above values, in the funnel's columns."""
        if scene.snapshot is None:
            return []
        if scene.tier == "tiny":
            return _few(scene.frame, scene.snapshot, scene.space, self.most)
        size = column_size(scene.width)
        fields = _fields(scene.frame, scene.snapshot, scene.space, size - 1, short=size < SHORT)
        dots = scene.glyphs.ellipsis
        rows = ([text(label, "label") for label, _ in fields], [value for _, value in fields])
        return [crop(((" ", "text"), *columns(row, size, dots)), scene.width, dots) for row in rows]


def _few(frame: Frame, snapshot: Snapshot, space: Space, most: int | None) -> list[Line]:
    """Write what has room below the funnel of a tiny page, in its columns; what is needed most comes first."""
    _, loss, into, *_ = _fields(frame, snapshot, space, _CELLS, short=True)
    rows = [(*fit(text(f" {label}", "label"), 12), *fit(value, _CELLS, right=True)) for label, value in (loss, into)]
    room = len(rows) if most is None else max(0, most - 1)
    return [*rows[:room], text(" enlarge to 80x24 for tables", "label")]


def _fields(frame: Frame, snapshot: Snapshot, space: Space, cells: int, *, short: bool) -> list[tuple[str, Line]]:
    dot = f" {space.glyphs.dot} "
    stale = frame.stale_s is not None
    age, left = snapshot.oldest_age_s, snapshot.next_loss_s
    if left is not None:
        left -= frame.stale_s or 0.0  # a silent agent stops no deadline
    quantiles = f"{latency(snapshot.latency.p50)}{dot}{latency(snapshot.latency.p99)}"
    oldest, loss, into, out, took = _labels(space, dot, short=short)
    return [
        (oldest, _value(age, "label" if stale else "warn" if (age or 0) > _OLD_S else "text")),
        (loss, _left(left, stale=stale)),
        (into, _ago(snapshot.last_accepted_at, snapshot.as_of, cells, stale=stale)),
        (out, _ago(snapshot.last_delivered_at, snapshot.as_of, cells, stale=stale)),
        (took, text(quantiles, "label" if stale else "text")),
    ]


def _labels(space: Space, dot: str, *, short: bool) -> tuple[str, str, str, str, str]:
    if space.roomy:
        return "Oldest undelivered", "Next loss in", "Last payload in", "Last delivered", f"Latency p50{dot}p99"
    if short:
        return "Oldest", "Next loss", "Last in", "Last out", f"p50{dot}p99"
    return "Oldest waits", "Next loss in", "Last payload", "Last delivery", f"p50{dot}p99"


def _value(seconds: float | None, token: str) -> Line:
    return text(duration(seconds), token if seconds is not None else "label")


def _left(seconds: float | None, *, stale: bool) -> Line:
    """Count down in whole seconds; `over` where nobody has told what came of it."""
    if seconds is None:
        return text(UNKNOWN, "label")
    if seconds < 0 and stale:
        return text("over", "bad")
    return text(whole_seconds(seconds) if seconds >= 1 else "now", "bad" if seconds < _SOON_S else "text")


def _ago(then: datetime | None, now: datetime, cells: int, *, stale: bool) -> Line:
    """Say how long ago; where the news are old, when: `0 s ago` would be a lie."""
    if then is None:
        return text(UNKNOWN, "label")
    if stale:
        return text(clock_time(then))
    age = whole_seconds((now - then).total_seconds())
    return text(f"{age} ago" if len(age) + len(" ago") <= cells else age)
