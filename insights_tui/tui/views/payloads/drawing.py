"""Payloads that go by, as lines; nothing of their values."""

from collections.abc import Iterable
from datetime import UTC
from typing import NamedTuple

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.tail import Source, Tailed
from insights_tui.domain.text import UNKNOWN, bytes_, clock_time, date_time, rate, sanitize, spell, thousands
from insights_tui.tui.frame import Space
from insights_tui.tui.lines import Line, crop, ends, fit, text, width, wrap

_MARK, _TIME, _PART, _ALGORITHM, _SIZE, _ID, _SHORT_ID, _KEY = 2, 9, 4, 64, 7, 36, 9, 10
WIDE = 114
"""From so many columns on there is room for the whole id."""
_LEAST, _ROOMY = 60, 100
_LABEL, _READABLE = 11, 76
NAMES: dict[Source, str] = {"accepted": "what is accepted", "topic": "what is in the topic"}


def summary(
    source: Source,
    topic: str,
    per_s: float | None,
    left_out: int,
    space: Space,
    *,
    state: str,
    cells: int,
    words: str = "",
) -> Line:
    """Say what is followed, how fast it goes by, how much of it is not shown, and whether the list follows."""
    other: Source = "topic" if source == "accepted" else "accepted"
    said = [(f" {NAMES[source].capitalize()}", "strong")]
    if source == "topic" and space.width >= _ROOMY:
        said.append((f" {sanitize(topic, limit=60)}", "text"))
    said.append((f"  {rate(per_s):>8}", "text"))
    if words:
        said += [("  filter ", "label"), (sanitize(words, limit=60), "strong")]
    if left_out and space.width >= _LEAST:
        said.append((f"  {thousands(left_out)} {'others' if words else 'more not shown'}", "label"))
    if space.width >= _ROOMY:
        said += [("   ", "text"), *space.told.line(f"{{s}} shows {NAMES[other]}", "label")]
    hidden = "values hidden  " if space.width >= _LEAST else ""
    told: Line = ((hidden, "label"), (f" {state} ", "label" if state == "LIVE" else "alert"))
    return ends(tuple(said), told, cells, space.glyphs.ellipsis)


class Columns(NamedTuple):
    """How wide a list is laid out; what is the same for all of its rows."""

    space: Space
    keyed: bool
    offset: int
    """Cells of the greatest offset; a digit more moves the columns once."""


def columns_for(payloads: Iterable[Tailed], space: Space) -> Columns:
    """Lay out a list of these payloads."""
    rows = list(payloads)
    digits = (len(thousands(one.offset)) for one in rows if one.offset is not None)
    return Columns(space, any(one.key is not None for one in rows), max(digits, default=0))


def heading(source: Source, look: Columns) -> Line:
    """Name the columns."""
    names = ("time", "part", "offset", "algorithm", "size", "id", "key")
    time, part, offset, *rest = (text(name, "label") for name in names)
    return _columns("", time, (part, offset) if source == "topic" else None, *rest, look=look)


def row(one: Tailed, source: Source, look: Columns, *, newest: bool) -> Line:
    """Say the most about one in a line."""
    space = look.space
    name = sanitize(one.id, limit=128) or "none"
    if space.width < WIDE and len(name) > _SHORT_ID:
        name = space.glyphs.ellipsis + name[-(_SHORT_ID - len(space.glyphs.ellipsis)) :]
    return _columns(
        space.glyphs.arrow if newest else "",
        text(clock_time(one.timestamp)),
        (text(str(one.partition)), text(thousands(one.offset))) if source == "topic" else None,
        text(spell(one.algorithm, limit=120) if one.algorithm else UNKNOWN),
        text(bytes_(one.size)),
        text(name, "label"),
        text("" if one.key is None else sanitize(one.key, limit=80), "label"),
        look=look,
    )


def _columns(
    mark: str,
    time: Line,
    place: tuple[Line, Line] | None,
    algorithm: Line,
    size: Line,
    name: Line,
    key: Line,
    *,
    look: Columns,
) -> Line:
    space, keyed = look.space, look.keyed
    gap = (("  ", "text"),)
    id_size = _ID if space.width >= WIDE else _SHORT_ID
    placed: Line = ()
    if place is not None:
        placed = (*fit(place[0], _PART, right=True), *gap, *fit(place[1], max(look.offset, 6), right=True), *gap)
    taken = _MARK + _TIME + width(placed) + _SIZE + id_size + 6 + (_KEY if keyed else 0)
    dots = space.glyphs.ellipsis
    return (
        (f"{mark:<{_MARK}}", "accent"),
        *fit(time, _TIME),
        *gap,
        *placed,
        *fit(algorithm, max(8, min(_ALGORITHM, space.width - taken)), ellipsis=dots),
        *gap,
        *fit(size, _SIZE, right=True),
        *gap,
        *fit(name, id_size, ellipsis=dots),
        *(gap if keyed else ()),
        *(key if keyed else ()),
    )


def searched(one: Tailed) -> str:
    """Write what words are looked for in: algorithm, id and key."""
    rest = sanitize(f"{one.id} {one.key or ''}", limit=1000)
    return f"{spell(one.algorithm or '', limit=600)} {rest}"


def nothing(source: Source, snapshot: Snapshot | None, space: Space, *, frozen: bool, read_only: bool) -> list[Line]:
    """Say why there is nothing to see, and what would bring something."""
    told = space.told.line
    if frozen:
        return [(), text("Frozen before a payload went by."), told("{space} goes on.", "label")]
    if snapshot is None:
        return [(), text("The agent has not answered yet.")]
    test = [told("{t} sends a test payload.", "label")] if snapshot.connection is not None and not read_only else []
    if source == "topic":
        here = told("{s} shows what is accepted: it may wait.", "label")
        return [(), text("Nothing has come into the topic yet."), (), here, *test]
    last = snapshot.last_accepted_at
    since = f" The last payload came in at {date_time(last.astimezone(UTC))}." if last is not None else ""
    lines: list[Line] = [(), text(f"Waiting for payloads.{since}"), ()]
    if snapshot.ingest_url and last is None:
        lines.append((("Algorithms report to ", "label"), (sanitize(snapshot.ingest_url, limit=80), "text")))
    by_hand = """echo '{"accuracy": 0.97}' | insights-tui send"""
    return [*lines, (("One by hand: ", "label"), (by_hand, "text")), *test]


def beside(one: Tailed, source: Source, space: Space, size: int) -> list[Line]:
    """Show the chosen payload beside the list of a wall screen: all but its value."""
    rule = space.glyphs.rule
    name = spell(one.algorithm or "", limit=120) or "a payload"
    title = crop(((f" {rule} ", "rule"), (f"{name} ", "strong")), size - 2, space.glyphs.ellipsis)
    lines: list[Line] = [(*title, (rule * max(0, size - width(title) - 1), "rule"))]
    for label, words in fields(one):
        parts = wrap(words, max(20, size - _LABEL - 2))
        lines += [
            ((f" {label if not row else '':<{_LABEL}}", "label"), (part, "text")) for row, part in enumerate(parts)
        ]
    lines.append(((f" {'Value':<{_LABEL}}", "label"), *space.told.line("hidden; {enter}, then v shows it", "label")))
    other = "in the topic" if source == "accepted" else "in what is accepted"
    said = (
        "What stands here is accepted: it counts from then on. Until it is delivered it waits; Lost tells what"
        " never was."
        if source == "accepted"
        else "What stands here is in the topic, whoever sent it. What was accepted and is not here waits, or is lost."
    )
    more = [text(f" {part}", "label") for part in wrap(said, min(_READABLE, size - 2))]
    return [*lines, (), *more, space.told.line(f" {{s}} looks {other}, {{space}} holds the rows.", "label")]


def fields(one: Tailed) -> list[tuple[str, str]]:
    """Say everything about one but its value."""
    said = [
        ("Id", sanitize(one.id, limit=200) or "none: another producer sent it"),
        ("Time", date_time(one.timestamp)),
        ("Algorithm", spell(one.algorithm or "", limit=600) or "the value names none"),
    ]
    if one.partition is not None:
        said.append(("Place", f"partition {one.partition}, offset {thousands(one.offset)}"))
    if one.key is not None:
        said.append(("Key", sanitize(one.key, limit=400)))
    return [*said, ("Size", bytes_(one.size) + (", too long to show whole" if one.value_cut else ""))]
