"""Made-up snapshots, one for each state that an operator can meet."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from insights_tui.domain.outcome import Refusal
from insights_tui.domain.snapshot import (
    Agent,
    Broker,
    Capacity,
    CaSummary,
    ConnectionView,
    Counts,
    Event,
    Latency,
    Mode,
    Partition,
    Problem,
    Rates,
    Second,
    Snapshot,
    State,
)
from insights_tui.domain.trouble import Code

NOW = datetime(2026, 11, 22, 12, 4, 31, 120000, UTC)
HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x1b[0m [bold]markup[/] \u202egnp.exe\nsecond line \x9b2J 表\u200b"

CONNECTION = ConnectionView(
    revision=3,
    topic="insights",
    bootstrap_servers=("kafka-1:9093", "kafka-2:9093", "kafka-3:9093"),
    connection_type="kafka_sasl_ssl",
    sasl_mechanism="SCRAM-SHA-512",
    username="insights-p",
    password_source="stored",
    ca=CaSummary(subject="Acme Root CA", sha256="ab" * 32, expires=NOW + timedelta(days=214, hours=5)),
    changed_at=NOW - timedelta(days=2),
    changed_by="alice",
)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def history(*, accepted: int = 1000, delivered: int = 1000) -> tuple[Second, ...]:
    """Five minutes that move: a swell, so that a trend has a shape."""
    return tuple(
        Second(
            at=NOW - timedelta(seconds=299 - index),
            accepted=accepted * (60 + _wave(index)) // 100,
            delivered=delivered * (60 + _wave(index - 1)) // 100,
            lost=0,
            pending=150 + index * 7 % 40,
            p99_s=0.010 + (index % 30) / 1000,
        )
        for index in range(300)
    )


def broken(
    *, for_s: int, rate: int, delivered: float = 0.0, pending: int = 7000, lost: int = 0, lost_for_s: int = 0
) -> tuple[Second, ...]:
    """Five minutes of which the last `for_s` seconds went wrong: a share is delivered, the rest piles up, then is lost.

    `rate` is the highest that came in, `lost` what is lost in each of the last `lost_for_s` seconds.
    """
    whole = history(accepted=rate, delivered=rate)
    ill = (
        replace(
            second,
            delivered=int(second.delivered * delivered),
            pending=20 + pending * (number + 1) // for_s,
            p99_s=None if not delivered else min(2.4, 0.03 + number * 0.1),
            lost=lost if number >= for_s - lost_for_s else 0,
            expired_unsent=lost if number >= for_s - lost_for_s else 0,
        )
        for number, second in enumerate(whole[-for_s:])
    )
    return (*whole[:-for_s], *ill)


def _wave(index: int) -> int:
    slow = index % 120
    return (slow if slow < 60 else 120 - slow) * 2 // 3 + index * 7 % 5


def brokers(*down: int) -> tuple[Broker, ...]:
    return tuple(
        Broker(
            id=index,
            host=f"kafka-{index}",
            port=9093,
            state="down" if index in down else "up",
            since=ago(seconds=41) if index in down else ago(hours=2, minutes=11),
            rtt_s=None if index in down else 0.002 + index / 1000,
            last_error="TCP connect timed out after 5 s" if index in down else None,
        )
        for index in (1, 2, 3)
    )


LEADERS = (1, 3, 1, 2)
"""Of every four partitions: what broker 2 leads (3, 7 and 11) is without a leader when it is gone."""
EVENTS = (
    Event(12, ago(seconds=1), "error", "broker_unreachable", "kafka-2:9093", None,
          "kafka-2:9093: TCP connect timed out after 5 s.", count=14, first_at=ago(seconds=41),
          fix="Check that this host reaches kafka-2:9093: nc -vz kafka-2 9093.",
          raw="[Errno 110] Connect call failed ('10.0.0.2', 9093)"),
    Event(11, ago(seconds=40), "warning", "no_leader", "insights", None, "Partitions 3, 7, 11 have no leader."),
    Event(10, ago(seconds=42), "warning", "broker_unreachable", "kafka-2:9093", None,
          "kafka-2:9093 disconnected: connection reset by peer."),
    Event(9, ago(hours=2), "info", "connected", "insights", None, "Connected to 3 of 3 brokers."),
    Event(8, ago(hours=2, seconds=2), "info", "connection_saved", "insights", "alice", "Connection saved."),
)  # fmt: skip

NONE = Snapshot(
    schema=1,
    seq=1,
    as_of=NOW,
    state=State.NOT_CONNECTED,
    agent=Agent(id="a1", version="0.1.0", mode="service", host="prod-1", pid=42, uptime_s=62.0, installation="prod-eu"),
    problems=(),
    connection=None,
    counts=Counts(),
    balanced=True,
    refused=dict.fromkeys(Refusal, 0),
    lost_open=0,
    late_acks=0,
    redriven=0,
    oldest_age_s=None,
    next_loss_s=None,
    last_accepted_at=None,
    last_delivered_at=None,
    rates=Rates(),
    latency=Latency(),
    capacity=Capacity(durability="memory", queue_payloads=0, queue_max_payloads=2_000_000),
    brokers=(),
    partitions=(),
    ingest_url="http://127.0.0.1:9000",
)
NONE_WAITING = replace(
    NONE,
    problems=(
        Problem(
            Code.NOT_CONNECTED, "critical", ago(seconds=40), "",
            "No Kafka connection is configured, and payloads wait for one.", "Nothing is delivered.",
            "Connect to Kafka: what waits then goes out first.",
        ),
    ),
    counts=Counts(accepted=12, queued=12),
    oldest_age_s=40.2,
    next_loss_s=199.8,
    last_accepted_at=ago(seconds=3),
    rates=Rates(0.3, 0.0),
)  # fmt: skip
CONNECTED = replace(
    NONE,
    state=State.CONNECTED,
    connection=CONNECTION,
    counts=Counts(accepted=1_204_501, queued=128, in_flight=42, delivered=1_204_331),
    oldest_age_s=0.1,
    next_loss_s=239.9,
    last_accepted_at=ago(seconds=0.2),
    last_delivered_at=ago(seconds=0.1),
    rates=Rates(1024.0, 1019.0),
    latency=Latency(0.004, 0.031, 0.120),
    brokers=brokers(),
    partitions=tuple(Partition(index, LEADERS[index % 4], "ok", index % 4) for index in range(12)),
    partition_count=12,
    events=EVENTS[3:],
    history=history(),
)
IDLE = replace(
    CONNECTED,
    counts=Counts(accepted=1_204_331, delivered=1_204_331),
    oldest_age_s=None,
    next_loss_s=None,
    last_accepted_at=ago(minutes=12, seconds=5),
    last_delivered_at=ago(minutes=12, seconds=5),
    rates=Rates(0.0, 0.0),
    latency=Latency(),
    history=tuple(replace(second, accepted=0, delivered=0, pending=0, p99_s=None) for second in history()),
)
CONNECTING = replace(
    NONE_WAITING,
    problems=(),
    state=State.CONNECTING,
    connection=replace(CONNECTION, changed_at=ago(seconds=2)),
    brokers=(),
    events=(replace(EVENTS[4], at=ago(seconds=2)),),
    history=tuple(
        replace(second, accepted=int(index % 3 == 0), delivered=0, pending=index // 3, p99_s=None)
        for index, second in enumerate(history()[-37:])
    ),
)
DEGRADED = replace(
    CONNECTED,
    state=State.DEGRADED,
    problems=(
        Problem(
            Code.BROKER_UNREACHABLE,
            "critical",
            ago(seconds=41),
            "kafka-2:9093",
            "kafka-2:9093 cannot be reached: TCP connect timed out after 5 s.",
            "Delivering through 2 of 3 brokers; partitions 3, 7 and 11 retry.",
            "Check that this host reaches kafka-2:9093 (firewall, listener).",
            raw="[Errno 110] Connect call failed ('10.0.0.2', 9093)",
        ),
        Problem(
            Code.SINGLE_REPLICA, "warning", ago(hours=2), "insights", "Topic insights has one replica.",
            "A broker that dies takes its payloads with it.", "Raise the replication factor to 3.",
        ),
        Problem(
            Code.NO_LEADER, "warning", ago(seconds=40), "insights", "Partitions 3, 7 and 11 have no leader.",
            "Payloads are delayed.", "Start the broker that led them.",
        ),
    ),
    counts=Counts(accepted=1_205_064, queued=6_310, in_flight=500, retrying=212, delivered=1_198_042),
    oldest_age_s=41.3,
    next_loss_s=198.7,
    rates=Rates(1010.0, 840.0),
    latency=Latency(0.010, 2.4, 4.1),
    brokers=brokers(2),
    partitions=tuple(
        Partition(index, None, "no_leader") if index % 4 == 3 else Partition(index, LEADERS[index % 4], "ok", 4)
        for index in range(12)
    ),
    events=EVENTS,
    history=broken(for_s=41, rate=1000, delivered=0.83, pending=7000),
)  # fmt: skip
_REFUSED = "Brokers refuse insights-p with SCRAM-SHA-512: invalid credentials."
AUTH_FAILED = replace(
    CONNECTED,
    state=State.AUTH_FAILED,
    problems=(
        Problem(
            Code.AUTH_FAILED,
            "critical",
            ago(minutes=3, seconds=5),
            "insights-p",
            _REFUSED,
            "Nothing is delivered.",
            "Correct the user name or the password.",
        ),
    ),
    counts=Counts(accepted=1_208_979, queued=18_204, delivered=1_190_775),
    oldest_age_s=185.0,
    next_loss_s=55.0,
    last_delivered_at=ago(minutes=3, seconds=5),
    history=broken(for_s=185, rate=100, pending=18_184),
    rates=Rates(98.0, 0.0),
    latency=Latency(),
    brokers=tuple(
        replace(
            broker, state="down", rtt_s=None, last_error="invalid credentials (SCRAM)", since=ago(minutes=3, seconds=5)
        )
        for broker in brokers()
    ),
    partitions=tuple(replace(partition, in_flight=0) for partition in CONNECTED.partitions),
    events=(
        Event(14, ago(seconds=2), "error", "auth_failed", "insights-p", None, _REFUSED, count=12,
              first_at=ago(minutes=3, seconds=5)),
        Event(13, ago(minutes=3, seconds=5), "error", "state_auth_failed", "insights-p", None,
              f"Delivery is now AUTH FAILED: {_REFUSED}"),
        *EVENTS[3:],
    ),
)  # fmt: skip
TOPIC_MISSING = replace(
    AUTH_FAILED,
    state=State.TOPIC_MISSING,
    problems=(
        Problem(
            Code.TOPIC_MISSING, "critical", ago(minutes=3, seconds=5), "insights", "Kafka has no topic insights.",
            "Nothing is delivered.", "Create the topic, or correct its name.",
        ),
    ),
    brokers=brokers(),
    partitions=(),
    partition_count=None,
    events=(
        Event(13, ago(minutes=3, seconds=5), "error", "state_topic_missing", "insights", None,
              "Delivery is now TOPIC MISSING: Kafka has no topic insights."),
        *EVENTS[3:],
    ),
)  # fmt: skip
_LOGIN_LOST = ago(minutes=4, seconds=22)
LOST = replace(
    AUTH_FAILED,
    problems=(
        Problem(
            Code.LOST, "critical", ago(seconds=22), "",
            "212 of 222 lost payloads (2 rejected, 200 expired unsent, 20 expired unknown) are neither redriven nor"
            " dropped.",
            "They are not in the topic, or may not be.",
            "Run insights-tui lost list; insights-tui lost redrive sends them again.",
        ),
        replace(AUTH_FAILED.problems[0], since=_LOGIN_LOST),
    ),
    counts=Counts(
        accepted=1_193_397, queued=2_400, delivered=1_190_775, rejected=2, expired_unsent=200, expired_unknown=20
    ),
    lost_open=212,
    history=tuple(
        replace(second, expired_unsent=0, expired_unknown=second.lost) if index in (278, 279) else second
        for index, second in enumerate(broken(for_s=262, rate=10, pending=2_380, lost=10, lost_for_s=22))
    ),
    rates=Rates(9.8, 0.0),
    last_delivered_at=_LOGIN_LOST,
    brokers=tuple(replace(broker, since=_LOGIN_LOST) for broker in AUTH_FAILED.brokers),
    events=(
        replace(AUTH_FAILED.events[0], first_at=_LOGIN_LOST),
        replace(AUTH_FAILED.events[1], at=_LOGIN_LOST),
        *EVENTS[3:],
    ),
    next_loss_s=0.4,
    oldest_age_s=239.6,
)  # fmt: skip
REFUSING = replace(
    AUTH_FAILED,
    refusing=Refusal.QUEUE_FULL,
    refused={**AUTH_FAILED.refused, Refusal.QUEUE_FULL: 4_100},
    problems=(
        replace(AUTH_FAILED.problems[0], effect="Nothing is delivered, new payloads are refused."),
        Problem(
            Code.QUEUE_FULL, "critical", ago(seconds=41), "", "The queue is full (18,204 of 18,204 payloads).",
            "New payloads are refused: their senders are told.",
            f"Mend the cause: {_REFUSED} Or raise INSIGHTS_QUEUE__MAX_PAYLOADS and INSIGHTS_QUEUE__MAX_BYTES.",
        ),
    ),
    capacity=replace(AUTH_FAILED.capacity, queue_payloads=18_204, queue_max_payloads=18_204),
    last_accepted_at=ago(seconds=41),
    rates=Rates(0.0, 0.0),
    history=tuple(
        replace(second, accepted=0 if index >= 259 else second.accepted, refused=100 if index >= 259 else 0,
                pending=min(18_204, second.pending * 185 // 144))
        for index, second in enumerate(AUTH_FAILED.history)
    ),
)  # fmt: skip


def with_mode(snapshot: Snapshot, mode: Mode) -> Snapshot:
    return replace(snapshot, agent=replace(snapshot.agent, mode=mode))


EMBEDDED_ELSEWHERE = with_mode(CONNECTED, "embedded")
EMBEDDED = replace(EMBEDDED_ELSEWHERE, agent=replace(EMBEDDED_ELSEWHERE.agent, pid=os.getpid()))
DEMO = with_mode(CONNECTED, "demo")
HOSTILE_SNAPSHOT = replace(
    DEGRADED,
    agent=replace(DEGRADED.agent, installation=HOSTILE),
    connection=replace(
        CONNECTION, topic=HOSTILE, username=HOSTILE, bootstrap_servers=(HOSTILE,), changed_by=HOSTILE,
        ca=replace(CONNECTION.ca, subject=HOSTILE) if CONNECTION.ca else None,
    ),
    problems=(replace(DEGRADED.problems[0], what=HOSTILE, effect=HOSTILE, act=HOSTILE, raw=HOSTILE),),
    brokers=tuple(replace(broker, host=HOSTILE, last_error=HOSTILE) for broker in DEGRADED.brokers),
    events=tuple(replace(event, text=HOSTILE, actor=HOSTILE) for event in EVENTS),
)  # fmt: skip
STATES = {
    "none": NONE,
    "none-waiting": NONE_WAITING,
    "connecting": CONNECTING,
    "connected": CONNECTED,
    "idle": IDLE,
    "degraded": DEGRADED,
    "auth-failed": AUTH_FAILED,
    "topic-missing": TOPIC_MISSING,
    "lost": LOST,
    "refusing": REFUSING,
    "embedded": EMBEDDED,
    "demo": DEMO,
    "hostile": HOSTILE_SNAPSHOT,
}
