"""Latency of the last minute and of all time, at a cost per batch instead of per payload."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log2

from insights_tui.domain.payload import Payload
from insights_tui.domain.snapshot import Latency

_PER_OCTAVE = 8
_LOW_S = 1e-4
_BUCKETS = 24 * _PER_OCTAVE + 1  # 0.1 ms … 28 min
_EDGES = [_LOW_S * 2 ** (index / _PER_OCTAVE) for index in range(_BUCKETS)]
_SECONDS = 60
_SHOWN = range(3 * _PER_OCTAVE, 22 * _PER_OCTAVE + 1, _PER_OCTAVE)  # 0.8 ms … 7 min


def bucket(latency_s: float) -> int:
    """Tell the bucket of a latency: its upper edge is at most 9 % above it."""
    if latency_s <= _LOW_S:
        return 0
    return min(_BUCKETS - 1, ceil(log2(latency_s / _LOW_S) * _PER_OCTAVE))


@dataclass(frozen=True, slots=True)
class Latencies:
    """Every latency since the start, by bucket: what a monitoring system adds up over time."""

    bounds_s: tuple[float, ...] = ()
    """Upper bounds, seconds, each twice the one before."""
    at_most: tuple[int, ...] = ()
    """How many took at most that long, bound by bound."""
    count: int = 0
    sum_s: float = 0.0
    """Of all latencies, within 5 %: each bucket counts at the middle of the ends that a batch has in it."""


class LatencyHistogram:
    """Counts latencies by bucket, in a ring of 60 seconds. Times are seconds on the boot-time clock."""

    def __init__(self) -> None:
        self._slots = [[0] * _BUCKETS for _ in range(_SECONDS)]
        self._slot_max = [0.0] * _SECONDS
        self._total = [0] * _BUCKETS
        self._ever = [0] * _BUCKETS
        self._sum = 0.0
        self._second = 0

    def record(self, payloads: Sequence[Payload], deadline_s: float, now: float) -> None:
        """Count acknowledged payloads, given in order of their deadlines."""
        self._turn(now)
        index = self._second % _SECONDS
        slot, total, ever = self._slots[index], self._total, self._ever
        turn = deadline_s + now  # latency = now - acceptance = now - (deadline - deadline_s)
        youngest = bucket(turn - payloads[-1].deadline)
        start, count = 0, len(payloads)
        while start < count:
            place = bucket(turn - payloads[start].deadline)
            end = count if place <= youngest else _first_younger(payloads, turn - _EDGES[place - 1], start)
            slot[place] += end - start
            total[place] += end - start
            ever[place] += end - start
            self._sum += (end - start) * max(0.0, turn - (payloads[start].deadline + payloads[end - 1].deadline) / 2)
            start = end
        self._slot_max[index] = max(self._slot_max[index], turn - payloads[0].deadline, _LOW_S)

    def latency(self, now: float) -> Latency:
        """Tell p50, p99 and the maximum of the last minute."""
        self._turn(now)
        return _latency(self._total, max(self._slot_max))

    def last_second(self, now: float) -> Latency:
        """Tell the same of the last whole second."""
        self._turn(now)
        index = (self._second - 1) % _SECONDS
        return _latency(self._slots[index], self._slot_max[index])

    def latencies(self) -> Latencies:
        """Tell everything since the start, at the bounds of whole octaves."""
        seen, at_most = 0, []
        for index, number in enumerate(self._ever):
            seen += number
            if index in _SHOWN:
                at_most.append(seen)
        return Latencies(tuple(_EDGES[index] for index in _SHOWN), tuple(at_most), seen, self._sum)

    def _turn(self, now: float) -> None:
        second = int(now)
        for step in range(max(self._second + 1, second - _SECONDS + 1), second + 1):
            index = step % _SECONDS
            slot = self._slots[index]
            if self._slot_max[index]:
                self._total = [have - gone for have, gone in zip(self._total, slot, strict=True)]
                self._slots[index] = [0] * _BUCKETS
                self._slot_max[index] = 0.0
        self._second = max(self._second, second)


def _first_younger(payloads: Sequence[Payload], deadline: float, start: int) -> int:
    """Find the first payload after `start` whose deadline is not before `deadline`."""
    low, high = start + 1, len(payloads)
    while low < high:
        middle = (low + high) // 2
        if payloads[middle].deadline < deadline:
            low = middle + 1
        else:
            high = middle
    return low


def _latency(slot: Sequence[int], top: float) -> Latency:
    count = sum(slot)
    return Latency(_quantile(slot, count, 0.5, top), _quantile(slot, count, 0.99, top), top) if count else Latency()


def _quantile(slot: Sequence[int], count: int, share: float, top: float) -> float:
    wanted = max(1, ceil(count * share))
    seen = 0
    for index, number in enumerate(slot):
        seen += number
        if seen >= wanted:
            return min(_EDGES[index], top)
    return top
