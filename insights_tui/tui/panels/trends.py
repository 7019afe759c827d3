"""Trends of the last five minutes on one time axis, each with its maximum; one colour, columns that stand still.

A column covers a fixed stretch of absolute time and shows its highest second, so that a tick changes one column
and the whole line moves just when a stretch is over.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from insights_tui.domain.snapshot import Second, Snapshot
from insights_tui.domain.text import UNKNOWN, latency, rate, thousands
from insights_tui.tui.frame import Scene, Space
from insights_tui.tui.lines import Line, fit, text
from insights_tui.tui.panels.panel import Panel

WINDOW_S = 300
_LABEL, _VALUE, _MAXIMUM = 11, 10, 13
_STEP_S = 5
"""A column covers at least this: finer ones move more often than anybody looks, and each move costs bytes."""
_WALL_ROWS = 3


@dataclass(frozen=True, slots=True)
class _Trend:
    label: str
    now: str
    reading: Callable[[Second], float | None]
    write: Callable[[float], str]


class Trends(Panel):
    """Accepted and delivered; with room also pending and the 99th percentile."""

    TITLE = "Last 5 min"

    def lines(self, scene: Scene) -> list[Line]:
        """Draw one line a trend."""
        if scene.snapshot is None or scene.tier == "tiny":
            return []
        room = max(8, scene.width - _LABEL - _VALUE - _MAXIMUM - 4)
        step = max(_STEP_S, ceil(WINDOW_S / room))
        height = _WALL_ROWS if scene.tier == "wide" else 1
        trends = _trends(scene.snapshot, scene.space)
        return [line for trend in trends for line in _lines(trend, scene, step, height)]


def _trends(snapshot: Snapshot, space: Space) -> list[_Trend]:
    trends = [
        _Trend("accepted", rate(snapshot.rates.accepted_per_s), lambda second: second.accepted, rate),
        _Trend("delivered", rate(snapshot.rates.delivered_per_s), lambda second: second.delivered, rate),
    ]
    if space.roomy:
        trends += [
            _Trend("pending", thousands(snapshot.counts.pending), lambda second: second.pending, _whole),
            _Trend("p99", latency(snapshot.latency.p99), lambda second: second.p99_s, latency),
            _Trend("lost", thousands(snapshot.counts.lost), lambda second: second.lost, _whole),
        ]
    return trends


def _lines(trend: _Trend, scene: Scene, step: int, height: int) -> list[Line]:
    values = buckets(scene.frame.history, trend.reading, step=step)
    known = [value for value in values if value is not None]
    highest = f"max {trend.write(max(known))}" if known else f"max {UNKNOWN}"
    head: Line = (*fit(text(f" {trend.label}", "label"), _LABEL), *fit(text(trend.now, "strong"), _VALUE, right=True))
    rows = bars(values, scene.glyphs.levels, height)
    return [
        (
            *(head if index == height - 1 else fit((), _LABEL + _VALUE)),
            ("  ", "text"),
            (row, "trend"),
            ("  ", "text"),
            *fit(text(highest if index == height - 1 else "", "label"), _MAXIMUM),
        )
        for index, row in enumerate(rows)
    ]


def buckets(history: Sequence[Second], reading: Callable[[Second], float | None], *, step: int) -> list[float | None]:
    """Give the highest reading of each stretch of `step` seconds, oldest first; `None` where nothing was measured."""
    slots = ceil(WINDOW_S / step)
    values: list[float | None] = [None] * slots
    if not history:
        return values
    last = int(history[-1].at.timestamp()) // step
    for second in history:
        index = slots - 1 - (last - int(second.at.timestamp()) // step)
        value = reading(second)
        if index < 0 or value is None:
            continue
        before = values[index]
        values[index] = value if before is None else max(before, value)
    return values


def bars(values: Sequence[float | None], levels: str, height: int = 1) -> list[str]:
    """Draw values as heights, top row first: the lowest glyph is zero alone, unknown is a blank.

    The highest stops short of the row above it, so that trends below each other do not run together.
    """
    highest = max((value for value in values if value is not None), default=0)
    full = len(levels) - 1
    top = full * height - 1
    columns = []
    for value in values:
        if value is None:
            columns.append(" " * height)
            continue
        eighths = max(2, min(top, ceil(top * value / highest))) if value > 0 else 0
        rows = [max(0, min(full, eighths - full * row)) for row in range(height)]
        columns.append("".join(levels[part] if part or row == 0 else " " for row, part in enumerate(rows)))
    return ["".join(column[row] for column in columns) for row in reversed(range(height))]


def _whole(value: float) -> str:
    return thousands(int(value))
