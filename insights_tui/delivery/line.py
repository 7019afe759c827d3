"""A line of payloads in order of their deadlines: the front ready, what is far behind it packed."""

import marshal
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cramjam

from insights_tui.domain.payload import Payload

PACK = 500
"""Payloads in one pack: 1 ms to fold 150 kB up, 0.5 ms to unfold them."""

RECORD_BYTES = 130
"""What a record takes beside its value: headers, lengths."""


class _Pack(NamedTuple):
    size: int
    deadline: float
    """Of its first payload."""
    data: bytes


class Line:
    """A queue in order of deadlines.

    Two windows at most are kept as payloads, the front and the back of the line; the middle is packed (marshal and
    zstd), which holds a million payloads in a quarter of the memory and keeps the garbage collector's passes short.
    """

    __slots__ = ("_back", "_count", "_front", "_packs", "_window")

    def __init__(self, window: int) -> None:
        self._front: deque[Payload] = deque()
        self._packs: deque[_Pack] = deque()
        self._back: deque[Payload] = deque()
        self._window = max(window, 2 * PACK)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Payload]:
        yield from self._front
        for pack in self._packs:
            yield from _unfold(pack)
        yield from self._back

    @property
    def last_deadline(self) -> float:
        """The deadline of the last payload; minus infinity where there is none."""
        if self._back:
            return self._back[-1].deadline
        if self._packs:  # the back is never empty while there are packs
            raise AssertionError
        return self._front[-1].deadline if self._front else float("-inf")

    @property
    def deadline(self) -> float | None:
        """The deadline of the first payload."""
        return self._front[0].deadline if self._front else None

    def extend(self, payloads: Sequence[Payload]) -> None:
        """Put payloads at the end; none has an earlier deadline than `last_deadline`."""
        self._count += len(payloads)
        if not self._packs and not self._back and len(self._front) < self._window:
            self._front.extend(payloads)
            return
        back = self._back
        back.extend(payloads)
        while len(back) > self._window:
            taken = [back.popleft() for _ in range(PACK)]
            data = cramjam.zstd.compress(marshal.dumps([tuple(payload) for payload in taken]), level=1)
            self._packs.append(_Pack(PACK, taken[0].deadline, bytes(data)))

    def take(self, max_bytes: int, max_payloads: int) -> tuple[list[Payload], int]:
        """Take the first payloads, at least one where there is any; tell them and the bytes of their values.

        `max_bytes` counts records as they are encoded, headers included.
        """
        out: list[Payload] = []
        size = used = 0
        limit = min(max_payloads, self._count)
        step = 16
        while len(out) < limit and used < max_bytes:
            pop = self._front.popleft
            some = [pop() for _ in range(min(step, limit - len(out), len(self._front)))]
            out += some
            size += sum([len(payload[2]) for payload in some])
            used = size + RECORD_BYTES * len(out)
            # towards the limit by halves, so that unequal sizes overshoot by few payloads
            step = max(1, (max_bytes - used) * len(out) // (2 * used))
            if not self._front and self._count > len(out):
                self._refill()
        self._count -= len(out)
        return out, size

    def take_before(self, deadline: float) -> list[Payload]:
        """Take all payloads whose deadline is not after `deadline`."""
        out: list[Payload] = []
        while self._front and self._front[0].deadline <= deadline:
            out.append(self._front.popleft())
            if not self._front and self._count > len(out):
                self._refill()
        self._count -= len(out)
        return out

    def _refill(self) -> None:
        if self._packs:
            self._front.extend(_unfold(self._packs.popleft()))
        else:
            self._front, self._back = self._back, self._front


def _unfold(pack: _Pack) -> list[Payload]:
    rows = marshal.loads(bytes(cramjam.zstd.decompress(pack.data)))  # noqa: S302 - our own bytes, never left memory
    return [Payload._make(row) for row in rows]


class Lines:
    """Lines beside each other, where payloads come out of order: one, unless the deadline setting was shortened."""

    __slots__ = ("_lines", "_window")

    def __init__(self, window: int) -> None:
        self._window = window
        self._lines = [Line(window)]

    def __len__(self) -> int:
        lines = self._lines
        return len(lines[0]) if len(lines) == 1 else sum(map(len, lines))

    def __iter__(self) -> Iterator[Payload]:
        for line in self._lines:
            yield from line

    @property
    def deadline(self) -> float | None:
        """The earliest deadline."""
        return min((line.deadline for line in self._lines if line.deadline is not None), default=None)

    def extend(self, payloads: Sequence[Payload]) -> None:
        """Put payloads, in order of their deadlines, where they keep a line in order."""
        if payloads:
            first = payloads[0].deadline
            for line in self._lines:
                if line.last_deadline <= first:
                    line.extend(payloads)
                    return
            line = Line(self._window)
            line.extend(payloads)
            self._lines.append(line)

    def take(self, max_bytes: int, max_payloads: int) -> tuple[list[Payload], int]:
        """Take from the line whose first deadline is the earliest."""
        lines = self._lines
        if len(lines) == 1:
            return lines[0].take(max_bytes, max_payloads)
        self._lines = lines = [line for line in lines if len(line)] or [Line(self._window)]
        return min(lines, key=_first).take(max_bytes, max_payloads)

    def take_before(self, deadline: float) -> list[Payload]:
        """Take all payloads whose deadline is not after `deadline`."""
        return [payload for line in self._lines for payload in line.take_before(deadline)]

    def drain(self) -> list[Payload]:
        """Take everything, in order of deadlines."""
        everything = sorted(self, key=_deadline)
        self._lines = [Line(self._window)]
        return everything


def _first(line: Line) -> float:
    return float("inf") if line.deadline is None else line.deadline


def _deadline(payload: Payload) -> float:
    return payload.deadline
