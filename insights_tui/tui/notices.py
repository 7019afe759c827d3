"""What is wrong, in the words and with the keys of the screen: worst first, for the banner and for the list of all."""

from dataclasses import dataclass
from datetime import datetime

from insights_tui.domain.snapshot import Problem, Snapshot, State
from insights_tui.domain.text import clock_time, counted, sanitize
from insights_tui.domain.trouble import Code
from insights_tui.tui.frame import Frame
from insights_tui.tui.lines import whole_seconds

_AGED_S = 5.0
"""A payload that waits longer than this makes its deadline worth a word."""
_SOON_S = 60.0
CONNECT = ("c", "Connect to Kafka")
EDIT, _CHECK, _DELIVERY, _LOST = ("c", "Edit Connection"), ("k", "Check"), ("2", "Delivery"), ("5", "Lost")
KEYS = {
    Code.NOT_CONNECTED: CONNECT,
    Code.AUTH_FAILED: EDIT,
    Code.MECHANISM_REFUSED: EDIT,
    Code.TLS_FAILED: EDIT,
    Code.TOPIC_MISSING: EDIT,
    Code.NOT_AUTHORIZED: _CHECK,
    Code.CERTIFICATE_EXPIRING: EDIT,
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
_STOPPING = _CONNECTING | {Code.NOT_CONNECTED, Code.TOPIC_MISSING, Code.NOT_AUTHORIZED}
"""What stops all delivery while the state is neither connected nor degraded."""
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
        cause = _cause(snapshot) if problem.code is Code.LOST else None
        mended = cause or problem
        drops = problem.code is Code.DISK_FULL and "lost drop" in problem.act
        mended_elsewhere = mended.code is Code.TLS_FAILED and mended.about is None
        notices.append(
            Notice(
                critical=problem.severity == "critical",
                what=_lost(snapshot) if problem.code is Code.LOST else sanitize(problem.what),
                effect=sanitize(problem.effect),
                act=sanitize(problem.act),
                deadline=endings[0] if endings else "",
                raw=sanitize(problem.raw, limit=2000),
                began=problem.since,
                key=_CHECK if mended_elsewhere else _LOST if drops else KEYS.get(mended.code),
                then=(_DROP,) if drops else _THEN.get(mended.code, ()),
                here=_here(problem.code, cause),
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


def troubled(frame: Frame) -> bool:
    """Tell whether something is wrong now, so that the banner takes its rows."""
    return any(not notice.standing for notice in problems(frame))


def _lost(snapshot: Snapshot) -> str:
    """Say how many are open; what they are made of stands on the page."""
    are = "payload is" if snapshot.lost_open == 1 else "payloads are"
    return f"{snapshot.lost_open:,} {are} lost, neither redriven nor dropped."


def _cause(snapshot: Snapshot) -> Problem | None:
    """Find what keeps payloads from being delivered: sent again before it is mended they would be lost again."""
    if snapshot.state in (State.CONNECTED, State.DEGRADED):  # part of the cluster takes payloads
        return None
    return next((one for one in snapshot.problems if one.code in _STOPPING), None)


def _here(code: Code, cause: Problem | None) -> str:
    """Say what the keys do, where the agent's own words name a command for it."""
    if code is not Code.LOST:
        return ""
    return f"First: {sanitize(cause.act)}" if cause is not None else "Send them again, or drop them."


def _no_news(frame: Frame) -> Notice:
    snapshot, stale_s = frame.snapshot, frame.stale_s or 0.0
    act = " ".join(part for part in (frame.hint, "Trying again every second.") if part)
    if snapshot is None:
        what = frame.error or "The agent does not answer."
        effect = (
            "It works on; what it does cannot be read here." if frame.foreign else "Nothing is known about delivery."
        )
        return Notice(critical=True, what=what, effect=effect, act=act)
    if frame.foreign:
        effect = "It works on; this page is of before."
        return Notice(critical=True, what=frame.error, effect=effect, act=act, began=snapshot.as_of)
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
