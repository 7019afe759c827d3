"""Trends of the last five minutes on one time axis, each with its scale, and what happened when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from insights_tui.domain.snapshot import Second, Snapshot
from insights_tui.domain.text import UNKNOWN, latency, rate, thousands
from insights_tui.tui.charts.axis import axis, marks_of, marks_row
from insights_tui.tui.charts.bars import bars, ceiling
from insights_tui.tui.charts.window import Reading, Window, window
from insights_tui.tui.frame import Scene
from insights_tui.tui.lines import BLANK, Line, fit, text
from insights_tui.tui.panels.panel import Panel

_LABEL, _VALUE, _MAXIMUM = 11, 9, 14
_TALLEST = {"medium": 2, "wide": 4}
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
    newest: float | None = None
    """What `now` says, where it may be above all that the columns show: the maximum is never below it."""


class Trends(Panel):
    """Accepted and delivered; with room also pending, the 99th percentile and what is lost."""

    TITLE = "Last 5 min"
    FINEST: ClassVar[dict[str, int]] = {"narrow": 5, "medium": 5, "wide": 2}
    """Seconds that a column covers at least."""

    MARKS_APART: ClassVar[bool] = False
    """Whether what happened has a row of its own, with words, where rows are few."""
    tall: int | None = None
    """Rows that there is room for on a large page, for each trend."""

    def rows(self, scene: Scene) -> int:
        """Tell how many rows each trend has."""
        if not scene.roomy:
            return 1
        return self.tall or (3 if scene.tier == "wide" else 1)

    def scaled(self, scene: Scene) -> bool:
        """Whether a scale stands beside each trend, and air between them; else the maximum stands behind it."""
        return scene.tier == "wide"

    def apart(self, scene: Scene) -> bool:
        """Whether a blank row stands between the trends."""
        return self.scaled(scene)

    def grown(self, snapshot: Snapshot, scene: Scene, spare: int) -> int:
        """Tell how tall each trend may be where so many rows are to spare (less than 0: are missing)."""
        growing = sum(trend.rows is None for trend in self.trends(scene, snapshot))
        return max(1, min(_TALLEST[scene.tier], self.rows(scene) + spare // growing))

    def trends(self, scene: Scene, snapshot: Snapshot) -> list[Trend]:
        """Name the trends."""
        found = [accepted(snapshot), delivered(snapshot)]
        if scene.roomy:
            found += [pending(snapshot), p99(snapshot), lost(scene.frame.history)]
        return found

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the trends, the time axis and the marks."""
        snapshot, glyphs = scene.snapshot, scene.glyphs
        if snapshot is None or scene.tier == "tiny":
            return []
        height = self.rows(scene)
        scaled, apart = self.scaled(scene), self.apart(scene)
        frame = window(
            snapshot.as_of, scene.width - _BEFORE - (0 if scaled else _MAXIMUM), finest=self.FINEST[scene.tier]
        )
        rows: list[Line] = []
        for trend in self.trends(scene, snapshot):
            rows += [BLANK] if rows and apart else []
            rows += _trend(trend, scene, frame, trend.rows or height, scaled=scaled)
        margin, after = (" " * _BEFORE, "text"), scene.width - _BEFORE - frame.columns
        marks = marks_of(snapshot, scene.frame.restarted_at)
        if not self.MARKS_APART and not scene.roomy:
            return [*rows, (margin, *axis(frame, glyphs, marks, after=after))]
        happened = marks_row(frame, marks, glyphs, before=_BEFORE, after=after if self.MARKS_APART else 0)
        return [*rows, (margin, *axis(frame, glyphs, after=after)), *([happened] if happened else [])]


def accepted(snapshot: Snapshot) -> Trend:
    """Payloads a second that came in."""
    now = snapshot.rates.accepted_per_s
    return Trend("accepted", rate(now), lambda second: second.accepted, rate, newest=now)


def delivered(snapshot: Snapshot) -> Trend:
    """Payloads a second that Kafka took."""
    now = snapshot.rates.delivered_per_s
    return Trend("delivered", rate(now), lambda second: second.delivered, rate, newest=now)


def pending(snapshot: Snapshot) -> Trend:
    """Payloads without an outcome."""
    now = snapshot.counts.pending
    return Trend("pending", thousands(now), lambda second: second.pending, whole, newest=now)


def p99(snapshot: Snapshot) -> Trend:
    """Tell the 99th percentile of the time to Kafka's answer."""
    now = snapshot.latency.p99
    return Trend("p99", latency(now), lambda second: second.p99_s, latency, least=0.01, newest=now)


def lost(history: Sequence[Second]) -> Trend:
    """Payloads lost in a second, for whatever reason; a flat line while there are none."""
    now = history[-1].lost if history else None
    some = any(second.lost for second in history)
    return Trend(
        "lost", rate(now), lambda second: second.lost, rate, ink="bad" if some else "trend", rows=None if some else 1
    )


def _trend(trend: Trend, scene: Scene, frame: Window, height: int, *, scaled: bool) -> list[Line]:
    values = frame.highest(scene.frame.history, trend.reading)
    known = [value for value in (*values, trend.newest) if value is not None]
    top = ceiling(values, least=trend.least)
    rows = bars(values, scene.glyphs.levels, height, top=top)
    highest = text(f" max {trend.write(max(known)) if known else UNKNOWN}", "label")
    label, now = text(f" {trend.label}", "label"), text(trend.now, "strong")
    if height == 1 or not scaled:  # words on the zero line: what is above it is air between them
        head = (*fit(label, _LABEL), *fit(now, _VALUE, right=True), ("  ", "text"))
        tail = () if scaled else ((" ", "text"), *highest)
        return [
            *(((" " * _BEFORE, "text"), (row, trend.ink)) for row in rows[:-1]),
            (*head, *_inked(rows[-1], trend, scene.glyphs.levels[0]), *tail),
        ]
    heads = [label, ((" ", "text"), *now), highest] if height > _TWO else [(*fit(label, _LABEL), *now), highest]
    scales = [trend.write(top), *[""] * (height - 2), trend.write(0)]
    lines: list[Line] = []
    for index, (row, scale) in enumerate(zip(rows, scales, strict=True)):
        head = heads[index] if index < len(heads) else ()
        left = fit(head, _BEFORE - 1 - max(len(scale) + 1, 1))
        edge = (scene.glyphs.edge if scale else " ", "rule")
        inked = _inked(row, trend, scene.glyphs.levels[0])
        lines.append((*left, (f" {scale}" if scale else " ", "label"), edge, *inked))
    return lines


def _inked(row: str, trend: Trend, zero: str) -> Line:
    """Give a row its colour; zero is the same quiet line everywhere, for a red one looks like something."""
    if trend.ink == "trend":
        return text(row, trend.ink)
    return tuple(("".join(part), "trend" if flat else trend.ink) for flat, part in groupby(row, zero.__eq__))


def whole(value: float) -> str:
    """Write a count."""
    return thousands(int(value))
