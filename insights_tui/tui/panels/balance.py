"""The conservation line: every accepted payload is somewhere, and lost is the sum of its parts."""

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import thousands
from insights_tui.tui.frame import Space, View
from insights_tui.tui.lines import Line, crop, width
from insights_tui.tui.panels.funnel import lost_parts
from insights_tui.tui.panels.panel import Panel


class Balance(Panel):
    """accepted = queued + in flight + retrying + delivered + lost, and what lost is made of."""

    def lines(self, view: View) -> list[Line]:
        """Draw both sums, with every number where there is room."""
        if view.snapshot is None or view.tier == "tiny":
            return []
        if view.tier == "narrow" and not view.snapshot.counts.lost:
            return [crop(_accepted(view.snapshot, view.space, view.width), view.width, view.glyphs.ellipsis)]
        return [
            crop(_accepted(view.snapshot, view.space, view.width), view.width, view.glyphs.ellipsis),
            crop(_lost(view.snapshot), view.width, view.glyphs.ellipsis),
        ]


def _accepted(snapshot: Snapshot, space: Space, room: int) -> Line:
    counts = snapshot.counts
    verdict = (f" {space.glyphs.check}", "ok") if snapshot.balanced else (f" {space.glyphs.cross} bug", "loud")
    head: Line = ((" accepted ", "label"), (thousands(counts.accepted), "text"), (" = ", "label"))
    terms = (
        ("queued", counts.queued),
        ("in flight", counts.in_flight),
        ("retrying", counts.retrying),
        ("delivered", counts.delivered),
        ("lost", counts.lost),
    )
    long = (*head, *_sum(terms), verdict)
    if width(long) <= room:
        return long
    names = " + ".join(name for name, _ in terms)
    return (*head, (names, "label"), verdict)


def _lost(snapshot: Snapshot) -> Line:
    counts = snapshot.counts
    token = "bad" if snapshot.lost_open else "label"
    head: Line = ((" lost ", "label"), (thousands(counts.lost), token), (" = ", "label"))
    return (*head, *_sum(tuple(lost_parts(snapshot)), loud=bool(snapshot.lost_open)))


def _sum(terms: tuple[tuple[str, int], ...], *, loud: bool = False) -> Line:
    runs: list[tuple[str, str]] = []
    for index, (name, value) in enumerate(terms):
        runs += [(" + ", "label")] if index else []
        runs += [(f"{name} ", "label"), (thousands(value), "bad" if loud and value else "text")]
    return tuple(runs)
