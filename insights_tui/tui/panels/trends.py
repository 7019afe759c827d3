"""Trends of the last five minutes on one time axis, each with its scale, and what happened when."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import UNKNOWN, latency, rate, thousands
from insights_tui.tui.charts.axis import axis, marks_of, marks_row
from insights_tui.tui.charts.bars import bars, ceiling
from insights_tui.tui.charts.window import Reading, Window, window
from insights_tui.tui.frame import Scene
from insights_tui.tui.lines import Line, fit, text
from insights_tui.tui.panels.panel import Panel

_LABEL, _VALUE, _MAXIMUM = 11, 9, 14
_TWO = 2
_BEFORE = _LABEL + _VALUE + 2
"""Cells to the left of the columns, however high a trend is: all share one time axis."""


@dataclass(frozen=True, slots=True)
class Trend:
    """One row or more of a chart."""

    label: str
    now: str
    reading: Reading
    write: Callable[[float], str]
    least: float = 1.0
    """The scale never ends below this: noise stays small."""
    ink: str = "trend"
    rows: int | None = None
    """Rows of its own; else as many as the chart gives each."""


class Trends(Panel):
    """Accepted and delivered; with room also pending, the 99th percentile and what is lost."""

    TITLE = "Last 5 min"
    FINEST: ClassVar[dict[str, int]] = {"narrow": 5, "medium": 5, "wide": 2}
    """Seconds that a column covers at least."""

    MARKS_APART: ClassVar[bool] = False
    """Whether what happened has a row of its own, with words, where rows are few."""

    def rows(self, scene: Scene) -> int:
        """Tell how many rows each trend has."""
        return 3 if scene.tier == "wide" else 1

    def trends(self, scene: Scene, snapshot: Snapshot) -> list[Trend]:
        """Name the trends."""
        found = [accepted(snapshot), delivered(snapshot)]
        if scene.roomy:
            found += [pending(snapshot), p99(snapshot), lost(snapshot)]
        return found

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the trends, the time axis and the marks."""
        snapshot, glyphs = scene.snapshot, scene.glyphs
        if snapshot is None or scene.tier == "tiny":
            return []
        height = self.rows(scene)
        room = scene.width - _BEFORE - (1 if height > 1 else _MAXIMUM)
        history = scene.frame.history
        last = history[-1].at if history else snapshot.as_of
        frame = window(last, room, finest=self.FINEST[scene.tier])
        rows: list[Line] = []
        for trend in self.trends(scene, snapshot):
            rows += _trend(trend, scene, frame, trend.rows or height, alone=height == 1)
        margin = (" " * _BEFORE, "text")
        marks = marks_of(snapshot)
        if not self.MARKS_APART and not scene.roomy:
            return [*rows, (margin, *axis(frame, glyphs, marks))]
        apart = marks_row(frame, marks, glyphs)
        return [*rows, (margin, *axis(frame, glyphs)), *([(margin, *apart)] if apart else [])]


def accepted(snapshot: Snapshot) -> Trend:
    """Payloads a second that came in."""
    return Trend("accepted", rate(snapshot.rates.accepted_per_s), lambda second: second.accepted, rate)


def delivered(snapshot: Snapshot) -> Trend:
    """Payloads a second that Kafka took."""
    return Trend("delivered", rate(snapshot.rates.delivered_per_s), lambda second: second.delivered, rate)


def pending(snapshot: Snapshot) -> Trend:
    """Payloads without an outcome."""
    return Trend("pending", thousands(snapshot.counts.pending), lambda second: second.pending, whole)


def p99(snapshot: Snapshot) -> Trend:
    """Tell the 99th percentile of the time to Kafka's answer."""
    return Trend("p99", latency(snapshot.latency.p99), lambda second: second.p99_s, latency, least=0.01)


def lost(snapshot: Snapshot) -> Trend:
    """Payloads lost in a second, for whatever reason."""
    return Trend("lost", thousands(snapshot.counts.lost), lambda second: second.lost, whole)


def _trend(trend: Trend, scene: Scene, frame: Window, height: int, *, alone: bool) -> list[Line]:
    values = frame.highest(scene.frame.history, trend.reading)
    known = [value for value in values if value is not None]
    top = ceiling(values, least=trend.least)
    rows = bars(values, scene.glyphs.levels, height, top=top)
    highest = text(f" max {trend.write(max(known)) if known else UNKNOWN}", "label")
    label, now = text(f" {trend.label}", "label"), text(trend.now, "strong")
    if height == 1:
        head = (*fit(label, _LABEL), *fit(now, _VALUE, right=True), ("  ", "text"))
        tail = ((" ", "text"), *highest) if alone else ()
        return [(*head, (rows[0], trend.ink), *tail)]
    heads = [label, ((" ", "text"), *now), highest] if height > _TWO else [(*fit(label, _LABEL), *now), highest]
    scales = [trend.write(top), *[""] * (height - 2), trend.write(0)]
    lines: list[Line] = []
    for index, (row, scale) in enumerate(zip(rows, scales, strict=True)):
        head = heads[index] if index < len(heads) else ()
        left = fit(head, _BEFORE - 1 - max(len(scale) + 1, 1))
        edge = (scene.glyphs.edge if scale else " ", "rule")
        lines.append((*left, (f" {scale}" if scale else " ", "label"), edge, (row, trend.ink)))
    return lines


def whole(value: float) -> str:
    """Write a count."""
    return thousands(int(value))
