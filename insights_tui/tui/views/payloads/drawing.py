"""Payloads that go by, as lines; nothing of their values."""

from datetime import UTC

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.tail import Source, Tailed
from insights_tui.domain.text import UNKNOWN, bytes_, clock_time, date_time, rate, sanitize, thousands
from insights_tui.tui.frame import Space
from insights_tui.tui.lines import Line, fit, text, width

_MARK, _TIME, _PART, _OFFSET, _ALGORITHM, _SIZE, _ID, _SHORT_ID, _KEY = 3, 9, 4, 13, 64, 8, 36, 9, 10
WIDE = 114
"""From so many columns on there is room for the whole id."""
NAMES: dict[Source, str] = {"accepted": "what is accepted", "topic": "what is in the topic"}


def summary(source: Source, topic: str, per_s: float | None, left_out: int, space: Space, *, frozen: bool) -> Line:
    """Say what is followed, how fast it goes by, and how much of it is not shown."""
    other: Source = "topic" if source == "accepted" else "accepted"
    said = [(f" {NAMES[source].capitalize()}", "strong")]
    if source == "topic" and space.width >= 100:
        said.append((f" {sanitize(topic, limit=60)}", "text"))
    said.append((f"  {rate(per_s):>8}", "text"))
    if left_out and space.width >= 60:
        said.append((f"  {thousands(left_out)} more not shown", "label"))
    said.append(("   frozen" if frozen else "", "accent"))
    if space.width >= 100:
        said += [("   ", "text"), ("s", "accent"), (f" shows {NAMES[other]}", "label")]
    return tuple(run for run in said if run[0])


def heading(source: Source, space: Space, *, keyed: bool) -> Line:
    """Name the columns."""
    names = ("time", "part", "offset", "algorithm", "size", "id", "key")
    time, part, offset, *rest = (text(name, "label") for name in names)
    return _columns("", time, (part, offset) if source == "topic" else None, *rest, space=space, keyed=keyed)


def row(one: Tailed, source: Source, space: Space, *, newest: bool, keyed: bool) -> Line:
    """Say the most about one in a line."""
    name = sanitize(one.id, limit=128) or "none"
    if space.width < WIDE and len(name) > _SHORT_ID:
        name = space.glyphs.ellipsis + name[-(_SHORT_ID - len(space.glyphs.ellipsis)) :]
    return _columns(
        space.glyphs.arrow if newest else "",
        text(clock_time(one.timestamp)),
        (text(str(one.partition)), text(thousands(one.offset))) if source == "topic" else None,
        text(sanitize(one.algorithm or UNKNOWN, limit=120)),
        text(bytes_(one.size)),
        text(name, "label"),
        text("" if one.key is None else sanitize(one.key, limit=80), "label"),
        space=space,
        keyed=keyed,
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
    space: Space,
    keyed: bool,
) -> Line:
    gap = (("  ", "text"),)
    id_size = _ID if space.width >= WIDE else _SHORT_ID
    placed: Line = ()
    if place is not None:
        placed = (*fit(place[0], _PART, right=True), *gap, *fit(place[1], _OFFSET, right=True), *gap)
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


def nothing(source: Source, snapshot: Snapshot | None) -> list[Line]:
    """Say why there is nothing to see."""
    if source == "topic":
        return [(), text(" Nothing has come into the topic yet.", "text")]
    last = snapshot.last_accepted_at if snapshot is not None else None
    since = f" The last payload came in at {date_time(last.astimezone(UTC))}." if last is not None else ""
    report = ""
    if snapshot is not None and snapshot.ingest_url and last is None:
        report = f" Algorithms report to {sanitize(snapshot.ingest_url, limit=80)}."
    return [(), text(f" Waiting for payloads.{since}{report}")]


def fields(one: Tailed) -> list[tuple[str, str]]:
    """Say everything about one but its value."""
    said = [
        ("Id", sanitize(one.id, limit=200) or "none: another producer sent it"),
        ("Time", date_time(one.timestamp)),
        ("Algorithm", sanitize(one.algorithm or "", limit=600) or "the value names none"),
    ]
    if one.partition is not None:
        said.append(("Place", f"partition {one.partition}, offset {thousands(one.offset)}"))
    if one.key is not None:
        said.append(("Key", sanitize(one.key, limit=400)))
    return [*said, ("Size", bytes_(one.size) + (", too long to show whole" if one.value_cut else ""))]
