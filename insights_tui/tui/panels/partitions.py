"""The topic's partitions, those in trouble first; on the wall screen alone."""

from insights_tui.domain.snapshot import Partition
from insights_tui.domain.text import UNKNOWN, thousands
from insights_tui.tui.frame import Scene
from insights_tui.tui.lines import Line, crop, table, text
from insights_tui.tui.panels.panel import Panel

_ROWS, _LEAST = 14, 3
_WORDS = {"ok": ("ok", "text"), "no_leader": ("no leader", "bad"), "backing_off": ("backing off", "warn")}


class Partitions(Panel):
    """Number, leader, state; where it is stuck, how much is in flight."""

    TITLE = "Partitions"

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the table; what does not fit is counted."""
        snapshot = scene.snapshot
        if snapshot is None or scene.tier != "wide" or not snapshot.partitions:
            return []
        partitions = sorted(snapshot.partitions, key=lambda partition: (partition.state == "ok", partition.id))
        room = _ROWS if self.most is None else max(_LEAST, self.most - 1)
        shown = partitions if len(partitions) <= room else partitions[: room - 1]
        header = [text(name, "label") for name in ("partition", "leader", "state", "in flight")]
        rows = [header, *(_row(partition) for partition in shown)]
        lines = [crop(((" ", "text"), *row), scene.width) for row in table(rows, right=frozenset({0, 1, 3}))]
        rest = partitions[len(shown) :]
        if rest:
            wrong = sum(partition.state != "ok" for partition in rest)
            tail = f"{wrong} of them not ok" if wrong else "all ok"
            lines.append(text(f" and {len(rest)} more, {tail}", "label"))
        return lines


def _row(partition: Partition) -> list[Line]:
    word, token = _WORDS[partition.state]
    leader = UNKNOWN if partition.leader is None else str(partition.leader)
    # Where all is well this number flickers and tells nobody anything; each of them would cost its bytes a second.
    stuck = thousands(partition.in_flight) if partition.state != "ok" else ""
    return [text(str(partition.id)), text(leader), text(word, token), text(stuck)]
