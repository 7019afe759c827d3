"""What one version of an algorithm has reported, folded column by column so that it costs next to nothing."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from insights_tui.domain.algorithms import MAX_PAYLOAD, Algorithm, DecidedBy, SeenMetric
from insights_tui.domain.clock import Moment
from insights_tui.domain.report import RESERVED, MetricKind, Names, Number, Report

MAX_METRICS = 100
"""Names told apart for one version; a hostile one may invent a new name with each payload."""
MAX_NAME = 200
"""Characters of a metric's name that are kept."""
RATE_S = 10.0
"""Seconds that a rate is reckoned over."""
_FEW = 2
"""Metrics of which `itemgetter` makes a tuple."""
_STOP_GAPS, _STOP_S, _STOP_COUNT = 20, 60.0, 10
"""A metric has stopped after 20 times its usual gap, a minute at least; ten reports make a habit."""


class Change(NamedTuple):
    """Something about a metric that people want to know."""

    metric: str
    what: str
    """`stopped`, `back`, or the kind that it has now."""
    before: str = ""


class _Metric:
    __slots__ = ("count", "first", "kind", "last", "last_at", "latest", "least", "most", "stopped", "told")

    def __init__(self, kind: MetricKind, first: int) -> None:
        self.kind: MetricKind = kind
        self.latest: Number | None = None
        self.least: Number | None = None
        self.most: Number | None = None
        self.count = 0
        self.first = self.last = first  # by number of the version's payloads
        self.last_at = 0.0
        self.stopped = False
        self.told: set[tuple[str, str]] = set()

    def took(self, values: Sequence[Number]) -> None:
        low, high = min(values), max(values)
        self.latest = values[-1]
        self.least = low if self.least is None else min(self.least, low)
        self.most = high if self.most is None else max(self.most, high)


class Seen:
    """One version; belongs to the loop."""

    def __init__(self, names: Names, *, on: bool, decided_by: DecidedBy) -> None:
        self.names, self.on, self.decided_by = names, on, decided_by
        self.waiting: list[Report] = []
        """Reports that are not folded in yet."""
        self.latest = b""
        """The value of the latest payload that was accepted; where it is too long it is dropped with the next fold."""
        self.latest_bytes, self.latest_at = 0, 0.0
        self.payloads = self.disabled = self.beyond = 0
        self.first_at = self.last_at = 0.0
        """Wall time, seconds; 0 where none came yet."""
        self.metrics: dict[str, _Metric] = {}
        self.fresh = True
        """What an earlier process wrote of it was not looked up yet."""
        self._rate, self._rate_at, self._lately = 0.0, 0.0, 0

    def refused(self, count: int, now: Moment) -> None:
        """Note payloads that were not taken in because Insights is off."""
        self.disabled += count
        self._came(count, now)

    def fold(self, now: Moment) -> list[Change]:
        """Take over the reports that wait; gives what changed about the metrics."""
        reports, self.waiting = self.waiting, []
        if not reports:
            return []
        changes: list[Change] = []
        before = self.payloads
        self.payloads += len(reports)
        self._came(len(reports), now)
        self._look_at_latest(now)
        alike = not [1 for report in reports if report[1] or report[3]]  # `_is_odd`, without a call for each
        for odd, several in ((False, reports),) if alike else groupby(reports, _is_odd):
            some = list(several)
            if odd or not self._fold_alike([report.metrics for report in some], now, changes):
                for report in some:
                    self._fold_one(report, now, changes)
        if len(self.metrics) and (self.payloads // 64 > before // 64 or len(reports) < 64):
            self._look_for_stopped(now, changes)
        return changes

    def _came(self, count: int, now: Moment) -> None:
        self.first_at = self.first_at or now.wall
        self.last_at = now.wall
        self._rate = self.rate(now) + count / RATE_S
        self._rate_at = now.boot

    def _look_at_latest(self, now: Moment) -> None:
        self.latest_at, self.latest_bytes = now.wall, len(self.latest)
        if self.latest_bytes > MAX_PAYLOAD:
            self.latest = b""

    def rate(self, now: Moment) -> float:
        """Tell the payloads a second: an average whose weight halves about every seven seconds."""
        return self._rate * math.exp(-max(0.0, now.boot - self._rate_at) / RATE_S)

    def _fold_alike(self, plain: Sequence[dict[str, Number]], now: Moment, changes: list[Change]) -> bool:
        """Fold reports that hold the same metrics, a column at a time; `False` where they do not."""
        names = list(plain[0])
        if len(names) < _FEW or set(map(len, plain)) != {len(names)}:
            return False
        try:
            rows = list(map(itemgetter(*names), plain))
        except KeyError:
            return False
        for name, column in zip(names, zip(*rows, strict=True), strict=True):
            self._note(name, "number", column, len(column), now, changes)
        return True

    def _fold_one(self, report: Report, now: Moment, changes: list[Change]) -> None:
        for name, value in report.metrics.items():
            self._note(name, report.kinds.get(name, "number"), (value,), 1, now, changes)
        for drop in report.dropped:
            if drop.name and drop.name not in RESERVED:
                self._note(drop.name, "dropped", (), 1, now, changes)

    def _note(
        self, name: str, kind: MetricKind, values: Sequence[Number], count: int, now: Moment, changes: list[Change]
    ) -> None:
        name = name[:MAX_NAME]
        metric = self.metrics.get(name)
        if metric is None:
            if len(self.metrics) >= MAX_METRICS:
                self.beyond += count
                return
            metric = self.metrics[name] = _Metric(kind, self.payloads)
        if kind != metric.kind:
            if (metric.kind, kind) not in metric.told:  # one that goes to and fro is told of once each way
                metric.told.add((metric.kind, kind))
                changes.append(Change(name, kind, metric.kind))
            metric.kind = kind
        if metric.stopped:
            metric.stopped = False
            changes.append(Change(name, "back"))
        metric.count += count
        metric.last = self.payloads
        metric.last_at = now.wall
        if values:
            metric.took(values)

    def _look_for_stopped(self, now: Moment, changes: list[Change]) -> None:
        for name, metric in self.metrics.items():
            missed = self.payloads - metric.last
            if missed < _STOP_GAPS or metric.stopped or metric.count < _STOP_COUNT:
                continue
            gap = max(1.0, (metric.last - metric.first + 1) / metric.count)
            if missed > _STOP_GAPS * gap and now.wall - metric.last_at >= _STOP_S:
                metric.stopped = True
                changes.append(Change(name, "stopped"))

    def told(self, now: Moment, *, metrics: bool, payload: bool = False) -> Algorithm:
        """Tell it as the API does; the latest payload only where it is asked for."""
        return Algorithm(
            *self.names,
            insights_enabled=self.on,
            decided_by=self.decided_by,
            payloads=self.payloads,
            disabled=self.disabled,
            rate_per_s=round(self.rate(now), 3),
            first_at=_utc(self.first_at),
            last_at=_utc(self.last_at),
            metric_count=len(self.metrics),
            metrics_beyond=self.beyond,
            metrics=tuple(self._metric(name) for name in sorted(self.metrics)) if metrics else (),
            payload=self.latest.decode("ascii", "replace") if payload and self.latest else None,
            payload_bytes=self.latest_bytes,
            payload_at=_utc(self.latest_at),
        )

    def _metric(self, name: str) -> SeenMetric:
        one = self.metrics[name]
        at = datetime.fromtimestamp(one.last_at, UTC)
        return SeenMetric(name, one.kind, one.latest, one.least, one.most, one.count, at, one.stopped)

    def add(self, earlier: Algorithm) -> None:
        """Take over what an earlier process, or this one before it forgot it, has kept."""
        self.fresh = False
        shift = earlier.payloads
        self.payloads += shift
        self.disabled += earlier.disabled
        self.beyond += earlier.metrics_beyond
        if earlier.first_at is not None:
            self.first_at = earlier.first_at.timestamp()
        if earlier.last_at is not None:
            self.last_at = max(self.last_at, earlier.last_at.timestamp())
        if not self.latest_at and earlier.payload_at is not None:
            self.latest = (earlier.payload or "").encode("ascii", "replace")
            self.latest_bytes, self.latest_at = earlier.payload_bytes, earlier.payload_at.timestamp()
        for metric in self.metrics.values():
            metric.first += shift
            metric.last += shift
        for old in earlier.metrics:
            now = self.metrics.get(old.name)
            if now is None:
                if len(self.metrics) >= MAX_METRICS:
                    self.beyond += old.count
                    continue
                now = self.metrics[old.name] = _Metric(old.kind, shift)
                now.latest, now.last_at, now.stopped = _number(old.last), old.last_at.timestamp(), old.stopped
            now.first = max(0, shift - old.count)
            now.count += old.count
            now.least = _lesser(now.least, _number(old.min), least=True)
            now.most = _lesser(now.most, _number(old.max), least=False)


def _is_odd(report: Report) -> bool:
    return bool(report.kinds or report.dropped)


def _number(value: float | None) -> Number | None:
    return value


def _lesser(one: Number | None, other: Number | None, *, least: bool) -> Number | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other) if least else max(one, other)


def _utc(wall: float) -> datetime | None:
    return datetime.fromtimestamp(wall, UTC) if wall else None


def without_rate(algorithm: Algorithm) -> Algorithm:
    """Strip what means nothing later."""
    return replace(algorithm, rate_per_s=0.0)
