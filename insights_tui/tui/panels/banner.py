"""The banner: the worst problem in at most three lines - what, effect and deadline, what to do next."""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product

from rich.cells import cell_len

from insights_tui.domain.snapshot import Snapshot, State
from insights_tui.domain.text import clock_time, counted, date_time, sanitize
from insights_tui.domain.trouble import Code
from insights_tui.tui.frame import Frame, Scene
from insights_tui.tui.lines import Line, cut, fit, text, whole_seconds, width
from insights_tui.tui.panels.banner_rows import Group, at_most, shares
from insights_tui.tui.panels.panel import Panel
from insights_tui.tui.told_keys import spelt

_AGED_S = 5.0
"""A payload that waits longer than this makes its deadline worth a word."""
_SOON_S = 60.0
_DAY_S = 86_400.0
_BAR = 3
"""Cells of the bar at the left."""
_CONNECT = ("c", "Connect to Kafka")
_EDIT, _CHECK, _DELIVERY, _LOST = ("c", "Edit Connection"), ("k", "Check"), ("2", "Delivery"), ("5", "Lost")
KEYS = {
    Code.NOT_CONNECTED: _CONNECT,
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
    Code.LOST: _LOST,
    Code.RECORDS_REJECTED: _LOST,
    Code.SPOOL_DAMAGED: _LOST,
    Code.CLOCK_JUMP: ("3", "Events"),
}
"""The key that does the next act, or that opens the view in which it is done."""
_DROP = ("lost.drop", "del", "Drop")
_THEN = {
    Code.LOST: (("lost.redrive", "r", "Redrive"), _DROP),
    Code.SPOOL_DAMAGED: (_DROP,),
}
"""The keys there, where the view alone is not the act."""
_CONNECTING = {
    Code.AUTH_FAILED,
    Code.MECHANISM_REFUSED,
    Code.TLS_FAILED,
    Code.KAFKA_UNREACHABLE,
    Code.BROKER_UNREACHABLE,
    Code.NAME_NOT_RESOLVED,
}
"""What keeps the client from being made: it is over with the next attempt, once it is mended."""
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
    then: tuple[tuple[str, str, str], ...] = ()
    """The keys that do it in the view which `key` opens: the id of the act, its usual key, what it is called."""
    whole: str = ""
    """The key that shows all of it, where a row is cut and nothing else names that key."""
    here: str = ""
    """The act in words that go with these keys: `act` may name a command, for those who are not before a screen."""
    standing: bool = False
    """Nothing is wrong just now."""
    endings: tuple[str, ...] = ()
    """The deadline in ever fewer words."""
    soon: bool = False
    """Whether the next payload is lost within a minute."""
    again_s: float | None = None
    """Seconds until it is tried again by itself."""

    @property
    def since(self) -> str:
        """Since when, in words; empty where it is not known."""
        return "" if self.began is None else clock_time(self.began)


class Banner(Panel):
    """Nothing while all is well."""

    AGES = False

    def __init__(self) -> None:
        super().__init__()
        self.view = ""
        """The title of the view below it: the key that opens that one helps nobody there."""

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the worst problem, since when, its deadline and the key that helps; say how many more there are."""
        notices = problems(scene.frame)
        if not notices:
            return []
        worst, more = self._spelt(notices[0], scene), _more(len(notices) - 1, self.told("p"))
        if worst.standing:
            return [_quiet(worst, scene, self.told("p"))]
        bar = (f" {scene.glyphs.bar} ", "bad" if worst.critical else "warn")
        draw = _airy if scene.roomy else _dense
        rows = draw(worst, more, scene)
        if (
            not more
            and scene.tier != "tiny"
            and any(part.endswith(scene.glyphs.ellipsis) for row in rows for part, _ in row)
        ):
            rows = draw(replace(worst, whole=self.told("p")), more, scene)
        return [(bar, *row) for row in rows]

    def _spelt(self, notice: Notice, scene: Scene) -> Notice:
        """Spell its keys as they are now; none that changes something where nothing may be changed."""
        moved = scene.space.told.moved
        if scene.frame.read_only:
            notice = replace(notice, key=None if notice.key in (_EDIT, _CONNECT) else notice.key, then=())
        here = notice.key is not None and notice.key[1] == self.view
        key = (self.told(notice.key[0]), notice.key[1]) if notice.key is not None and not here else None
        then = tuple((act, spelt(moved.get(act, usual).split(",")[0]), word) for act, usual, word in notice.then)
        return replace(notice, key=key, then=then)


def _airy(worst: Notice, more: Line, scene: Scene) -> list[Line]:
    """Write up to five rows, since when behind the first."""
    room = scene.width - _BAR
    tail = (*text(f"  {_since(worst, scene, span=True)}", "label"), *more) if worst.began else more
    rows = at_most(
        [
            Group(worst.what, "strong", room - width(tail)),
            Group(worst.effect, "text", room, _ending(worst, worst.deadline)),
            _act(worst, room),
        ],
        limit=5,
        dots=scene.glyphs.ellipsis,
    )
    rows[0] = (*rows[0], *tail)
    return rows


def _dense(worst: Notice, more: Line, scene: Scene) -> list[Line]:
    """Write up to three rows: what; since when, effect and deadline; the act and its key."""
    room, dots = scene.width - _BAR, scene.glyphs.ellipsis
    tail, middle = more, _middle(worst, scene, room)
    if middle is None:  # too narrow for both: since when goes up, and the effect is cut before the deadline is
        began = _since(worst, scene)
        if scene.tier == "tiny":
            began = began.removeprefix("since ")  # what is wrong needs the cells more
        tail = (*text(f"  {began}", "label"), *tail) if worst.began else tail
        endings = worst.endings or ("",)
        fitting = [one for one in endings if cell_len(worst.effect) + 2 + cell_len(one) <= room]
        (middle,) = Group(worst.effect, "text", room, _ending(worst, (fitting or endings[-1:])[0])).rows(1, dots)
    groups = [Group(worst.what, "strong", room - width(tail)), _act(worst, room)]
    what, act = shares(groups, limit=3 - bool(middle))
    rows = groups[0].rows(what, dots)
    rows[0] = (*fit(rows[0], room - width(tail)), *tail)
    return [*rows, *((middle,) if middle else ()), *(groups[1].rows(act, dots) if act else ())]


def _middle(worst: Notice, scene: Scene, room: int) -> Line | None:
    """Say since when, the effect and the deadline in one row, as fully as it holds; `None` where it does not."""
    leads = [_since(worst, scene, span=True), _since(worst, scene)] if worst.began else [""]
    gap = ("  ", "text")
    for lead, ending in product(leads, worst.endings or ("",)):
        runs: list[Line] = [text(lead, "label") if lead else (), text(worst.effect, "text"), _ending(worst, ending)]
        line = tuple(run for index, part in enumerate(filter(None, runs)) for run in ((gap,) * bool(index) + part))
        if width(line) <= room:
            return line
    return None


def _quiet(notice: Notice, scene: Scene, key: str) -> Line:
    """Say in one line what stands; the rest is behind its key."""
    tail: Line = (("  more ", "label"), (key, "accent"))
    words = cut(notice.what, scene.width - _BAR - width(tail), scene.glyphs.ellipsis)
    return ((f" {scene.glyphs.bar} ", "label"), (words, "label"), *tail)


def troubled(frame: Frame) -> bool:
    """Tell whether something is wrong now, so that the banner takes its rows."""
    return any(not notice.standing for notice in problems(frame))


def _since(notice: Notice, scene: Scene, *, span: bool = False) -> str:
    """Say since when, with the date where it was another day; with `span` for how long too."""
    began, frame = notice.began, scene.frame
    if began is None:
        return ""
    now = frame.snapshot.as_of if frame.snapshot is not None else began
    lasted = (now - began).total_seconds() + (frame.stale_s or 0.0)
    said = clock_time(began) if lasted < _DAY_S else date_time(began)
    return f"since {said}" + (f", {whole_seconds(lasted)}" if span else "")


def _more(count: int, key: str) -> Line:
    return ((f"  +{count} more ", "label"), (key, "accent")) if count else ()


def _ending(worst: Notice, words: str) -> Line:
    return text(words, "bad" if worst.soon else "strong") if words else ()


def _key(worst: Notice) -> Line:
    keys = [*((worst.key,) if worst.key else ()), *((key, word) for _, key, word in worst.then)]
    between = ("", ", then ", ", ") if worst.key else ("", ", ")
    told = tuple(
        run
        for lead, (key, word) in zip(between, keys, strict=False)
        for run in (*(((lead, "label"),) if lead else ()), (key, "accent"), (f" {word}", "label"))
    )
    if not worst.whole:
        return told
    gap = (("  ", "label"),) if told else ()
    return (*told, *gap, (worst.whole, "accent"), (" Whole", "label"))


def _act(worst: Notice, room: int) -> Group:
    """Say what to do, which key does it, and when it is tried again where that does not push the act away."""
    key = _key(worst)
    group = Group(worst.here or worst.act, "text", room, key)
    if worst.again_s is None:
        return group
    longer = replace(group, ending=((f"again in {whole_seconds(worst.again_s)}   ", "label"), *key))
    return longer if longer.wanted() == 1 else group


def problems(frame: Frame) -> list[Notice]:
    """List all that is wrong, worst first: no news, what the agent says, its ledger; at last what merely stands."""
    notices: list[Notice] = []
    snapshot = frame.snapshot
    if frame.stale_s is not None:
        notices.append(_no_news(frame))
    if snapshot is None:
        return notices
    endings = () if notices else _endings(snapshot, 0.0)  # the notice of no news has them
    for problem in snapshot.problems:
        drops = problem.code is Code.DISK_FULL and "lost drop" in problem.act
        mended_elsewhere = problem.code is Code.TLS_FAILED and problem.about is None
        notices.append(
            Notice(
                critical=problem.severity == "critical",
                what=_lost(snapshot) if problem.code is Code.LOST else sanitize(problem.what),
                effect=sanitize(problem.effect),
                act=sanitize(problem.act),
                deadline=endings[0] if endings else "",
                raw=sanitize(problem.raw, limit=2000),
                began=problem.since,
                key=_CHECK if mended_elsewhere else _LOST if drops else KEYS.get(problem.code),
                then=(_DROP,) if drops else _THEN.get(problem.code, ()),
                here=_here(problem.code, snapshot),
                again_s=snapshot.next_attempt_in_s if problem.code in _CONNECTING else None,
                standing=problem.code in STANDING,
                endings=endings,
                soon=(snapshot.next_loss_s or 0.0) < _SOON_S,
            )
        )
        endings = ()
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


def _lost(snapshot: Snapshot) -> str:
    """Say how many are open; what they are made of stands on the page."""
    are = "payload is" if snapshot.lost_open == 1 else "payloads are"
    return f"{snapshot.lost_open:,} {are} lost, neither redriven nor dropped."


def _here(code: Code, snapshot: Snapshot) -> str:
    """Say what the keys do, where the agent's own words name a command for it."""
    if code is not Code.LOST:
        return ""
    if snapshot.state in (State.CONNECTED, State.DEGRADED):
        return "Send them again, or drop them."
    if snapshot.connection is None:
        return "First connect to Kafka."
    return "First mend delivery."


def _no_news(frame: Frame) -> Notice:
    snapshot, stale_s = frame.snapshot, frame.stale_s or 0.0
    act = " ".join(part for part in (frame.hint, "Trying again every second.") if part)
    if snapshot is None:
        what = frame.error or "The agent does not answer."
        return Notice(critical=True, what=what, effect="Nothing is known about delivery.", act=act)
    endings = _endings(snapshot, stale_s)
    return Notice(
        critical=True,
        what=frame.error or "The agent does not answer.",
        effect="Reports may fail, deadlines run on.",
        act=act,
        deadline=endings[0] if endings else "",
        began=snapshot.as_of,
        endings=endings,
        soon=bool(endings) and (snapshot.next_loss_s or 0.0) - stale_s < _SOON_S,
    )


def _endings(snapshot: Snapshot, stale_s: float) -> tuple[str, ...]:
    """Say when the next payload is lost, where that is in question; the fullest first.

    An agent that says nothing any more (`stale_s`) stops no deadline: its last word is counted down.
    """
    pending = snapshot.counts.pending
    if snapshot.next_loss_s is None or not pending or (snapshot.oldest_age_s or 0) + stale_s < _AGED_S:
        return ()
    left = snapshot.next_loss_s - stale_s
    if stale_s and left <= 0:
        return (
            f"{counted(pending, 'payload', 'payloads')} waited and may be lost by now.",
            "some may be lost by now",
            "some may be lost",
        )
    wait, waits = ("waited", "waited") if stale_s else ("waits", "wait")
    loss = f"next loss in {whole_seconds(left)}" if left >= 1 else "next loss now"
    return (
        f"{counted(pending, f'payload {wait}', f'payloads {waits}')}, {loss}.",
        f"{pending:,} {wait if pending == 1 else waits}, {loss}.",
        loss,
    )
