"""The conservation line: every accepted payload is somewhere, and lost is the sum of its parts."""

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import thousands
from insights_tui.tui.frame import Scene, Space
from insights_tui.tui.lines import Line, crop, width
from insights_tui.tui.panels.funnel import lost_parts
from insights_tui.tui.panels.panel import Panel


class Balance(Panel):
    """accepted = queued + in flight + retrying + delivered + lost, and what lost is made of."""

    def lines(self, scene: Scene) -> list[Line]:
        """Draw both sums, with every number where there is room."""
        snapshot = scene.snapshot
        if snapshot is None or scene.tier == "tiny":
            return []
        sums = [_accepted(snapshot, scene.space, scene.width)]
        if snapshot.counts.lost or scene.roomy:
            sums.append(_lost(snapshot, scene.width))
        if any(snapshot.refused.values()):
            sums.append(_refused(snapshot))
        return [crop(line, scene.width, scene.glyphs.ellipsis) for line in sums]


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
    named: Line = (*head, (" + ".join(name for name, _ in terms), "label"), verdict)
    if width(named) <= room:
        return named
    return (*head, ("the sum of these five", "label"), verdict)  # the verdict is what the line is for


def _lost(snapshot: Snapshot, room: int) -> Line:
    counts = snapshot.counts
    head: Line = ((" lost ", "label"), _number(counts.lost), (" = ", "label"))
    parts = tuple(lost_parts(snapshot))
    some = tuple((name, number) for name, number in parts if number)
    done = counts.lost - snapshot.lost_open
    tail: Line = ((", ", "label"), (thousands(done), "text"), (" dealt with", "label")) if done else ()
    for terms, rest in ((parts, tail), (some, tail), (parts, ()), (some, ())):
        line = (*head, *_sum(terms), *rest)
        if width(line) <= room:
            return line
    expired = counts.expired_unsent + counts.expired_unknown
    terms = (("rejected", counts.rejected), ("expired", expired), ("damaged", counts.damaged))
    return (*head, *_sum(tuple(term for term in terms if term[1])))


def _refused(snapshot: Snapshot) -> Line:
    """Name what was never accepted: outside the sum, and nobody else will tell."""
    reasons = [(reason.value.replace("_", " "), number) for reason, number in snapshot.refused.items() if number]
    total = sum(number for _, number in reasons)
    token = "bad" if snapshot.refusing is not None else "text"
    return ((" refused ", "label"), (thousands(total), token), (" (never accepted): ", "label"), *_sum(tuple(reasons)))


def _number(value: int) -> tuple[str, str]:
    """Write a number; what is 0 steps back, so that what is not stands out."""
    return (thousands(value), "text" if value else "label")


def _sum(terms: tuple[tuple[str, int], ...]) -> Line:
    runs: list[tuple[str, str]] = []
    for index, (name, value) in enumerate(terms):
        runs += [(" + ", "label")] if index else []
        runs += [(f"{name} ", "label"), _number(value)]
    return tuple(runs)
