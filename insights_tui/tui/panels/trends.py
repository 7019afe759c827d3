"""Trends of the last five minutes on one time axis, each with its maximum; one colour, columns that stand still.

A column covers a fixed stretch of absolute time and shows its highest second, so that a tick changes one column
and the whole line moves just when a stretch is over.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from insights_tui.domain.snapshot import Second, Snapshot
from insights_tui.domain.text import UNKNOWN, latency, rate, thousands
from insights_tui.tui.frame import Frame, Space, View
from insights_tui.tui.lines import Line, fit, text
from insights_tui.tui.panels.panel import Panel

WINDOW_S = 300
_LABEL, _VALUE, _MAXIMUM = 11, 10, 14


@dataclass(frozen=True, slots=True)
class _Trend:
    label: str
    now: str
    reading: Callable[[Second], float | None]
    write: Callable[[float], str]


class Trends(Panel):
    """Accepted and delivered; with room also pending and the 99th percentile."""

    TITLE = "Last 5 min"

    def lines(self, view: View) -> list[Line]:
        """Draw one line a trend."""
        if view.snapshot is None or view.tier == "tiny":
            return []
        room = max(8, view.width - _LABEL - _VALUE - _MAXIMUM - 4)
        step = max(1, ceil(WINDOW_S / room))
        return [_line(trend, view.frame, view.space, step) for trend in _trends(view.snapshot, view.space)]


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


def _line(trend: _Trend, frame: Frame, space: Space, step: int) -> Line:
    values = buckets(frame.history, trend.reading, step=step)
    known = [value for value in values if value is not None]
    highest = f"max {trend.write(max(known))}" if known else f"max {UNKNOWN}"
    return (
        *fit(text(f" {trend.label}", "label"), _LABEL),
        *fit(text(trend.now, "strong"), _VALUE, right=True),
        ("  ", "text"),
        (bars(values, space.glyphs.levels), "accent"),
        ("  ", "text"),
        *fit(text(highest, "label"), _MAXIMUM),
    )


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


def bars(values: Sequence[float | None], levels: str) -> str:
    """Draw values as heights: the lowest glyph is zero alone, unknown is a blank."""
    highest = max((value for value in values if value is not None), default=0)
    top = len(levels) - 1
    drawn = []
    for value in values:
        if value is None:
            drawn.append(" ")
        elif value <= 0 or highest <= 0:
            drawn.append(levels[0])
        else:
            drawn.append(levels[max(2, min(top, ceil(top * value / highest)))])
    return "".join(drawn)


def _whole(value: float) -> str:
    return thousands(int(value))
