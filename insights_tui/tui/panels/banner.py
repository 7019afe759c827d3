"""The banner: the worst problem in at most three lines - what, effect and deadline, what to do next."""

from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import clock_time, counted, sanitize
from insights_tui.domain.trouble import Code
from insights_tui.tui.frame import Frame, Scene
from insights_tui.tui.lines import Line, cut, fit, text, whole_seconds, width, wrap
from insights_tui.tui.panels.panel import Panel

_AGED_S = 5.0
"""A payload that waits longer than this makes its deadline worth a word."""
_SOON_S = 60.0
_EDIT, _CHECK, _DELIVERY, _LOST = ("c", "Edit Connection"), ("k", "Check"), ("2", "Delivery"), ("5", "Lost")
KEYS = {
    Code.AUTH_FAILED: _EDIT,
    Code.MECHANISM_REFUSED: _EDIT,
    Code.TLS_FAILED: _EDIT,
    Code.TOPIC_MISSING: _EDIT,
    Code.NOT_AUTHORIZED: _CHECK,
    Code.CERTIFICATE_EXPIRING: _EDIT,
    Code.KAFKA_UNREACHABLE: _CHECK,
    Code.BROKER_UNREACHABLE: _CHECK,
    Code.NAME_NOT_RESOLVED: _CHECK,
    Code.BROKER_REFUSES: _CHECK,
    Code.NO_LEADER: _DELIVERY,
    Code.KAFKA_SLOW: _DELIVERY,
    Code.DEADLINE_NEAR: _DELIVERY,
    Code.QUEUE_FULL: _DELIVERY,
    Code.DISK_FULL: _LOST,
    Code.LOST: _LOST,
    Code.RECORDS_REJECTED: _LOST,
    Code.SPOOL_DAMAGED: _LOST,
    Code.CLOCK_JUMP: ("3", "Events"),
}
"""The key that does the next act, or that opens the view in which it is done."""
STANDING = (Code.SINGLE_REPLICA,)
"""What is so by the cluster's make and hinders nothing today: a line to read once, never the loud banner."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One problem in words, sanitised."""

    critical: bool
    what: str
    effect: str
    act: str
    deadline: str = ""
    """When more is lost; kept whole where the effect has to give way."""
    raw: str = ""
    began: datetime | None = None
    key: tuple[str, str] | None = None
    """The key that does the next act, and what it is called."""
    standing: bool = False
    """Nothing is wrong just now."""

    @property
    def since(self) -> str:
        """Since when, in words; empty where it is not known."""
        return "" if self.began is None else clock_time(self.began)


class Banner(Panel):
    """Nothing while all is well."""

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the worst problem, since when, its deadline and the key that helps; say how many more there are."""
        notices = problems(scene.frame)
        if not notices:
            return []
        worst, more = notices[0], len(notices) - 1
        if worst.standing:
            return [_quiet(worst, scene)]
        token = "bad" if worst.critical else "warn"
        dots, room = scene.glyphs.ellipsis, scene.width - 4
        tail = _tail(worst, more, scene)
        rows = _at_most(
            [
                _Group(worst.what, "strong", room - width(tail)),
                _Group(worst.effect, "text", room, _ending(worst, scene.snapshot)),
                _Group(worst.act, "text", room, _key(worst)),
            ],
            limit=5 if scene.roomy else 3,
            dots=dots,
        )
        bar = (f" {scene.glyphs.bar} ", token)
        lines: list[Line] = [(bar, *row) for row in rows]
        first = fit(lines[0], scene.width - width(tail) - 1) if not scene.roomy else lines[0]
        lines[0] = (*first, *tail)
        return lines


def _quiet(notice: Notice, scene: Scene) -> Line:
    """Say in one line what stands; the rest is behind its key."""
    tail: Line = (("  more ", "label"), ("p", "accent"))
    words = cut(notice.what, scene.width - 4 - width(tail), scene.glyphs.ellipsis)
    return ((f" {scene.glyphs.bar} ", "label"), (words, "label"), *tail)


def troubled(frame: Frame) -> bool:
    """Tell whether something is wrong now, so that the banner takes its rows."""
    return any(not notice.standing for notice in problems(frame))


def _tail(worst: Notice, more: int, scene: Scene) -> Line:
    """Say since when, and how many more problems there are behind which key."""
    runs: Line = ()
    if worst.began is not None and scene.snapshot is not None:
        span = whole_seconds((scene.snapshot.as_of - worst.began).total_seconds())
        runs = text(f"  since {clock_time(worst.began)}, {span}" if scene.roomy else f"  for {span}", "label")
    return (*runs, (f"  +{more} more ", "label"), ("p", "accent")) if more else runs


def _ending(worst: Notice, snapshot: Snapshot | None) -> Line:
    soon = snapshot is not None and (snapshot.next_loss_s or 0.0) < _SOON_S
    return text(worst.deadline, "bad" if soon else "strong") if worst.deadline else ()


def _key(worst: Notice) -> Line:
    return ((worst.key[0], "accent"), (f" {worst.key[1]}", "label")) if worst.key else ()


def problems(frame: Frame) -> list[Notice]:
    """List all that is wrong, worst first: no news, what the agent says, its ledger; at last what merely stands."""
    notices: list[Notice] = []
    snapshot = frame.snapshot
    if frame.stale_s is not None:
        notices.append(_no_news(frame))
    if snapshot is None:
        return notices
    deadline = _deadline(snapshot)
    for problem in snapshot.problems:
        notices.append(
            Notice(
                critical=problem.severity == "critical",
                what=sanitize(problem.what),
                effect=sanitize(problem.effect),
                act=sanitize(problem.act),
                deadline=deadline,
                raw=sanitize(problem.raw, limit=2000),
                began=problem.since,
                key=KEYS.get(problem.code),
                standing=problem.code in STANDING,
            )
        )
        deadline = ""
    if not snapshot.balanced:
        notices.append(
            Notice(
                critical=True,
                what="The ledger does not add up: accepted is not the sum of its parts.",
                effect="The counts on this page cannot be trusted.",
                act="Copy the state and report it as a bug.",
                key=("y", "Copy"),
            )
        )
    return sorted(notices, key=lambda notice: notice.standing)


def _no_news(frame: Frame) -> Notice:
    span = whole_seconds(frame.stale_s or 0)
    if frame.snapshot is None:
        what, effect = frame.error or "The agent does not answer.", "Nothing is known about delivery."
    else:
        what = f"No news from the agent for {span}: {frame.error or 'it does not answer.'}"
        effect = f"The page shows {clock_time(frame.snapshot.as_of)}; what has happened since is not known."
    act = " ".join(part for part in (frame.hint, "Trying again every second.") if part)
    return Notice(critical=True, what=what, effect=effect, act=act)


def _deadline(snapshot: Snapshot) -> str:
    """Say when the next payload is lost, where that is in question."""
    if snapshot.next_loss_s is None or (snapshot.oldest_age_s or 0) < _AGED_S:
        return ""
    waiting = counted(snapshot.counts.pending, "payload waits", "payloads wait")
    return f"{waiting}, next loss in {whole_seconds(snapshot.next_loss_s)}."


@dataclass(frozen=True, slots=True)
class _Group:
    """Text that wants rows of its own, and an ending that is never cut."""

    words: str
    token: str
    room: int
    ending: Line = ()

    def rows(self, count: int, dots: str) -> list[Line]:
        """Write it in so many rows."""
        kept = wrap(self.words, self.room)
        if self.wanted() > count:
            last = cut(" ".join(kept[count - 1 :]), self.room - self._size(), dots)
            kept = [*kept[: count - 1], last]
        elif self.wanted() > len(kept):
            return [*(((row, self.token),) for row in kept), self.ending]
        return [*(((row, self.token),) for row in kept[:-1]), self._last(kept[-1] if kept else "")]

    def wanted(self) -> int:
        """Count the rows that it would fill."""
        kept = wrap(self.words, self.room)
        if not kept:
            return 1 if self.ending else 0
        return len(kept) + (cell_len(kept[-1]) + self._size() > self.room)

    def _size(self) -> int:
        return width(self.ending) + 2 if self.ending else 0

    def _last(self, row: str) -> Line:
        gap: Line = (("  ", "text"),) if row and self.ending else ()
        return ((row, self.token), *gap, *self.ending)


def _at_most(groups: list[_Group], *, limit: int, dots: str) -> list[Line]:
    """Give every group its rows; where there are too many, the longest gives way first."""
    groups = [group for group in groups if group.wanted()]
    allowed = [group.wanted() for group in groups]
    while sum(allowed) > max(limit, len(groups)):
        allowed[max(range(len(allowed)), key=lambda index: allowed[index])] -= 1
    return [row for group, count in zip(groups, allowed, strict=True) for row in group.rows(count, dots)]
