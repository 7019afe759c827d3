"""The banner: the worst problem in at most three lines - what, effect and deadline, what to do next."""

from dataclasses import dataclass

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import clock_time, counted, duration, sanitize
from insights_tui.tui.frame import Frame, Scene
from insights_tui.tui.lines import Line, cut, whole_seconds, wrap
from insights_tui.tui.panels.panel import Panel

_AGED_S = 5.0
"""A payload that waits longer than this makes its deadline worth a word."""


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
    since: str = ""


class Banner(Panel):
    """Nothing while all is well."""

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the worst problem and say how many more there are."""
        notices = problems(scene.frame)
        if not notices:
            return []
        worst, more = notices[0], len(notices) - 1
        token = "bad" if worst.critical else "warn"
        dots, room = scene.glyphs.ellipsis, scene.width - 4
        tail = f"  +{more} more: enter" if more else ""
        rows = _at_most(
            [
                _Group(worst.what, "strong", room - len(tail)),
                _Group(worst.effect, "text", room, worst.deadline),
                _Group(worst.act, "text", room),
            ],
            limit=5 if scene.roomy else 3,
            dots=dots,
        )
        bar = (f" {scene.glyphs.bar} ", token)
        lines: list[Line] = [(bar, *row) for row in rows]
        if tail:
            lines[0] = (*lines[0], (tail, "label"))
        return lines


def problems(frame: Frame) -> list[Notice]:
    """List everything that is wrong, worst first: no news, then what the agent says, then its ledger."""
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
                since=clock_time(problem.since),
            )
        )
        deadline = ""
    if not snapshot.balanced:
        notices.append(
            Notice(
                critical=True,
                what="The ledger does not add up: accepted is not the sum of its parts.",
                effect="The counts on this page cannot be trusted.",
                act="Press y to copy the state and report it as a bug.",
            )
        )
    return notices


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
    return f"{waiting}, next loss in {duration(snapshot.next_loss_s)}."


@dataclass(frozen=True, slots=True)
class _Group:
    """Text that wants rows of its own, and words at its end that are never cut."""

    words: str
    token: str
    room: int
    ending: str = ""

    def rows(self, count: int, dots: str) -> list[Line]:
        """Write it in so many rows."""
        whole = wrap(f"{self.words} {self.ending}".strip(), self.room)
        if len(whole) <= count:
            return [((row, self.token),) for row in whole]
        room = self.room - (len(self.ending) + 1 if self.ending else 0)
        kept = wrap(self.words, self.room)
        last = cut(" ".join(kept[count - 1 :]), room, dots)
        return [((row, self.token),) for row in (*kept[: count - 1], f"{last} {self.ending}".rstrip())]

    def wanted(self) -> int:
        """Count the rows that it would fill."""
        return len(wrap(f"{self.words} {self.ending}".strip(), self.room))


def _at_most(groups: list[_Group], *, limit: int, dots: str) -> list[Line]:
    """Give every group its rows; where there are too many, the longest gives way first."""
    groups = [group for group in groups if group.wanted()]
    allowed = [group.wanted() for group in groups]
    while sum(allowed) > max(limit, len(groups)):
        allowed[max(range(len(allowed)), key=lambda index: allowed[index])] -= 1
    return [row for group, count in zip(groups, allowed, strict=True) for row in group.rows(count, dots)]
