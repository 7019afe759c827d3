"""From what the engine knows to the one word and the problems that people read: pure decisions."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from insights_tui.delivery.status import EngineStatus
from insights_tui.domain.clock import Moment
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.snapshot import Capacity, CaSummary, Counts, Problem, State
from insights_tui.domain.text import bytes_, thousands
from insights_tui.domain.trouble import Code, Trouble

SLOW_S = 5.0
"""A request that Kafka has not answered for this long makes the state `degraded`."""
NEAR_S = 60.0
"""A payload this close to its deadline is a problem of its own."""
FULL_SHARE = 0.9
"""Share of the queue from which it is worth saying how full it is."""
EXPIRY_NOTICE, EXPIRY_NEAR = timedelta(days=30), timedelta(days=7)
"""Before a certificate expires: when it is a warning, and when it is critical."""

Severity = Literal["warning", "critical"]

_STOPPED: dict[Code, State] = {
    Code.KAFKA_UNREACHABLE: State.UNREACHABLE,
    Code.NAME_NOT_RESOLVED: State.UNREACHABLE,
    Code.BROKER_UNREACHABLE: State.UNREACHABLE,
    Code.TLS_FAILED: State.TLS_FAILED,
    Code.AUTH_FAILED: State.AUTH_FAILED,
    Code.MECHANISM_REFUSED: State.AUTH_FAILED,
    Code.TOPIC_MISSING: State.TOPIC_MISSING,
    Code.NOT_AUTHORIZED: State.NOT_AUTHORIZED,
}
_STOPS_A_LIVE_LINK = {Code.KAFKA_UNREACHABLE, Code.TOPIC_MISSING, Code.NOT_AUTHORIZED}
"""Troubles that stop everything although the client is connected; any other makes it `degraded`."""
INFORMS_ONLY = {Code.SINGLE_REPLICA, Code.CERTIFICATE_EXPIRING, Code.CLOCK_JUMP, Code.RECORDS_REJECTED}
"""Troubles that the state does not follow."""
_EFFECTS = {
    Code.SINGLE_REPLICA: "What was delivered is lost with that broker's disk.",
    Code.CLOCK_JUMP: "Delivery goes on: records carry a time that Kafka takes.",
    Code.RECORDS_REJECTED: "They count as lost and are kept; everything else is delivered.",
}
_NO_CONNECTION = "No Kafka connection is configured, and payloads wait for one."
_RANK = {state: rank for rank, state in enumerate(State)}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the agent knows beside the engine."""

    connected: bool
    """Whether a connection is configured."""
    ca: CaSummary | None
    capacity: Capacity
    refusing: Refusal | None
    no_room: str = ""
    """Why the spool takes nothing in, in words."""
    state_dir: str = "the state directory"
    """Where the spool is."""
    damage: Occurrence | None = None
    """What the spool found damaged, while what was lost by it is open."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem before anyone has noted since when it stands; `since` is set where the engine knows."""

    trouble: Trouble
    severity: Severity
    effect: str
    since: Moment | None = None


def state_of(status: EngineStatus, *, connected: bool) -> State:
    """Choose the one word: the worst of what holds, but a login that is refused was refused by somebody in reach."""
    if not connected:
        return State.NOT_CONNECTED
    codes = [active.trouble.code for active in status.troubles if active.trouble.code not in INFORMS_ONLY]
    state = _of_codes(codes, status)
    refused = any(_STOPPED.get(code) is State.AUTH_FAILED for code in codes)
    return State.AUTH_FAILED if refused and state is State.UNREACHABLE else state


def _of_codes(codes: Collection[Code], status: EngineStatus) -> State:
    if status.link.phase == "up":
        stopped = _worst(_STOPPED[code] for code in codes if code in _STOPS_A_LIVE_LINK)
        if stopped is not None:
            return stopped
        unanswered = status.longest_unanswered_s
        slow = unanswered is not None and unanswered >= SLOW_S
        return State.DEGRADED if codes or slow else State.CONNECTED
    stopped = _worst(_STOPPED[code] for code in codes if code in _STOPPED)
    if stopped is not None:
        return stopped
    return State.UNREACHABLE if status.link.phase == "down" else State.CONNECTING


def _worst(states: Iterable[State]) -> State | None:
    return min(states, key=_RANK.__getitem__, default=None)


def findings(state: State, status: EngineStatus, around: Circumstances) -> list[Finding]:
    """List what a person should know, worst first."""
    found = _unconnected(status, around)
    stopped = state not in {State.CONNECTED, State.DEGRADED, State.CONNECTING}
    for active in status.troubles:
        harmless = active.trouble.code in INFORMS_ONLY
        severity: Severity = "critical" if stopped and not harmless else "warning"
        code = active.trouble.code
        effect = _EFFECTS.get(code, "") if harmless else _effect(status, stopped=stopped, around=around)
        found.append(Finding(active.trouble, severity, effect, active.since))
    found += _losses(status, around)
    found += _room(around, _cause(status, around))
    found += _damage(around)
    found += _expiry(status.at, around.ca)
    return sorted(found, key=lambda finding: finding.severity != "critical")


def _effect(status: EngineStatus, *, stopped: bool, around: Circumstances) -> str:
    """Say what the trouble does to delivery; how much waits and until when stands beside it on every surface."""
    if stopped:
        refused = ", new payloads are refused" if around.refusing is not None else ""
        return f"Nothing is delivered{refused}."
    delayed = status.oldest_age_s is not None and status.oldest_age_s >= SLOW_S
    return "Payloads are delayed." if delayed else "Delivery goes on, no payload is late."


def _unconnected(status: EngineStatus, around: Circumstances) -> list[Finding]:
    """Say that payloads wait for a connection that nobody has made, or that was deleted."""
    if around.connected or not status.counts.pending:
        return []
    trouble = Trouble(Code.NOT_CONNECTED, "", _NO_CONNECTION, "Connect to Kafka: what waits then goes out first.")
    return [Finding(trouble, "critical", _effect(status, stopped=True, around=around))]


def _losses(status: EngineStatus, around: Circumstances) -> list[Finding]:
    found = []
    counts = status.counts
    if status.lost_open:
        parts = {
            "rejected": counts.rejected,
            "expired unsent": counts.expired_unsent,
            "expired unknown": counts.expired_unknown,
            "damaged": counts.damaged,
        }
        named = ", ".join(f"{thousands(count)} {name}" for name, count in parts.items() if count)
        if status.lost_open == counts.lost:
            were = "1 payload was" if status.lost_open == 1 else f"{thousands(status.lost_open)} payloads were"
            what = f"{were} lost ({named})."
        else:  # the parts count what was dealt with too
            are = "is" if status.lost_open == 1 else "are"
            what = (
                f"{thousands(status.lost_open)} of {thousands(counts.lost)} lost payloads ({named}) "
                f"{are} neither redriven nor dropped."
            )
        trouble = Trouble(
            code=Code.LOST,
            subject="",
            what=what,
            act="Run insights-tui lost list; insights-tui lost redrive sends them again."
            if around.connected
            else "Connect to Kafka first; then insights-tui lost redrive sends them again.",
        )
        found.append(Finding(trouble, "critical", _where(counts)))
    if status.counts.pending and status.next_loss_s is not None and status.next_loss_s < NEAR_S:
        trouble = Trouble(
            code=Code.DEADLINE_NEAR,
            subject="",
            what="The oldest payloads are close to their deadline.",
            act=_cause(status, around) or "Mend the cause named beside this, or they are lost.",
        )
        found.append(Finding(trouble, "critical", "They are lost when it passes."))
    return found


def _where(counts: Counts) -> str:
    """Say whether what was lost may be in the topic all the same."""
    if not counts.expired_unknown:
        return "They are not in the topic."
    if counts.lost == counts.expired_unknown:
        return "They may be in the topic, or not."
    return "They are not in the topic; those that expired unknown may be."


def _cause(status: EngineStatus, around: Circumstances) -> str:
    """Name what holds delivery up, where a problem that follows from it would hide it; empty where it is not known."""
    if not around.connected:
        return f"{_NO_CONNECTION} Connect to Kafka."
    causes = (active.trouble for active in status.troubles if active.trouble.code not in INFORMS_ONLY)
    worst = next(causes, None)
    return "" if worst is None else f"Mend the cause: {worst.what}"


def _room(around: Circumstances, cause: str) -> list[Finding]:
    capacity = around.capacity
    full = f"{thousands(capacity.queue_payloads)} of {thousands(capacity.queue_max_payloads)} payloads"
    effect = "New payloads are refused: their senders are told."
    if around.refusing is Refusal.DISK_FULL:
        return [Finding(_no_room(around), "critical", effect)]
    if around.refusing is not None:
        act = f"{cause or 'Mend delivery.'} Or raise INSIGHTS_QUEUE__MAX_PAYLOADS and INSIGHTS_QUEUE__MAX_BYTES."
        return [Finding(Trouble(Code.QUEUE_FULL, "", f"The queue is full ({full}).", act), "critical", effect)]
    if capacity.queue_payloads >= FULL_SHARE * capacity.queue_max_payloads:
        act = f"{cause or 'Mend delivery.'} Or raise INSIGHTS_QUEUE__MAX_PAYLOADS."
        trouble = Trouble(Code.QUEUE_FULL, "", f"The queue is nearly full ({full}).", act)
        return [Finding(trouble, "warning", "New payloads will be refused when it is.")]
    return []


def _no_room(around: Circumstances) -> Trouble:
    why = around.no_room or "the disk is full"
    act = f"Free disk space at {around.state_dir}; it goes on by itself."
    if "limit" in why:
        why += f" of {bytes_(around.capacity.spool_max_bytes)}"
        act = "Mend delivery, drop lost payloads (insights-tui lost drop), or raise INSIGHTS_SPOOL__MAX_BYTES."
    elif "full" not in why:
        act = f"Make the disk of {around.state_dir} writable again; it goes on by itself."
    return Trouble(Code.DISK_FULL, "", f"Nothing more can be kept: {why}.", act)


def _damage(around: Circumstances) -> list[Finding]:
    damage = around.damage
    if damage is None:
        return []
    act = f"{damage.fix} Then close it: insights-tui lost drop --reason damaged.".strip()
    trouble = Trouble(Code.SPOOL_DAMAGED, damage.subject, damage.text, act, damage.raw)
    return [Finding(trouble, "critical", "What cannot be read is counted as damaged; everything else is delivered.")]


def _expiry(at: Moment, ca: CaSummary | None) -> list[Finding]:
    if ca is None:
        return []
    now = datetime.fromtimestamp(at.wall, UTC)
    left = ca.expires - now
    if left > EXPIRY_NOTICE:
        return []
    over = left <= timedelta(0)
    days = f"{left.days} days" if left.days != 1 else "1 day"
    trouble = Trouble(
        code=Code.CERTIFICATE_EXPIRING,
        subject=ca.subject,
        what="The CA certificate has expired." if over else f"The CA certificate expires in {days}.",
        act="Edit the connection and give the new CA certificate.",
    )
    effect = "New connections to Kafka fail." if over else "New connections to Kafka will fail then."
    return [Finding(trouble, "critical" if left < EXPIRY_NEAR else "warning", effect)]


class Sinces:
    """Remembers when each problem began, for those that the engine gives no time for."""

    def __init__(self) -> None:
        self._since: dict[tuple[Code, str], Moment] = {}

    def problems(self, found: list[Finding], now: Moment) -> tuple[Problem, ...]:
        """Put a time on each finding and forget those that are over."""
        present = {(finding.trouble.code, finding.trouble.subject) for finding in found}
        self._since = {key: since for key, since in self._since.items() if key in present}
        problems = []
        for finding in found:
            key = (finding.trouble.code, finding.trouble.subject)
            began = (finding.since or self._since.setdefault(key, now)).by(now).wall
            problems.append(
                Problem(
                    code=finding.trouble.code,
                    severity=finding.severity,
                    since=datetime.fromtimestamp(began, UTC),
                    subject=finding.trouble.subject,
                    what=finding.trouble.what,
                    effect=finding.effect,
                    act=finding.trouble.act,
                    raw=finding.trouble.raw,
                    about=finding.trouble.about,
                )
            )
        return tuple(problems)
