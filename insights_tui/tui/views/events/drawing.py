"""How events look: a row each, the head above them, the details below."""

from datetime import UTC, date, datetime

from insights_tui.domain.snapshot import Event
from insights_tui.domain.text import clock_time, date_time, sanitize
from insights_tui.tui.frame import Space
from insights_tui.tui.lines import Line, crop, ends, fit, text, wrap
from insights_tui.tui.views.events.meanings import meaning

_WORDS = {"info": ("info", "label"), "warning": ("warn", "warn"), "error": ("error", "bad")}
_TIME, _TIMES, _LEVEL = 12, 8, 7
_LABEL = 8


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
    where = fit(text(sanitize(event.subject, limit=120), "text"), _where(space) - 2, ellipsis=dots)
    count = f"{event.count:,}" if event.count > 1 else ""
    return (
        *fit(text(_when(event.at, today), "label"), _TIME),
        *fit(text(count, "strong"), _TIMES - 2, right=True),
        ("  ", "text"),
        *fit(text(word, token), _LEVEL),
        *where,
        ("  ", "text"),
        (sanitize(event.text, limit=300), "text"),
    )


def _when(at: datetime, today: date | None) -> str:
    at = at.astimezone(UTC)
    return clock_time(at) if at.date() == today else f"{at:%m-%d %H:%M}"


def _where(space: Space) -> int:
    return {"wide": 34, "medium": 24}.get(space.tier, 17)


def summary(*, words: str, level: str, shown: int, total: int, state: str, space: Space, width: int) -> Line:
    """Say what is filtered, how many are shown, and whether the list follows."""
    left: Line = (
        (" / ", "accent"),
        *((("filter ", "label"), (sanitize(words, limit=60), "strong")) if words else (("filter", "label"),)),
        ("   l ", "accent"),
        ("level ", "label"),
        (level, "strong" if level != "all" else "text"),
        ("   showing ", "label"),
        (f"{shown:,} of {total:,}", "text"),
    )
    return ends(left, ((f" {state} ", "alert" if state == "FROZEN" else "label"),), width, space.glyphs.ellipsis)


def details(event: Event, space: Space, width: int, *, rows: int) -> list[Line]:
    """Explain an event in at most so many rows."""
    rule, dot = space.glyphs.rule, f" {space.glyphs.dot} "
    name = sanitize(event.subject or event.code, limit=120)
    title = crop(((f" {rule} ", "rule"), (f"{name} ", "strong")), width - 2, space.glyphs.ellipsis)
    used = sum(len(part) for part, _ in title)
    lines: list[Line] = [(*title, (rule * max(0, width - used - 1), "rule"))]
    often = f"{dot}{event.count:,} times" if event.count > 1 else ""
    by = f"{dot}by {sanitize(event.actor, limit=60)}" if event.actor else ""
    first = f"first {clock_time(event.first_at)}{dot}last " if event.count > 1 and event.first_at else ""
    lines.append(_field("when", f"{first}{clock_time(event.at)}{often}{by}")[0])
    for label, words in (("what", event.text), ("means", meaning(event)), ("check", event.fix)):
        lines += _field(label, sanitize(words, limit=600), width, dots=space.glyphs.ellipsis)
    if event.raw:
        head = (f" {'raw':<{_LABEL}}", "label")
        lines.append((head, ("enter", "accent"), (" shows what Kafka or the system said", "label")))
    return lines[:rows]


def _field(label: str, words: str, width: int = 0, *, most: int = 2, dots: str = "") -> list[Line]:
    """Write a labelled text, broken into rows where it is long."""
    if not words:
        return []
    found = wrap(words, max(20, width - _LABEL - 3)) if width else [words]
    if len(found) > most:
        found = [*found[: most - 1], found[most - 1] + dots]
    return [
        ((f" {label if index == 0 else '':<{_LABEL}}", "label"), (part, "text")) for index, part in enumerate(found)
    ]


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
