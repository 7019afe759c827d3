"""Lost payloads as lines: a row each, the heading, what there is in all, and one in full."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from insights_tui.domain.answers import LostPayload
from insights_tui.domain.lost import LostFilter, reason_word
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.snapshot import Snapshot, State
from insights_tui.domain.text import bytes_, clock_time, counted, date_time, duration, sanitize
from insights_tui.tui.frame import Space
from insights_tui.tui.lines import Line, fit, ruled, text, width, wrap

_WHEN, _TIME, _REASON, _THERE, _SIZE, _ID, _SHORT_ID = 12, 9, 15, 8, 8, 36, 9
_SIZED, _WIDE = 130, 160
"""From so many columns on there is room for the size, and for the whole id beside why it was lost."""
_SPARE = 96
"""With fewer, what the reason and the details tell as well is left out of why."""
_LABEL = 10
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
    why = (_DEADLINE.sub("", why) or why).removesuffix(".")
    return why if space.width >= _SPARE else _WHO.sub("", why)


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


def summary(
    snapshot: Snapshot | None,
    *,
    listed: int,
    whole: bool,
    which: LostFilter,
    marks: AbstractSet[str],
    new: int,
    space: Space,
) -> Line:
    """Say how many there are, how many are listed, what hides the others, and what became of the rest."""
    if snapshot is None:
        return text(" Lost payloads: not known", "strong")
    if not snapshot.lost_open and which.empty and not listed:
        return ()  # the page says it in full
    said = [(f" {counted(snapshot.lost_open, 'lost payload')} open", "strong")]
    if not which.empty:
        said.append((f"   filter: {sanitize(which.words, limit=160)}", "accent"))
    if listed and not whole:
        said.append((f"   the newest {listed:,} listed", "label"))
    elif not which.empty:
        said.append((f"   {listed:,} found", "label"))
    if marks:
        said.append((f"   {len(marks)} marked", "accent"))
    if new > 0:
        said += [(f"   {new:,} more since: ", "text"), *space.told.line("{u} lists them", "label")]
    if snapshot.lost_open and snapshot.counts.lost > snapshot.lost_open:
        rest = (f"   of {snapshot.counts.lost:,} in all: {_dealt_with(snapshot)}", "label")
        said += [rest] if width((*said, rest)) < space.width else []  # a number that is cut is another number
    return tuple(said)


def _dealt_with(snapshot: Snapshot) -> str:
    """Count what people did about those that are not open any more."""
    dropped = max(0, snapshot.counts.lost - snapshot.lost_open - snapshot.redriven)
    return f"{snapshot.redriven:,} sent again, {dropped:,} dropped"


def nothing(snapshot: Snapshot | None, which: LostFilter, space: Space) -> list[Line]:
    """Say why the list is empty, and what can be done."""
    told = space.told
    if snapshot is None:
        return [(), text(" The agent has not told yet what is lost.", "label")]
    lost_open, damaged = snapshot.lost_open, snapshot.counts.damaged
    if which.all_damaged and damaged and lost_open:
        return [
            (),
            text(f" {counted(damaged, 'payload')} could not be read back from disk, since this spool began."),
            told.line(" Nothing of them can be listed or redriven; {del} closes those that are open.", "label"),
        ]
    if not which.empty:
        return [
            (),
            text(" No lost payload fits this filter."),
            told.line(" {esc} takes the filter away, {/} changes it.", "label"),
        ]
    if lost_open:
        return [
            (),
            text(f" The values of {counted(lost_open, 'lost payload')} had to make room for later ones."),
            told.line(" They cannot be listed or redriven any more; {del} closes them.", "label"),
        ]
    return [*_well(snapshot, space), *_at_risk(snapshot)]


def _well(snapshot: Snapshot, space: Space) -> list[Line]:
    if snapshot.counts.lost:
        every = (
            "The one payload that was lost has"
            if snapshot.counts.lost == 1
            else f"All {snapshot.counts.lost:,} payloads that were lost have"
        )
        said = f"{every} been dealt with."
        rest = [text(f"   {_dealt_with(snapshot)}; the view Events tells when.", "label")]
    else:
        said = "Nothing is lost."
        rest = [
            text("   A payload is lost when its deadline passes, or Kafka refuses its content.", "label"),
            text("   It is kept here with its value until somebody redrives or drops it.", "label"),
        ]
    return [((f" {space.glyphs.check} ", "ok"), (said, "strong")), (), *rest]


def _at_risk(snapshot: Snapshot) -> list[Line]:
    """Say what will stand here next, where payloads wait for a Kafka that takes none, and what never will."""
    refused: list[Line] = []
    if snapshot.refusing is not None:
        refused = [
            (),
            text("   What is refused is not lost: it was never accepted; its sender knows.", "label"),
        ]
    if snapshot.next_loss_s is None or snapshot.state in (State.CONNECTED, State.CONNECTING):
        return refused
    waiting = counted(snapshot.counts.pending, "payload waits", "payloads wait")
    return [
        (),
        ((f"   {waiting}; the first is lost in {duration(snapshot.next_loss_s)} unless it is delivered.", "warn"),),
        *refused,
    ]


def chosen(one: LostPayload, space: Space, *, rows: int) -> list[Line]:
    """Say below the list what its row has no room for."""
    dots = space.glyphs.ellipsis
    head = ruled(sanitize(one.id, limit=128) or "no id", space.width, space.glyphs.rule, dots)
    why = wrap(sanitize(one.why, limit=600) or "not known", space.width - _LABEL - 1)
    if len(why) > rows - 1:
        why = [*why[: rows - 2], why[rows - 2] + dots]
    lines = [head, *_named("why", why)]
    if len(lines) < rows:
        of = dict(fields(one))
        lines += _named("accepted", [f"{of['Accepted']}; {of['Size']}"])
    return [*lines, *([()] * (rows - len(lines)))][:rows]


def _named(label: str, rows: Sequence[str]) -> list[Line]:
    return [((f" {'' if at else label:<{_LABEL}}", "label"), (row, "text")) for at, row in enumerate(rows)]


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
