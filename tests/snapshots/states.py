"""The states that are looked at: what an agent tells in each, and what the screen knows beside it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from insights_tui.domain.outcome import Refusal
from insights_tui.domain.snapshot import Capacity, Counts, Event, Problem, Snapshot, State
from insights_tui.domain.trouble import Code
from insights_tui.tui.frame import Frame
from tests.tui import samples
from tests.tui.samples import AUTH_FAILED, CONNECTED, CONNECTION, NOW, STATES, ago


def _failed(state: State, code: Code, what: str, act: str, raw: str = "") -> Snapshot:
    """The three minutes of `AUTH_FAILED`, for another cause."""
    problem = Problem(code, "critical", ago(minutes=3, seconds=5), "", what, "Nothing is delivered.", act, raw)
    events = (
        Event(14, ago(seconds=2), "error", code.value, "", None, what, act, raw, 12, ago(minutes=3, seconds=5)),
        Event(
            13,
            ago(minutes=3, seconds=5),
            "error",
            f"state_{state.value}",
            "",
            None,
            f"Delivery is now {state.value.replace('_', ' ').upper()}: {what}",
        ),
        *samples.EVENTS[3:],
    )
    brokers = tuple(
        replace(one, state="down", rtt_s=None, last_error=raw, since=ago(minutes=3, seconds=5))
        for one in samples.brokers()
    )
    return replace(AUTH_FAILED, state=state, problems=(problem,), brokers=brokers, events=events)


UNREACHABLE = _failed(
    State.UNREACHABLE,
    Code.KAFKA_UNREACHABLE,
    "No server of the connection can be reached: TCP connect timed out after 5 s.",
    "Check that this host reaches kafka-1:9093, kafka-2:9093 and kafka-3:9093 (firewall, listener).",
    "[Errno 110] Connect call failed ('10.0.0.1', 9093)",
)
TLS_FAILED = _failed(
    State.TLS_FAILED,
    Code.TLS_FAILED,
    "kafka-1:9093 shows a certificate that the CA certificate of the connection did not sign (CN=kafka-1).",
    "Edit the connection and give the CA that signed it, or remove it where a public one did.",
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain",
)
NOT_AUTHORIZED = replace(
    _failed(
        State.NOT_AUTHORIZED,
        Code.NOT_AUTHORIZED,
        "insights-p may not write to the topic insights.",
        "Grant it: kafka-acls.sh --add --allow-principal User:insights-p --operation Write --topic insights.",
        "TOPIC_AUTHORIZATION_FAILED",
    ),
    brokers=samples.brokers(),
)
STANDING = replace(
    CONNECTED,
    problems=(
        Problem(
            Code.SINGLE_REPLICA, "warning", ago(hours=2), "insights", "The topic insights has one replica.",
            "What was delivered is lost with that broker's disk.", "Raise its replication factor to 3.",
        ),
    ),
)  # fmt: skip
DISK_FULL = replace(
    CONNECTED,
    refusing=Refusal.DISK_FULL,
    refused={**CONNECTED.refused, Refusal.DISK_FULL: 12_150},
    problems=(
        Problem(
            Code.DISK_FULL, "critical", ago(seconds=12), "", "Nothing more can be kept: the disk is full.",
            "New payloads are refused: their senders are told.",
            "Free disk space in the state directory; it goes on by itself within seconds.",
        ),
    ),
    capacity=Capacity("full", 0, 2_000_000, 4_100_000_000, 10_000_000_000, 0),
    counts=Counts(accepted=1_204_331, delivered=1_204_331),
    rates=replace(CONNECTED.rates, accepted_per_s=0.0, delivered_per_s=0.0),
    last_accepted_at=ago(seconds=12),
    last_delivered_at=ago(seconds=12),
    oldest_age_s=None,
    next_loss_s=None,
    latency=samples.IDLE.latency,
    history=tuple(
        replace(second, accepted=0, delivered=0, pending=0, p99_s=None, refused=1_012) if index >= 288 else second
        for index, second in enumerate(CONNECTED.history)
    ),
)  # fmt: skip
LOST_IN_PARTS = replace(
    CONNECTED,
    problems=(
        Problem(
            Code.LOST, "critical", ago(hours=5, minutes=2), "",
            "60 of 222 lost payloads (2 rejected, 200 expired unsent, 20 expired unknown) are neither redriven nor"
            " dropped.",
            "They are not in the topic, or may not be.",
            "Run insights-tui lost list; insights-tui lost redrive sends them again.",
        ),
    ),
    counts=Counts(
        accepted=1_204_723, queued=128, in_flight=42, delivered=1_204_331, rejected=2, expired_unsent=200,
        expired_unknown=20,
    ),
    lost_open=60,
    redriven=162,
)  # fmt: skip
LOST_DEALT_WITH = replace(LOST_IN_PARTS, problems=(), lost_open=0, redriven=222)
BUSY = replace(
    CONNECTED,
    connection=replace(CONNECTION, topic="platform.insights.credit-card-approvals.production.eu-west-1.v2"),
    agent=replace(CONNECTED.agent, installation="prod-eu-west-1-payments-primary"),
    counts=Counts(98_123_456_789, queued=1_999_871, in_flight=12_000, retrying=90_021, delivered=98_121_354_897),
    rates=replace(CONNECTED.rates, accepted_per_s=48_211.0, delivered_per_s=50_112.0),
    oldest_age_s=93.0,
    next_loss_s=146.9,
    history=tuple(
        replace(one, accepted=one.accepted * 48, delivered=one.delivered * 50, pending=2_400_000 - 1_000 * index)
        for index, one in enumerate(samples.history())
    ),
    capacity=replace(CONNECTED.capacity, queue_payloads=1_999_871, queue_max_payloads=3_000_000),
)  # fmt: skip
MORE: Mapping[str, Snapshot] = {
    "unreachable": UNREACHABLE,
    "tls-failed": TLS_FAILED,
    "not-authorized": NOT_AUTHORIZED,
    "standing": STANDING,
    "disk-full": DISK_FULL,
    "lost-in-parts": LOST_IN_PARTS,
    "lost-dealt-with": LOST_DEALT_WITH,
    "busy": BUSY,
    "embedded-elsewhere": samples.EMBEDDED_ELSEWHERE,
}
_WHOLE = ("connected", "idle", "degraded", "auth-failed", "lost", "busy", "refusing")
"""States whose fixture has five minutes of history; of the others it has one, so that files stay small."""
_PAST = {
    **dict.fromkeys(("demo", "embedded", "embedded-elsewhere", "standing", "disk-full"), "connected"),
    **dict.fromkeys(("lost-in-parts", "lost-dealt-with"), "connected"),
    **dict.fromkeys(("unreachable", "tls-failed", "not-authorized", "topic-missing"), "auth-failed"),
    "hostile": "degraded",
}
"""Whose first four minutes theirs were."""


def _kept(name: str, snapshot: Snapshot) -> Snapshot:
    """Take out what is of this process and what is there twice."""
    agent = replace(snapshot.agent, pid=42)
    return replace(snapshot, agent=agent, history=snapshot.history[0 if name in _WHOLE else -60 :])


MADE_UP: Mapping[str, Snapshot] = {name: _kept(name, snapshot) for name, snapshot in {**STATES, **MORE}.items()}
"""Every one is a fixture in `wire/`."""


@dataclass(frozen=True, slots=True)
class Circumstance:
    """A fixture, and what the screen knows beside it."""

    wire: str | None
    """The fixture's name; `None` where no snapshot has come."""
    frame: Frame = field(default_factory=Frame)
    ours: bool = False
    """Whether the agent is this very process."""

    def of(self, snapshots: Mapping[str, Snapshot]) -> Frame:
        """Give the frame that the screen is to show."""
        if self.wire is None:
            return self.frame
        snapshot = snapshots[self.wire]
        if self.wire in _PAST:
            before = snapshots[_PAST[self.wire]].history[: -len(snapshot.history)]
            snapshot = replace(snapshot, history=(*before, *snapshot.history))
        if self.ours:
            snapshot = replace(snapshot, agent=replace(snapshot.agent, pid=os.getpid()))
        return replace(self.frame, snapshot=snapshot, history=snapshot.history)


GONE = "The agent does not answer: nobody listens on /run/insights/agent.sock."
CIRCUMSTANCES: Mapping[str, Circumstance] = {
    **{name: Circumstance(name, ours=name == "embedded") for name in MADE_UP},
    "stale": Circumstance("connected", Frame(stale_s=12.4, error=GONE, hint="Start it: insights-tui agent.")),
    "stale-auth-failed": Circumstance(
        "auth-failed", Frame(stale_s=754.0, error=GONE, hint="Start it: insights-tui agent.")
    ),
    "frozen": Circumstance("degraded", Frame(frozen_at=NOW)),
    "restarted": Circumstance("connected", Frame(restarted_at=NOW - timedelta(seconds=20))),
    "no-agent": Circumstance(None, Frame(error=GONE, hint="Start it: insights-tui agent.", stale_s=3.0)),
    "waiting-for-agent": Circumstance(None),
}
"""What every view is drawn in."""
