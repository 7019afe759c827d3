"""The funnel: where payloads are, in the order they move, each number with the line that gives it meaning."""

from insights_tui.domain.snapshot import Snapshot, State
from insights_tui.domain.text import duration, moment, percent, rate, thousands
from insights_tui.domain.trouble import Code
from insights_tui.tui.frame import Scene, Space
from insights_tui.tui.glyphs import ASCII
from insights_tui.tui.lines import Line, columns, crop, fit, text, width
from insights_tui.tui.panels.big_digits import big, can_be_big
from insights_tui.tui.panels.panel import Panel

COLUMNS = 5
_TINY = 11
"""Cells of a number on a tiny page."""
_BESIDE = 12 + _TINY + 6
"""Cells of what stands before the last words there: the label, the number, ` open`."""
FUNNEL_ROWS = 5
"""Rows of a tiny page: a stage each."""
_LAST = 15
"""Cells of the last column at least, the margin before the first one among them: `10 ms · 2.4 s`."""
SHORT = 15
"""Cells of a column below which words get short."""


def column_size(width: int) -> int:
    """Tell how wide the columns of the page's figures are; the last has what is left of the row."""
    return min((width - _LAST) // (COLUMNS - 1), max((width - 1) // COLUMNS, SHORT))


_PARTS = (
    ("rejected", "rejected"),
    ("expired_unsent", "expired unsent"),
    ("expired_unknown", "expired unknown"),
    ("damaged", "damaged"),
)
_CALM = (State.NOT_CONNECTED, State.CONNECTING, State.CONNECTED)
"""States whose word is not on a coloured ground."""
Stage = tuple[str, Line, Line]
"""Label, number, meaning."""


class Funnel(Panel):
    """Queued, In flight, Delivered, Retrying, Lost."""

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the stages side by side, or below each other where there is no room."""
        if scene.snapshot is None:
            return []
        size = column_size(scene.width)
        tiny = scene.tier == "tiny"
        cells = _TINY if tiny else size - 1
        last = scene.width - (_BESIDE if tiny else 1 + (COLUMNS - 1) * size)
        stages = _stages(scene.snapshot, scene.space, cells, last, short=size < SHORT and not tiny)
        if scene.tier == "tiny":
            return [
                (
                    *fit(text(f" {label}", "label"), 12),
                    *fit(number[:1], _TINY, right=True),
                    *number[1:],
                    (" " if number[1:] else "  ", "text"),
                    *meaning,
                )
                for label, number, meaning in stages
            ]
        dots = scene.glyphs.ellipsis
        numbers: list[tuple[Line, ...]] = [(number,) for _, number, _ in stages]
        if scene.tier == "wide" and scene.glyphs is not ASCII:
            numbers = [_tall(number, size) for _, number, _ in stages]
        rows: list[list[Line]] = [
            [text(label, "label") for label, _, _ in stages],
            *map(list, zip(*numbers, strict=True)),
            [meaning for _, _, meaning in stages],
        ]
        return [crop(((" ", "text"), *columns(row, size, dots)), scene.width, dots) for row in rows]


def _stages(snapshot: Snapshot, space: Space, cells: int, last: int, *, short: bool) -> list[Stage]:
    counts = snapshot.counts
    arrow = f" {space.glyphs.arrow}" if space.tier != "tiny" and not short else ""
    return [
        ("Queued" + arrow, _number(counts.queued, cells), _queued(snapshot, space)),
        ("In flight" + arrow, _number(counts.in_flight, cells), _in_flight(snapshot, short=short)),
        ("Delivered", _number(counts.delivered, cells), _delivered(snapshot)),
        ("Retrying", _number(counts.retrying, cells, "worry"), _retrying(snapshot, short=short)),
        ("Lost", _lost_number(snapshot), _lost(snapshot, last)),
    ]


def _tall(number: Line, size: int) -> tuple[Line, Line, Line]:
    """Write the number of a stage three rows high, where it fits and the glyphs exist."""
    (digits, token), *rest = number
    if not can_be_big(digits.strip()):
        return (), number, ()
    first, second, third = big(digits.strip(), token)
    if width(first) + width(tuple(rest)) > size - 2:
        return (), number, ()
    return first, second, (*third, *rest)


def _number(value: int, cells: int, style: str = "strong") -> Line:
    """Write a number; in thousands where it has more digits than there are cells: a cut one would mislead."""
    said = thousands(value)
    return text(said if len(said) <= cells else f"{thousands(value // 1000)}k", style if value else "strong")


def _queued(snapshot: Snapshot, space: Space) -> Line:
    full = percent(snapshot.counts.pending, snapshot.capacity.queue_max_payloads)  # the limit is of all that waits
    if not snapshot.counts.queued:
        return text("empty", "label")
    filling = snapshot.counts.pending * 2 > snapshot.capacity.queue_max_payloads
    token = "warn" if filling else "label"
    if not space.roomy:  # the age of the oldest stands right below
        return text(f"{full} full", token)
    return text(f"{duration(snapshot.oldest_age_s)} {space.glyphs.dot} {full} full", token)


def _in_flight(snapshot: Snapshot, *, short: bool) -> Line:
    if not snapshot.counts.in_flight:
        return text("none", "label")
    return text("no ack" if short else "no ack yet", "label")


def _delivered(snapshot: Snapshot) -> Line:
    per_s = snapshot.rates.delivered_per_s
    return text(rate(per_s), "label")


def _retrying(snapshot: Snapshot, *, short: bool) -> Line:
    if not snapshot.counts.retrying:
        return text("none", "label")
    age = duration(snapshot.oldest_age_s)
    return text(age if short else f"oldest {age}", "label")


def _lost_number(snapshot: Snapshot) -> Line:
    total = snapshot.counts.lost
    shown = text("0", "strong")
    if snapshot.lost_open and snapshot.state in _CALM:
        shown = text(f" {thousands(snapshot.lost_open)} ", "loud")
    elif snapshot.lost_open:  # row 1 is loud already: one place is enough
        shown = text(thousands(snapshot.lost_open), "wrong")
    if snapshot.lost_open != total and snapshot.lost_open:
        shown = (*shown, (" open", "label"))
    return shown


def _lost(snapshot: Snapshot, cells: int) -> Line:
    if not snapshot.counts.lost:
        return text("none", "label")
    if not snapshot.lost_open:
        said = f"{thousands(snapshot.counts.lost)} dealt with"
        return text(said if len(said) <= cells else "dealt with", "label")
    started = next((problem.since for problem in snapshot.problems if problem.code is Code.LOST), None)
    if started is not None:
        said = f"since {moment(started, snapshot.as_of)}"
        return text(said if len(said) <= cells else said.removeprefix("since "), "label")
    kinds = [name for field, name in _PARTS if getattr(snapshot.counts, field)]
    return text(kinds[0] if len(kinds) == 1 else f"{len(kinds)} kinds", "label")


def lost_parts(snapshot: Snapshot) -> list[tuple[str, int]]:
    """Name the parts of lost with their numbers."""
    return [(name, int(getattr(snapshot.counts, field))) for field, name in _PARTS]
