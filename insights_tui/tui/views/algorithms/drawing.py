"""Algorithms as lines: a row each, what there is in all, one with its metrics, and what turning one off does."""

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len

from insights_tui.domain.algorithms import Algorithm, Algorithms, SeenMetric, Which
from insights_tui.domain.text import UNKNOWN, bytes_, clock_time, counted, date_time, rate, sanitize, spell, thousands
from insights_tui.tui.frame import Space
from insights_tui.tui.lines import BLANK, Line, cut, fit, ruled, text, width, wrap
from insights_tui.tui.screens.questions import Question
from insights_tui.tui.views.algorithms.order import By, Order

_STATE, _RATE, _METRICS = 9, 9, 8
_WIDE = 100
"""From so many columns on there is room for every number; with fewer a day stands for its time."""
_LISTED = (
    "Each version is listed with its first report: how fast, since when, what it reports, and whether Insights is on"
    " for it. One that is off is answered, and nothing of it is published."
)
_BY = {"version": "set for this version", "algorithm": "set for all its versions", "default": "by default"}
_NAME, _NUMBER, _REPORTS, _LABEL = 20, 12, 12, 15


def which(one: Algorithm) -> Which:
    """Name a version as the API does."""
    return Which(one.owner, one.name, one.version)


def heading(space: Space, by: By) -> Line:
    """Name the columns, and mark the one that gives the order."""
    mark = space.glyphs.falling if by.falling else space.glyphs.rising
    names = ("insights", "algorithm", "rate", "payloads", "last", "metrics", "not taken in")
    state, algorithm, per_s, payloads, last, metrics, disabled = (
        text(f"{name}{mark}", "strong") if name == by.column else text(name, "label") for name in names
    )
    return _columns(state, algorithm, per_s, payloads, last, metrics, disabled, space)


def row(one: Algorithm, space: Space, as_of: datetime) -> Line:
    """Say the most about one version in a line."""
    glyphs = space.glyphs
    state = ((f"{glyphs.good} ", "ok"), ("on", "text")) if one.insights_enabled else ((f"{glyphs.idle} off", "label"),)
    return _columns(
        state,
        text(_named(one, space), "text" if one.insights_enabled else "label"),
        text(rate(one.rate_per_s)),
        text(thousands(one.payloads)),
        text(_when(one.last_at, as_of, space)),
        text(thousands(one.metric_count)),
        text(thousands(one.disabled) if one.disabled else "", "warn"),
        space,
    )


def _columns(
    state: Line,
    algorithm: Line,
    per_s: Line,
    payloads: Line,
    last: Line,
    metrics: Line,
    disabled: Line,
    space: Space,
) -> Line:
    gap = (("  ", "text"),)
    wide = space.width >= _WIDE
    count, when = _sizes(space)
    return (
        (" ", "text"),
        *fit(state, _STATE),
        (" ", "text"),
        *fit(algorithm, _room(space), ellipsis=space.glyphs.ellipsis),
        *gap,
        *fit(per_s, _RATE, right=True),
        *gap,
        *fit(payloads, count, right=True),
        *gap,
        *fit(last, when, right=True),
        *((*gap, *fit(metrics, _METRICS, right=True), *gap, *fit(disabled, 12, right=True)) if wide else ()),
    )


def _sizes(space: Space) -> tuple[int, int]:
    """Give the cells of a count and of a time."""
    return (13, 12) if space.width >= _WIDE else (11, 9)


def _room(space: Space) -> int:
    """Count the cells that a name may have."""
    taken = 1 + _STATE + 1 + 2 + _RATE + 2 + sum(_sizes(space)) + 2 + 1
    return max(10, min(70, space.width - taken - (_METRICS + 16 if space.width >= _WIDE else 0)))


def _named(one: Algorithm, space: Space) -> str:
    """Name a version; where it is too long the version stays, or two of them would look alike."""
    room, version = _room(space), f"/{spell(one.version, limit=40)}"
    whole = spell(which(one).text, limit=300)
    if cell_len(whole) <= room or cell_len(version) > room // 2:
        return whole
    head = spell(Which(one.owner, one.name).text, limit=300)
    return cut(head, room - cell_len(version), space.glyphs.ellipsis) + version


def _when(at: datetime | None, as_of: datetime, space: Space) -> str:
    if at is None:
        return "never"
    if at.date() == as_of.date():
        return clock_time(at)
    return date_time(at)[5:16] + "Z" if space.width >= _WIDE else date_time(at)[5:10]


def summary(known: Algorithms | None, silent_since: datetime | None, order: Order, space: Space) -> Line:
    """Say how many there are, how many are off, and what holds for a new one; what does not fit is left out."""
    if known is None:
        return ()
    new = "on" if known.insights_default else "off"
    if not known.algorithms:
        return text(f" Insights is {new} for an algorithm that is new.", "label")
    off = sum(not one.insights_enabled for one in known.algorithms)
    disabled = sum(one.disabled for one in known.algorithms)
    said = [(f" {counted(max(known.total, len(known.algorithms)), 'version')} of algorithms", "strong")]
    if order.by.words:
        said.append((f", {order.by.words}", "text"))
    if order.old:
        said.append((f"; {space.told('u')} anew", "label"))
    if silent_since is not None:
        said.append((f"   no answer since {clock_time(silent_since)}: as they were then", "warn"))
    said.append((f"   {off:,} off" if off else "   all on", "warn" if off else "label"))
    if disabled:
        said.append((f", {thousands(disabled)} not taken in", "warn"))
    said.append((f"   a new one is {new}", "label"))
    if known.total > len(known.algorithms):
        said.append((f"   the {len(known.algorithms):,} that reported last are listed", "label"))
    if known.forgotten:
        said.append((f"   {known.forgotten:,} forgotten", "label"))
    while width(tuple(said)) >= space.width and len(said) > 1:
        said.pop()
    return tuple(said)


def filtered(words: str, shown: int, listed: int, space: Space) -> Line:
    """Say what is filtered, and how many of those listed it leaves."""
    told = f"   {shown:,} of {listed:,}"
    room = max(8, space.width - len(told) - len(" filter ") - 1)
    return (
        (" filter ", "label"),
        (cut(sanitize(words.strip(), limit=200), room, space.glyphs.ellipsis), "strong"),
        (told, "label"),
    )


def nothing(space: Space, ingest_url: str | None) -> list[Line]:
    """Say that none has reported, where they report to, and what will stand here then."""
    where = f"They report to {sanitize(ingest_url, limit=80)}; " if ingest_url else ""
    first = f"{where}insights-tui run -- COMMAND starts one that reports here."
    cells = max(20, space.width - 5)
    return [
        ((f" {space.glyphs.idle} ", "label"), ("No algorithm has reported yet.", "strong")),
        BLANK,
        *(
            text(f"   {row}", style)
            for words, style in ((first, "text"), (_LISTED, "label"))
            for row in wrap(words, cells)
        ),
    ]


def chosen(
    one: Algorithm, detail: Algorithm | None, others: Sequence[Algorithm], space: Space, *, rows: int
) -> list[Line]:
    """Say how the chosen one reports; `detail` has its metrics, once they have come."""
    name = spell(which(one).text, limit=120)
    lines = [ruled(name, space.width, space.glyphs.rule, space.glyphs.ellipsis)]
    for label, words in fields(detail or one, listed=True):
        parts = wrap(words, max(20, space.width - _LABEL - 2))
        lines += [
            ((f" {label if not row else '':<{_LABEL}}", "label"), (part, "text")) for row, part in enumerate(parts)
        ]
    if detail is not None:
        lines += [BLANK, *(((" ", "text"), *line) for line in metrics(detail))]
        lines += _versions(others, space)
    if len(lines) > rows:
        lines = [*lines[: rows - 1], space.told.line(" and more: {enter} shows all", "label")]
    return [*lines, *[BLANK] * (rows - len(lines))]


def _versions(others: Sequence[Algorithm], space: Space) -> list[Line]:
    """Tabulate the other versions of the chosen one: which of them took over."""
    if not others:
        return []
    rows: list[Line] = [text(f" {'other version':<{_NAME}}{'rate':>{_NUMBER}}{'last payload':>24}  insights", "label")]
    for one in others:
        last = date_time(one.last_at) if one.last_at is not None else "never"
        rows.append(
            (
                (" ", "text"),
                *fit(text(spell(one.version, limit=40)), _NAME, ellipsis=space.glyphs.ellipsis),
                (f"{rate(one.rate_per_s):>{_NUMBER}}{last:>24}  ", "text"),
                ("on", "text") if one.insights_enabled else ("off", "label"),
            )
        )
    return rows


def before_off(one: Algorithm, *, all_versions: bool) -> Question:
    """Say what becomes of its reports then."""
    what = spell(Which(one.owner, one.name).text if all_versions else which(one).text, limit=120)
    scope = "every version of it that has no switch of its own" if all_versions else "this version alone"
    return Question(
        title=f"Turn Insights off for {what}?",
        body=(
            f"It holds for {scope}, until somebody turns it on again.",
            "Its reports are still answered 200, with accepted: 0; nothing of them is published.",
            "They are not kept either, and cannot be had back. Each is counted as disabled.",
            f"It reports {rate(one.rate_per_s)} just now; {counted(one.payloads, 'payload')} accepted so far.",
        ),
        agree="Turn off",
    )


def fields(one: Algorithm, *, listed: bool = False) -> list[tuple[str, str]]:
    """Say everything about one version but its metrics; in few lines, and without its rate, where its row is seen."""
    if one.payload_at is None:
        latest = "none accepted yet"
    else:
        latest = f"{date_time(one.payload_at)}, {bytes_(one.payload_bytes)}"
        latest += "" if one.payload is not None else ": too long to be kept here; the view Payloads follows what comes"
    return [
        ("Insights", f"{'on' if one.insights_enabled else 'off'}, {_BY[one.decided_by]}"),
        ("Payloads", f"{thousands(one.payloads)} accepted, {thousands(one.disabled)} not taken in while off"),
        *([] if listed else [("Rate", f"{rate(one.rate_per_s)} over the last ten seconds")]),
        ("Reports", _reported(one)),
        ("Last accepted", latest),
    ]


def _reported(one: Algorithm) -> str:
    if one.last_at is None:
        return "never"
    return f"first {date_time(one.first_at)}, last {date_time(one.last_at)}"


def metrics(one: Algorithm) -> list[Line]:
    """Tabulate the metrics of one version; a name that is too long for its column has a row of its own."""
    if not one.metrics:
        return [text("No metric seen yet.", "label")]
    titles = f"{'last':>{_NUMBER}}{'least':>{_NUMBER}}{'most':>{_NUMBER}}{'reports':>{_REPORTS}}"
    rows: list[Line] = [text(f"{'metric':<{_NAME}}{titles}", "label")]
    for metric in one.metrics:
        rows += _metric(metric)
    if one.metrics_beyond:
        rows.append(text(f"and {counted(one.metrics_beyond, 'report')} of further names", "label"))
    return [*rows, BLANK]


def _metric(metric: SeenMetric) -> list[Line]:
    name = spell(metric.name, limit=60)
    numbers = "".join(f"{_number(value):>{_NUMBER}}" for value in (metric.last, metric.min, metric.max))
    rest: Line = ((f"{numbers}{thousands(metric.count):>{_REPORTS}}", "text"),)
    if cell_len(name) < _NAME:
        rows: list[Line] = [(*fit(text(name), _NAME), *rest)]
    else:
        rows = [text(name), ((" " * _NAME, "text"), *rest)]
    if metric.stopped:
        rows.append(text("  stopped coming, though the algorithm still reports", "warn"))
    if metric.kind == "dropped":
        rows.append(text("  no number in it: left out of the payload", "warn"))
    return rows


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.5g}"
