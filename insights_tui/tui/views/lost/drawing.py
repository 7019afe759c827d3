"""Lost payloads as lines: a row each, the heading, what there is in all, and one in full."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from insights_tui.domain.answers import LostPayload
from insights_tui.domain.lost import LostFilter, reason_word
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.text import bytes_, clock_time, counted, date_time, duration, sanitize
from insights_tui.tui.frame import Space
from insights_tui.tui.lines import Line, fit, text

_WHEN, _TIME, _REASON, _THERE, _SIZE, _ID, _SHORT_ID = 12, 9, 15, 8, 8, 36, 9
_SIZED, _WIDE = 96, 114
"""From so many columns on there is room for the size, and for the whole id."""
_TOKENS = {Outcome.REJECTED: "bad", Outcome.DAMAGED: "bad", Outcome.EXPIRED_UNKNOWN: "warn"}
_DEADLINE = re.compile(r"^The deadline passed \([a-z ]*\)\. (?=.)")
_WHO = re.compile(r"^Broker [0-9]+ at [^ ]+ (?=refuses )")
MAX_VALUE = 64 * 1024
"""Characters of a value that are shown."""


def in_topic(one: LostPayload) -> str:
    """Tell whether it is in the topic all the same."""
    if one.late_ack:
        return "yes"
    return "maybe" if one.reason in (Outcome.EXPIRED_UNKNOWN, Outcome.DAMAGED) else "no"


def heading(space: Space, *, today: bool) -> Line:
    """Name the columns."""
    names = ("lost at", "reason", "in topic", "size", "id", "why")
    return _columns(*(text(name, "label") for name in names), space=space, today=today)


def row(one: LostPayload, space: Space, *, as_of: datetime, today: bool, marked: bool) -> Line:
    """Say the most about one in a line; nothing of its value."""
    there = in_topic(one)
    name = sanitize(one.id, limit=128) or "none"
    if space.width < _WIDE and len(name) > _SHORT_ID:
        name = space.glyphs.ellipsis + name[-(_SHORT_ID - len(space.glyphs.ellipsis)) :]
    why = "redriven; " if one.state == "redriven" else ""
    line = _columns(
        text(_when(one.lost_at, as_of)),
        text(reason_word(one.reason), _TOKENS.get(one.reason, "text")),
        text(there, "text" if there == "no" else "warn"),
        text(bytes_(one.value_bytes)),
        text(name),
        text(why + _brief(sanitize(one.why, limit=300), space), "label"),
        space=space,
        today=today,
    )
    return ((f"{space.glyphs.check[:1]} ", "accent"), *line[1:]) if marked else line


def _brief(why: str, space: Space) -> str:
    """Leave out what the reason says already; where room is scarce, who refused it too: the details tell."""
    why = _DEADLINE.sub("", why) or why
    return why if space.width >= _WIDE else _WHO.sub("", why)


def all_today(listed: Sequence[LostPayload], as_of: datetime) -> bool:
    """Tell whether the time of day is enough."""
    return all(one.lost_at.date() == as_of.date() for one in listed)


def _columns(
    when: Line, reason: Line, there: Line, size: Line, name: Line, why: Line, *, space: Space, today: bool
) -> Line:
    gap = (("  ", "text"),)
    sized = (*fit(size, _SIZE, right=True), *gap) if space.width >= _SIZED else ()
    return (
        ("  ", "text"),
        *fit(when, _TIME if today else _WHEN),
        *gap,
        *fit(reason, _REASON),
        *gap,
        *fit(there, _THERE),
        *gap,
        *sized,
        *fit(name, _ID if space.width >= _WIDE else _SHORT_ID, ellipsis=space.glyphs.ellipsis),
        *gap,
        *why,
    )


def _when(at: datetime, as_of: datetime) -> str:
    return clock_time(at) if at.date() == as_of.date() else date_time(at)[5:16] + "Z"


def summary(*, lost_open: int, listed: int, whole: bool, which: LostFilter, marks: AbstractSet[str], new: int) -> Line:
    """Say how many there are, how many are listed, and what hides the others."""
    said = [(f" {counted(lost_open, 'lost payload')} open", "strong")]
    if not which.empty:
        said.append((f"   filter: {sanitize(which.words, limit=160)}", "accent"))
    if listed and not whole:
        said.append((f"   the newest {listed:,} listed", "label"))
    elif not which.empty:
        said.append((f"   {listed:,} found", "label"))
    if marks:
        said.append((f"   {len(marks)} marked", "accent"))
    if new > 0:
        said.append((f"   {new:,} more since: ", "text"))
        said.append(("u", "accent"))
        said.append((" lists them", "label"))
    return tuple(said)


def nothing(lost_open: int, damaged: int, which: LostFilter, space: Space) -> list[Line]:
    """Say why the list is empty, and what can be done."""
    if which.all_damaged and damaged and lost_open:
        return [
            (),
            text(f" {counted(damaged, 'payload')} could not be read back from disk, since this spool began."),
            text(" Nothing of them can be listed or redriven; del closes those that are open.", "label"),
        ]
    if not which.empty:
        return [(), text(" No lost payload fits this filter."), text(" esc takes the filter away.", "label")]
    if lost_open:
        return [
            (),
            text(f" The values of {counted(lost_open, 'lost payload')} had to make room for later ones."),
            text(" They cannot be listed or redriven any more; del closes them.", "label"),
        ]
    return [
        (),
        ((f" {space.glyphs.check} ", "ok"), ("Nothing is lost.", "strong")),
        (),
        text("   A payload is lost when its deadline passes, or Kafka refuses its content.", "label"),
        text("   It is kept here with its value until somebody redrives or drops it.", "label"),
    ]


def fields(one: LostPayload) -> list[tuple[str, str]]:
    """Say everything about one but its value."""
    accepted = "cannot be read any more"
    if one.accepted_at is not None:
        waited = duration((one.lost_at - one.accepted_at).total_seconds())
        accepted = f"{date_time(one.accepted_at)}, lost {waited} later"
    there = {
        "yes": "yes: Kafka acknowledged it after its deadline",
        "maybe": "maybe: an attempt was under way and its answer never came",
        "no": "no: no attempt can have reached it" if one.reason is Outcome.EXPIRED_UNSENT else "no: Kafka refused it",
    }[in_topic(one)]
    if one.reason is Outcome.DAMAGED and not one.late_ack:
        there = "not known: it could not be read back from disk"
    return [
        ("Id", sanitize(one.id, limit=200) or "none"),
        ("Reason", reason_word(one.reason)),
        ("Why", sanitize(one.why, limit=1000) or "not known"),
        ("Lost", date_time(one.lost_at)),
        ("Accepted", accepted),
        ("In the topic", there),
        ("State", one.state),
        ("Size", bytes_(one.value_bytes)),
    ]
