"""Below the trends: the minutes, and what happened when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from rich.cells import cell_len

from insights_tui.domain.snapshot import Snapshot, State
from insights_tui.domain.text import sanitize
from insights_tui.tui.charts.window import Window
from insights_tui.tui.glyphs import Glyphs
from insights_tui.tui.lines import Line, Run, cut


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, worth a place on the time axis."""

    at: datetime
    words: str
    token: str
    weight: int
    """Where two are in one column, or the words of two have no room, the greater one stays."""


def axis(window: Window, glyphs: Glyphs, marks: Sequence[Mark] = (), *, after: int = 0) -> Line:
    """Write the minutes, each beginning at its column; as many as fit without touching, then the marks over them.

    The words of the last one may reach `after` cells beyond the last column.
    """
    room = window.columns + max(0, after)
    cells: list[Run] = [(" ", "label")] * room
    marked: dict[int, Mark] = {}
    for mark in sorted(marks, key=lambda one: one.weight):
        where = window.column(mark.at)
        if where is not None:
            marked[where] = mark
    free = 0
    for column, at in window.minutes():
        label = f"{glyphs.tick}{at // 3600 % 24:02}:{at // 60 % 60:02}"  # any clock has these, also one of year 10000
        end = column + len(label)
        if column < free or end > room or any(column <= where <= end for where in marked):
            continue
        cells[column:end] = [(character, "label") for character in label]
        free = end + 1
    for where, mark in marked.items():
        cells[where] = (glyphs.mark, mark.token)
    return _runs(cells)


def marks_of(snapshot: Snapshot, restarted_at: datetime | None = None) -> list[Mark]:
    """Find what the trends should be read against: troubles that began, the end of one, edits, a new agent."""
    found = [
        Mark(one.since, _spaced(one.code.value), "bad" if one.severity == "critical" else "warn", 3)
        for one in reversed(snapshot.problems)
    ]
    for event in snapshot.events:
        if event.code == f"state_{State.CONNECTED.value}":
            found.append(Mark(event.at, "connected", "ok", 1))
        elif event.code.startswith("state_") and event.level != "info":
            found.append(Mark(event.first_at or event.at, _spaced(event.code.removeprefix("state_")), "bad", 2))
    if snapshot.connection is not None:
        who = sanitize(snapshot.connection.changed_by, limit=24)
        found.append(Mark(snapshot.connection.changed_at, f"edited by {who}", "accent", 2))
    if restarted_at is not None:
        found.append(Mark(restarted_at, "agent restarted", "accent", 2))
    return found


def marks_row(window: Window, marks: Sequence[Mark], glyphs: Glyphs, *, before: int = 0, after: int = 0) -> Line:
    """Put each mark at its column, its words beside it where there is room; no row where there is no mark.

    The row begins `before` cells before the first column and ends `after` cells behind the last: words may stand
    there.
    """
    cells: list[Run] = [(" ", "text")] * (before + window.columns + max(0, after))
    placed: dict[int, Mark] = {}
    for mark in sorted(marks, key=lambda one: one.weight):
        column = window.column(mark.at)
        if column is not None:
            placed[before + column] = mark
    if not placed:
        return ()
    for column, mark in placed.items():
        cells[column] = (glyphs.mark, mark.token)
    for column, mark in sorted(placed.items(), key=lambda item: -item[1].weight):
        _write(cells, column, mark, glyphs)
    return _runs(cells)


def _spaced(code: str) -> str:
    return code.replace("_", " ")


def _runs(cells: list[Run]) -> Line:
    return tuple(("".join(one for one, _ in group), token) for token, group in groupby(cells, itemgetter(1)))


def _write(cells: list[Run], column: int, mark: Mark, glyphs: Glyphs) -> None:
    """Write the words to the right of the mark, else to its left, else not at all."""
    words = mark.words if mark.words.isascii() else ""
    size = cell_len(words)
    right = range(column + 2, column + 2 + size)
    left = range(column - 1 - size, column - 1)
    for place, around in ((right, range(column + 1, column + 3 + size)), (left, range(column - 2 - size, column))):
        if not size or place.start < 0 or place.stop > len(cells):
            continue
        if all(index < 0 or index >= len(cells) or cells[index][0] == " " for index in around):
            for index, character in zip(place, cut(words, size, glyphs.ellipsis), strict=True):
                cells[index] = (character, mark.token)
            return
