"""The cluster's members, worst first."""

from dataclasses import replace

from insights_tui.domain.members import address, members
from insights_tui.domain.snapshot import Broker, Snapshot
from insights_tui.domain.text import UNKNOWN, counted, latency, sanitize
from insights_tui.tui.frame import Scene, Space
from insights_tui.tui.lines import Line, crop, cut, table, text, whole_seconds
from insights_tui.tui.panels.panel import Panel

_WORST_FIRST = {"down": 0, "unknown": 1, "up": 2}
_TOKENS = {"down": "bad", "unknown": "label", "up": "ok"}
_AROUND = 2
"""Rows of the heading and of what tells of the rest."""
_LEADS = 90
"""Cells from which on there is room for what hangs on each."""
_ROWS = {"narrow": 3, "medium": 8, "wide": 24}


class Brokers(Panel):
    """Server, state, since when, round trip, last error."""

    TITLE = "Brokers"

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the table; where rows do not fit, the best ones are counted instead."""
        snapshot = scene.snapshot
        if snapshot is None or snapshot.connection is None or scene.tier == "tiny":
            return []
        brokers = sorted(members(snapshot), key=lambda broker: (_WORST_FIRST[broker.state], broker.id))
        if not brokers:
            return [text(" no broker has answered yet", "label")]
        shown = brokers[: _ROWS[scene.tier]]
        if self.most is not None and 1 + len(shown) + (len(shown) < len(brokers)) > self.most:
            shown = brokers[: max(1, self.most - _AROUND)]
        said = "last error" if any(broker.last_error for broker in shown) else ""
        header = [text(name, "label") for name in ("server", "state", "since", "rtt")]
        rows = [header, *(_row(broker, snapshot, scene.space) for broker in shown)]
        right = {2, 3}
        if scene.roomy and scene.width >= _LEADS:
            leads = [text(name, "label") for name in ("leads", "id")]
            for row, more in zip(rows, (leads, *(_led(broker, snapshot) for broker in shown)), strict=True):
                row.extend(more)
            right |= {4, 5}
        for row, last in zip(rows, (text(said, "label"), *map(_last_error, shown)), strict=True):
            row.append(last)
        dots = scene.glyphs.ellipsis
        lines = [crop(((" ", "text"), *row), scene.width, dots) for row in table(rows, right=frozenset(right))]
        rest = brokers[len(shown) :]
        if rest:
            down = sum(broker.state != "up" for broker in rest)
            lines.append(
                text(
                    f" and {len(rest)} more, {down} of them not up" if down else f" and {len(rest)} more, all up",
                    "label",
                )
            )
        return lines


def _row(broker: Broker, snapshot: Snapshot, space: Space) -> list[Line]:
    host = cut(sanitize(broker.host, limit=120), space.width // 3, space.glyphs.ellipsis)
    server = address(replace(broker, host=host))
    glyphs = space.glyphs
    glyph = {"up": glyphs.good, "down": glyphs.bad}.get(broker.state, glyphs.unknown)
    since = UNKNOWN if broker.since is None else whole_seconds((snapshot.as_of - broker.since).total_seconds())
    return [
        text(server, "text"),
        ((glyph, _TOKENS[broker.state]), (f" {broker.state}", "bad" if broker.state == "down" else "text")),
        text(since),
        text(f"{'<1 ms' if broker.rtt_s == 0 else latency(broker.rtt_s):>6}"),  # no answer takes no time
    ]


def _led(broker: Broker, snapshot: Snapshot) -> list[Line]:
    """Tell how many partitions hang on it, and its id: the logs of Kafka name no other."""
    led = sum(partition.leader == broker.id for partition in snapshot.partitions)
    return [text(counted(led, "partition") if snapshot.partitions else UNKNOWN), text(str(broker.id), "label")]


def _last_error(broker: Broker) -> Line:
    return text(sanitize(broker.last_error or "", limit=200), "text" if broker.state == "down" else "label")
