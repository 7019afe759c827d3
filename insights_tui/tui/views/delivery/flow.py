"""What waits and how long it may, and how long Kafka takes: labels above values, in columns."""

from collections.abc import Sequence

from insights_tui.domain.snapshot import Latency, Snapshot
from insights_tui.domain.text import duration, latency, thousands
from insights_tui.tui.frame import Scene
from insights_tui.tui.lines import BLANK, Line, crop, fit, text, whole_seconds, wrap
from insights_tui.tui.panels.panel import Panel

_SOON_S = 60.0
_COLUMN, _NARROW = 16, 12
_HERE = (
    "What will stand here: how many payloads come in and go out each second, how long Kafka takes to answer,"
    " its brokers and partitions, those in trouble first, and what became of every payload."
)
_READABLE = 76
"""Cells of a row beyond which a sentence is hard to follow."""


class Flow(Panel):
    """Queued, in flight, retrying, the oldest, the next loss; latency over the last minute."""

    def lines(self, scene: Scene) -> list[Line]:
        """Draw labels above values; before there is a connection what will stand here, and what waits for one."""
        snapshot = scene.snapshot
        if snapshot is None:
            return []
        if snapshot.connection is not None:
            return _figures(scene, snapshot)
        if snapshot.counts.pending:  # the banner tells what is missing
            return _figures(scene, snapshot)
        press = "" if scene.frame.read_only else "  {c} connects to Kafka."
        missing = scene.space.told.line(f" No connection: nothing is delivered.{press}")
        here = wrap(_HERE, min(_READABLE, scene.width - 1)) if scene.tier != "tiny" else []
        return [missing, *([BLANK] if here else []), *(text(f" {row}", "label") for row in here)]


def _figures(scene: Scene, snapshot: Snapshot) -> list[Line]:
    dot = f" {scene.glyphs.dot} "
    fields = _fields(snapshot, roomy=scene.roomy)
    quantiles = f"p50{dot}p99{dot}max"
    fields.append((f"Latency {quantiles}" if scene.roomy else quantiles, _latency(snapshot.latency, dot)))
    if scene.tier == "tiny":
        rows = [(*fit(text(f" {label}", "label"), _NARROW + 2), *value) for label, value in fields[:-1]]
        return [*rows, text(" enlarge to 80x24 for trends and tables", "label")]
    sizes = [_COLUMN] * len(fields) if scene.roomy else [*[_NARROW] * (len(fields) - 2), _NARROW + 2, 0]
    labels = [text(label, "label") for label, _ in fields]
    return [_row(labels, sizes, scene), _row([value for _, value in fields], sizes, scene)]


def _row(cells: Sequence[Line], sizes: Sequence[int], scene: Scene) -> Line:
    """Set cells side by side; the last has what is left of the row."""
    dots = scene.glyphs.ellipsis
    before = (run for cell, size in zip(cells[:-1], sizes, strict=False) for run in fit(cell, size, ellipsis=dots))
    return crop(((" ", "text"), *before, *cells[-1]), scene.width, dots)


def _fields(snapshot: Snapshot, *, roomy: bool) -> list[tuple[str, Line]]:
    counts, left = snapshot.counts, snapshot.next_loss_s
    fields = [
        ("Queued", text(thousands(counts.queued), "strong")),
        ("In flight", text(thousands(counts.in_flight), "strong")),
        ("Retrying", text(thousands(counts.retrying), "worry" if counts.retrying else "strong")),
    ]
    if roomy:
        fields.append(("Oldest waits", text(duration(snapshot.oldest_age_s))))
    token = "bad" if left is not None and left < _SOON_S else "text"
    soon = duration(None) if left is None else whole_seconds(left) if left >= 1 else "now"
    fields.append(("Next loss in", text(soon, token)))
    return fields


def _latency(values: Latency, dot: str) -> Line:
    if values.max is None:
        return text("none in last minute", "label")
    return text(dot.join(latency(value) for value in (values.p50, values.p99, values.max)))
