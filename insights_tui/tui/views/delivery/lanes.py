"""The topic's partitions, those in trouble first: leader, state, what is in flight, when the next attempt comes."""

from insights_tui.domain.snapshot import Broker, Partition, Snapshot
from insights_tui.domain.text import counted, sanitize, thousands
from insights_tui.tui.frame import Frame, Scene, Space
from insights_tui.tui.lines import Line, crop, cut, table, text, whole_seconds
from insights_tui.tui.panels.panel import Panel

_STATES = {"no_leader": ("no leader", "bad"), "backing_off": ("backing off", "warn"), "ok": ("ok", "text")}
_ORDER = {"no_leader": 0, "backing_off": 1, "ok": 2}
_SAMPLE_S = 5
"""In flight flickers where all is well; sent each second it would cost more than the rest of the page."""


class Lanes(Panel):
    """One row a partition, worst first; the view scrolls."""

    TITLE = "Partitions"

    def __init__(self) -> None:
        super().__init__()
        self._sample: dict[int, int] = {}
        self._sampled = 0

    def show(self, frame: Frame, space: Space) -> None:
        """Take a new sample of what is in flight every five seconds, and whenever the partitions change."""
        snapshot = frame.snapshot
        if snapshot is not None:
            slot = int(snapshot.as_of.timestamp()) // _SAMPLE_S
            if slot != self._sampled or len(self._sample) != len(snapshot.partitions):
                self._sampled = slot
                self._sample = {partition.id: partition.in_flight for partition in snapshot.partitions}
        super().show(frame, space)

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the table."""
        snapshot = scene.snapshot
        if snapshot is None or snapshot.connection is None or scene.tier == "tiny":
            return []
        if not snapshot.partitions:
            return [text(" no partition is known: Kafka has not told them yet", "label")]
        ordered = sorted(snapshot.partitions, key=lambda one: (_ORDER[one.state], one.id))
        names = {broker.id: broker for broker in snapshot.brokers}
        header = [text(name, "label") for name in ("part", "leader", "state", "in flight", "next attempt")]
        rows = [header, *(self._row(one, names, scene) for one in ordered)]
        lines = [crop(((" ", "text"), *row), scene.width, scene.glyphs.ellipsis) for row in table(rows, right=_RIGHT)]
        return [*([_summary(snapshot)] if scene.roomy else []), *lines]

    def _row(self, one: Partition, names: dict[int, Broker], scene: Scene) -> list[Line]:
        word, token = _STATES[one.state]
        glyphs = scene.glyphs
        glyph = glyphs.good if one.state == "ok" else glyphs.bad if one.state == "no_leader" else glyphs.busy
        flying = one.in_flight if one.state != "ok" else self._sample.get(one.id, one.in_flight)
        return [
            text(str(one.id)),
            _leader(one, names, scene),
            ((glyph, "ok" if one.state == "ok" else token), (f" {word}", token)),
            text(thousands(flying), "text" if flying else "label"),
            text(_next(one)),
        ]


_RIGHT = frozenset({0, 3})


def _next(one: Partition) -> str:
    """Say when it is tried again, and after how many failures in a row."""
    if one.state == "ok":
        return ""
    when = "with a leader" if one.leader is None else "now"
    if one.retry_in_s is not None:
        when = f"in {whole_seconds(one.retry_in_s)}"
    return f"{when}, {counted(one.failures, 'failure')}" if one.failures else when


def _leader(one: Partition, names: dict[int, Broker], scene: Scene) -> Line:
    if one.leader is None:
        return text("none", "bad")
    broker = names.get(one.leader)
    if broker is None:
        return text(f"{one.leader}")
    host = cut(sanitize(broker.host, limit=120), max(12, scene.width // 3), scene.glyphs.ellipsis)
    return ((f"{one.leader} ", "label"), (host, "bad" if broker.state == "down" else "text"))


def _summary(snapshot: Snapshot) -> Line:
    total = len(snapshot.partitions)
    wrong = sum(one.state != "ok" for one in snapshot.partitions)
    if not wrong:
        return text(f" {counted(total, 'partition')}, all ok", "label")
    return ((f" {wrong} of {total} not ok", "warn"), (f"; payloads go through the other {total - wrong}", "label"))
