"""How events look: a row each, the head above them, the details below."""

from datetime import UTC, date, datetime

from insights_tui.domain.snapshot import Event
from insights_tui.domain.text import clock_time, date_time, sanitize
from insights_tui.tui.frame import Space
from insights_tui.tui.lines import Line, crop, cut, ends, fit, text, wrap
from insights_tui.tui.lines import width as measure
from insights_tui.tui.views.events.meanings import meaning

_WORDS = {"info": ("info", "label"), "warning": ("warn", "warn"), "error": ("error", "bad")}
_TIME, _TIMES, _LEVEL = 11, 8, 7
_LABEL = 8
_SHORT = 10
"""Rows of the details up to which no text may have more than two of them."""


def header(space: Space) -> Line:
    """Name the columns."""
    return (
        *fit(text("last", "label"), _TIME),
        *fit(text(space.glyphs.times, "label"), _TIMES - 2, right=True),
        ("  ", "text"),
        *fit(text("level", "label"), _LEVEL),
        *fit(text("where", "label"), _where(space)),
        ("what", "label"),
    )


def row(event: Event, space: Space, today: date | None) -> Line:
    """Write one event in one row; the time of day, of another day than `today` the date before it."""
    word, token = _WORDS[event.level]
    dots = space.glyphs.ellipsis
    subject = sanitize(event.subject, limit=120)
    where = fit(text(subject, "text"), _where(space) - 2, ellipsis=dots)
    count = f"{event.count:,}" if event.count > 1 else ""
    return (
        *fit(text(_when(event.at, today), "label"), _TIME),
        *fit(text(count, "strong"), _TIMES - 2, right=True),
        ("  ", "text"),
        *fit(text(word, token), _LEVEL),
        *where,
        ("  ", "text"),
        (_said(sanitize(event.text, limit=300), subject), "text"),
    )


def _said(words: str, subject: str) -> str:
    """Leave out the subject where a text begins with it: it stands in the column beside it."""
    for joint in (": ", " "):
        if subject and words.startswith(subject + joint):
            return words[len(subject) + len(joint) :]
    return words


def _when(at: datetime, today: date | None) -> str:
    at = at.astimezone(UTC)
    return clock_time(at) if at.date() == today else f"{at:%m-%d %H:%M}"


def _where(space: Space) -> int:
    return 24 if space.roomy else 16


def summary(*, words: str, level: str, told: str, state: str, space: Space, width: int) -> Line:
    """Say what is filtered, how many are shown, and whether the list follows."""
    left: Line = (
        *space.told.line(" {/} ", "label"),
        *((("filter ", "label"), (sanitize(words, limit=60), "strong")) if words else (("filter", "label"),)),
        *space.told.line("   {l} level ", "label"),
        (level, "strong" if level != "all" else "text"),
        (f"   {told}", "text"),
    )
    loud = state in ("FROZEN", "STALE")
    return ends(left, ((f" {state} ", "alert" if loud else "label"),), width, space.glyphs.ellipsis)


def details(event: Event, space: Space, width: int, *, rows: int, today: date | None = None) -> list[Line]:
    """Explain an event in at most so many rows; what Kafka or the system said has those that are left."""
    rule, dot, dots = space.glyphs.rule, f" {space.glyphs.dot} ", space.glyphs.ellipsis
    kind = sanitize(event.code, limit=60).replace("_", " ")
    name = sanitize(event.subject, limit=120) or kind
    head: Line = ((f" {rule} ", "rule"), (name, "strong"), (f"{dot}{kind} " if name != kind else " ", "label"))
    title = crop(head, width - 2, dots)
    lines: list[Line] = [(*title, (rule * max(0, width - measure(title) - 1), "rule"))]
    often = f"{dot}{event.count:,} times" if event.count > 1 else ""
    by = f"{dot}by {sanitize(event.actor, limit=60)}" if event.actor else ""
    first = f"first {_told(event.first_at, today)}{dot}last " if event.count > 1 and event.first_at else ""
    lines.append(_field("when", f"{first}{_told(event.at, today)}{often}{by}")[0])
    most = 4 if rows > _SHORT else 2
    for label, words in (("what", event.text), ("means", meaning(event)), ("check", event.fix)):
        lines += _field(label, sanitize(words, limit=600), width, most=most, dots=dots)
    left = rows - len(lines)
    if event.raw and left > 0:
        lines += _field("raw", sanitize(event.raw, limit=4000), width, most=left, dots=dots, style="label")
    if len(lines) > rows:
        *before, (said, style) = lines[rows - 1]
        lines[rows - 1] = (*before, (cut(f"{said} {dots}", max(20, width - _LABEL - 3), dots), style))
    return lines[:rows]


def _told(at: datetime, today: date | None) -> str:
    return clock_time(at) if today in (None, at.astimezone(UTC).date()) else date_time(at)


def _field(label: str, words: str, width: int = 0, *, most: int = 2, dots: str = "", style: str = "text") -> list[Line]:
    """Write a labelled text, broken into rows where it is long."""
    if not words:
        return []
    room = max(20, width - _LABEL - 3)
    found = wrap(words, room) if width else [words]
    if len(found) > most:
        found = [*found[: most - 1], cut(f"{found[most - 1]} {found[most]}", room, dots)]
    return [((f" {label if index == 0 else '':<{_LABEL}}", "label"), (part, style)) for index, part in enumerate(found)]


def whole(event: Event) -> list[tuple[str, tuple[str, ...]]]:
    """Give everything about an event, for a dialog or the clipboard; sanitised."""
    when = f"last {date_time(event.at)}"
    if event.count > 1:
        when = f"{event.count:,} times, first {date_time(event.first_at)}, {when}"
    by = f" by {sanitize(event.actor)}" if event.actor else ""
    kind = f"{event.level}: {sanitize(event.code)}{by}"
    sections = [
        (sanitize(event.subject or event.code), (sanitize(event.text, limit=2000), kind, when)),
        ("Raw", tuple(sanitize(part, limit=4000) for part in event.raw[:100_000].splitlines()[:200])),
        ("What it means", (meaning(event),)),
        ("What to check", (sanitize(event.fix, limit=2000),)),
    ]
    return [(head, parts) for head, parts in sections if any(parts)]
