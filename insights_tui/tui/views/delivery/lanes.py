"""The topic's partitions, those in trouble first: leader, state, what is in flight, when the next attempt comes."""

from collections.abc import Sequence
from itertools import groupby

from insights_tui.domain.snapshot import Partition
from insights_tui.domain.text import counted, sanitize, thousands
from insights_tui.tui.frame import Frame, Scene, Space
from insights_tui.tui.lines import Line, crop, cut, table, text, whole_seconds
from insights_tui.tui.panels.panel import Panel

_STATES = {
    "no_leader": ("no leader", "bad"),
    "leader_down": ("leader down", "bad"),
    "backing_off": ("backing off", "warn"),
    "ok": ("ok", "text"),
}
_ORDER = {state: place for place, state in enumerate(_STATES)}
_SAMPLE_S = 5
"""In flight flickers where all is well; sent each second it would cost more than the rest of the page."""
_ONE_BY_ONE = {"narrow": 3, "medium": 6, "wide": 16}
"""Up to so many partitions have a row each; of more, those of one leader that fare alike share one."""
_IDS = 26


class Lanes(Panel):
    """Worst first: a row a partition, or a row for those that fare alike."""

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
        down = {broker.id for broker in snapshot.brokers if broker.state == "down"}
        states = {one.id: state_of(one, down) for one in snapshot.partitions}
        one_by_one = len(snapshot.partitions) <= _ONE_BY_ONE[scene.tier]
        groups = _alike(snapshot.partitions, states, apart=one_by_one)
        rows = [self._row(group, states[group[0].id], scene, one_by_one=one_by_one) for group in groups]
        names = ("part" if one_by_one else "partitions", "leader", "state", "in flight", "next attempt")
        columns = len(names) if any(map(_next, snapshot.partitions)) else len(names) - 1
        table_rows = [[text(name, "label") for name in names], *rows]
        made = table([row[:columns] for row in table_rows], right=frozenset({3}))
        lines = [crop(((" ", "text"), *row), scene.width, scene.glyphs.ellipsis) for row in made]
        return [*([_summary(list(states.values()))] if scene.roomy else []), *lines]

    def _row(self, group: Sequence[Partition], state: str, scene: Scene, *, one_by_one: bool) -> list[Line]:
        word, token = _STATES[state]
        glyphs, one = scene.glyphs, group[0]
        glyph = {"ok": glyphs.good, "backing_off": glyphs.busy}.get(state, glyphs.bad)
        flying = sum(each.in_flight if state != "ok" else self._sample.get(each.id, each.in_flight) for each in group)
        which = f"{one.id:>4}" if one_by_one else cut(_ids([each.id for each in group]), _IDS, glyphs.ellipsis)
        return [
            text(which),
            _leader(one, scene),
            ((glyph, "ok" if state == "ok" else token), (f" {word}", token)),
            text(thousands(flying), "text" if flying else "label"),
            text(_next(one)),
        ]


def state_of(one: Partition, down: set[int]) -> str:
    """Tell how a partition fares; the agent hears of a leader that went down when it sends there next."""
    return "leader_down" if one.state == "ok" and one.leader in down else one.state


def _alike(partitions: Sequence[Partition], states: dict[int, str], *, apart: bool) -> list[list[Partition]]:
    """Group those of one leader and one fate (each of its own where they are to stand `apart`), the worst first."""

    def kind(one: Partition) -> tuple[int, int, str, int]:
        leader = -1 if one.leader is None else one.leader
        return _ORDER[states[one.id]], leader, _next(one), one.id if apart else 0

    found = [list(group) for _, group in groupby(sorted(partitions, key=lambda one: (kind(one), one.id)), kind)]
    return sorted(found, key=lambda group: (_ORDER[states[group[0].id]], group[0].id))


def _ids(numbers: Sequence[int]) -> str:
    """Write partitions shortly: `0-5, 9`."""
    runs = [list(run) for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])]
    spans = [(run[0][1], run[-1][1]) for run in runs]
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in spans)


def _next(one: Partition) -> str:
    """Say when it is tried again, and after how many failures in a row."""
    if one.state == "ok":
        return ""
    when = "with a leader" if one.leader is None else "now"
    if one.retry_in_s is not None:
        when = f"in {whole_seconds(one.retry_in_s)}"
    return f"{when}, {counted(one.failures, 'failure')}" if one.failures else when


def _leader(one: Partition, scene: Scene) -> Line:
    if one.leader is None:
        return text("none")
    brokers = scene.snapshot.brokers if scene.snapshot is not None else ()
    broker = next((broker for broker in brokers if broker.id == one.leader), None)
    if broker is None:
        return text(f"{one.leader}")
    alike = sum(other.host == broker.host for other in brokers) > 1
    name = f"{broker.host}:{broker.port}" if alike else broker.host
    host = cut(sanitize(name, limit=120), max(16, scene.width // 4), scene.glyphs.ellipsis)
    return ((f"{one.leader} ", "label"), (host, "text"))


def _summary(states: Sequence[str]) -> Line:
    total = len(states)
    wrong = sum(state != "ok" for state in states)
    if not wrong:
        return text(f" {counted(total, 'partition')}, all ok", "label")
    if wrong == total:
        return text(f" none of {counted(total, 'partition')} is ok", "warn")
    return ((f" {wrong} of {total} not ok", "warn"), (f"; payloads go through the other {total - wrong}", "label"))
