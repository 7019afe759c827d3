"""What became of payloads, by reason: in all and in the last five minutes; and how much room is left."""

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import bytes_, percent, thousands
from insights_tui.tui.frame import Scene
from insights_tui.tui.lines import Line, columns, crop, table, text, width
from insights_tui.tui.panels.panel import Panel

_KINDS = (
    ("delivered", "delivered", "acknowledged by Kafka"),
    ("rejected", "rejected", "Kafka refused their content"),
    ("expired unsent", "expired_unsent", "too late, not in the topic"),
    ("expired unknown", "expired_unknown", "too late, may be in the topic"),
    ("damaged", "damaged", "unreadable in the spool"),
)
"""The ledger's outcomes, in its words, and what they mean."""
_MEANINGS = 66
"""Cells from which on there is room for what they mean."""
_NEARLY = 0.8
_COLUMN = 11


class Outcomes(Panel):
    """A row an outcome: in all, in the last five minutes; refused ones by reason; what of the lost is still open."""

    TITLE = "Outcomes"

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the table, and what a person still has to decide."""
        snapshot = scene.snapshot
        if snapshot is None or scene.tier == "tiny" or not _known(snapshot):
            return []
        history = scene.frame.history
        rows = [[text(name, "label") for name in ("outcome", "total", "last 5 min", "")]]
        for label, field, means in _KINDS:
            total = int(getattr(snapshot.counts, field))
            recent = sum(int(getattr(second, field)) for second in history)
            rows.append(_row(label, total, recent, means, loss=field != "delivered"))
        refused = sum(snapshot.refused.values())
        recent = sum(second.refused for second in history)
        rows.append(_row("refused", refused, recent, "never accepted, senders were told", loss=True))
        rows += [
            [text(f"  {reason.value.replace('_', ' ')}", "label"), text(thousands(count), "label"), text(""), text("")]
            for reason, count in sorted(snapshot.refused.items(), key=lambda item: -item[1])
            if count
        ]
        if scene.width < _MEANINGS:
            rows = [row[:-1] for row in rows]
        dots = scene.glyphs.ellipsis
        made = table(rows, right=frozenset({1, 2}))
        if width(made[0]) >= scene.width:  # billions
            made = table(rows, right=frozenset({1, 2}), gap=1)
        lines = [((" ", "text"), *row) for row in made]
        return [crop(line, scene.width, dots) for line in (*lines, *_open(snapshot, scene))]


class Room(Panel):
    """How full the queue and the spool are, and what is left of the disk."""

    TITLE = "Room"

    def lines(self, scene: Scene) -> list[Line]:
        """Draw labels above values."""
        snapshot = scene.snapshot
        if snapshot is None or scene.tier == "tiny" or not _known(snapshot):
            return []
        room = snapshot.capacity
        fields = [
            ("Queue full", _share(room.queue_payloads, room.queue_max_payloads)),
            ("Spool full", _share(room.spool_bytes, room.spool_max_bytes)),
            ("Durability", text(room.durability)),
            ("Disk free", text(bytes_(room.disk_free_bytes))),
        ]
        if room.durability == "memory":  # nothing is on disk then
            fields = [fields[0], fields[2]]
        dots = scene.glyphs.ellipsis
        labels = columns([text(label, "label") for label, _ in fields], _COLUMN, dots)
        values = columns([value for _, value in fields], _COLUMN, dots)
        return [crop(((" ", "text"), *row), scene.width, dots) for row in (labels, values)]


def _known(snapshot: Snapshot) -> bool:
    counts = snapshot.counts
    return snapshot.connection is not None or bool(counts.delivered or counts.lost or sum(snapshot.refused.values()))


def _row(label: str, total: int, recent: int, means: str, *, loss: bool) -> list[Line]:
    """Write an outcome; what was lost in these minutes is the one loud number."""
    return [
        text(label),
        text(thousands(total), "strong" if total else "label"),
        text(thousands(recent), ("bad" if loss else "text") if recent else "label"),
        text(means, "label"),
    ]


def _open(snapshot: Snapshot, scene: Scene) -> list[Line]:
    """Tell what of the lost nobody has decided about yet, and what was done about the rest."""
    if not snapshot.counts.lost:
        return []
    dot = f" {scene.glyphs.dot} "
    done = [f"{thousands(snapshot.redriven)} redriven"] if snapshot.redriven else []
    done += [f"{thousands(snapshot.late_acks)} late acks"] if snapshot.late_acks else []
    if not snapshot.lost_open:
        return [text(f" {dot.join(['lost: all dealt with', *done])}", "label")]
    still = f" {thousands(snapshot.lost_open)} of {thousands(snapshot.counts.lost)} lost are open"
    return [((still, "text"), (dot.join(["", *done]), "label"))]


def _share(part: int | None, whole: int | None) -> Line:
    near = part is not None and bool(whole) and whole is not None and part >= _NEARLY * whole
    return text(percent(part, whole), "warn" if near else "text")
