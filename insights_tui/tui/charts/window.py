"""The stretch of time that a chart shows, in columns that stand still.

A column covers a fixed stretch of absolute time, and the window moves on by half a minute at once: a tick changes
one column of a trend, and the rest is sent again twice a minute. A chart that slides by a column at a time would
cost its whole width each time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor

from insights_tui.domain.snapshot import Second

SPAN_S = 300
"""Seconds that are always in the window; the agent keeps as many."""
_MOVE_S = 30
"""Seconds by which the window moves on at least."""

Reading = Callable[[Second], float | None]


@dataclass(frozen=True, slots=True)
class Window:
    """Columns of `step` seconds, the first of which begins at `start` (Unix seconds)."""

    start: int
    step: int
    columns: int

    def column(self, at: datetime) -> int | None:
        """Tell in which column an instant is; `None` where it is outside."""
        index = floor((at.timestamp() - self.start) / self.step)
        return index if 0 <= index < self.columns else None

    def highest(self, history: Sequence[Second], reading: Reading) -> list[float | None]:
        """Give the highest reading of each column; `None` where nothing was measured."""
        values: list[float | None] = [None] * self.columns
        for second in history:
            index, value = self.column(second.at), reading(second)
            if index is None or value is None:
                continue
            before = values[index]
            values[index] = value if before is None else max(before, value)
        return values

    def minutes(self) -> list[tuple[int, int]]:
        """Tell where the minutes begin: column and Unix seconds."""
        first = ceil(self.start / 60) * 60
        ends = self.start + self.columns * self.step
        return [((at - self.start) // self.step, at) for at in range(first, ends, 60)]


def window(last: datetime, room: int, *, finest: int = 2) -> Window:
    """Lay the window so that `last` is in it, in at most `room` columns of at least `finest` seconds."""
    step = finest
    while ceil(SPAN_S / step) + ceil(_MOVE_S / step) > max(8, room):
        step += 1
    kept, spare = ceil(SPAN_S / step), ceil(_MOVE_S / step)
    block = int(last.timestamp()) // (step * spare)
    end = (block + 1) * step * spare
    columns = kept + spare
    return Window(start=end - columns * step, step=step, columns=columns)
