"""Values as heights, against a scale that seldom moves."""

from collections.abc import Sequence
from math import ceil, floor, log10

_NICE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def ceiling(values: Sequence[float | None], *, least: float = 1.0) -> float:
    """Give the end of the scale: the next round number from the highest value on, at least `least`.

    Round, so that a peak a little higher than the last one does not draw the whole chart anew.
    """
    highest = max((value for value in values if value is not None), default=0.0)
    if highest <= least:
        return least
    power = 10.0 ** floor(log10(highest))
    return next(nice * power for nice in _NICE if nice * power >= highest * 0.999999)


def bars(values: Sequence[float | None], levels: str, height: int = 1, *, top: float | None = None) -> list[str]:
    """Draw values as heights, top row first: the lowest glyph is zero alone, unknown is a blank.

    `top` is the end of the scale, else the highest value. The highest stops short of the row above it, so that
    trends below each other do not run together.
    """
    scale = top if top is not None else max((value for value in values if value is not None), default=0)
    full = len(levels) - 1
    most = full * height - 1
    columns = []
    for value in values:
        if value is None:
            columns.append(" " * height)
            continue
        eighths = max(2, min(most, ceil(most * value / scale))) if value > 0 else 0
        rows = [max(0, min(full, eighths - full * row)) for row in range(height)]
        columns.append("".join(levels[part] if part or row == 0 else " " for row, part in enumerate(rows)))
    return ["".join(column[row] for column in columns) for row in reversed(range(height))]
