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
            pending=200 + index,
            p99_s=0.010 + (index % 30) / 1000,
        )
        for index in range(300)
    )


def broken(*, for_s: int, delivered: float = 0.0, pending: int = 7000, lost: int = 0) -> tuple[Second, ...]:
    """The same five minutes, of which the last `for_s` seconds went wrong: a share is delivered, the rest piles up."""
    whole = history()
    ill = (
        replace(
            second,
            delivered=int(second.delivered * delivered),
            pending=200 + pending * (number + 1) // for_s,
            p99_s=None if not delivered else min(2.4, 0.03 + number * 0.1),
            lost=lost if number >= for_s - 20 else 0,
            expired_unsent=lost if number >= for_s - 20 else 0,
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
    counts=Counts(accepted=12, queued=12),
    oldest_age_s=40.2,
    next_loss_s=199.8,
    last_accepted_at=ago(seconds=3),
    rates=Rates(0.3, 0.0),
)
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
    partitions=tuple(Partition(index, 1 + index % 3, "ok", index % 4) for index in range(12)),
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
    state=State.CONNECTING,
    connection=CONNECTION,
    brokers=(),
    history=history(delivered=0)[:40],
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
            Code.CERTIFICATE_EXPIRING, "warning", ago(hours=2), "Acme Root CA", "The CA certificate ends in 12 d.",
            "Then no broker can be reached.", "Put the new certificate into the connection.",
        ),
    ),
    counts=Counts(accepted=1_205_064, queued=6_310, in_flight=500, retrying=212, delivered=1_198_042),
    oldest_age_s=41.3,
    next_loss_s=198.7,
    rates=Rates(1010.0, 410.0),
    latency=Latency(0.010, 2.4, 4.1),
    brokers=brokers(2),
    partitions=tuple(
        Partition(index, None, "no_leader") if index in {3, 7, 11} else Partition(index, 1 + index % 3, "ok", 4)
        for index in range(12)
    ),
    events=EVENTS,
    history=broken(for_s=41, delivered=0.4, pending=7000),
)  # fmt: skip
AUTH_FAILED = replace(
    DEGRADED,
    state=State.AUTH_FAILED,
    problems=(
        Problem(
            Code.AUTH_FAILED,
            "critical",
            ago(minutes=3, seconds=5),
            "insights-p",
            "Brokers refuse insights-p with SCRAM-SHA-512: invalid credentials.",
            "Nothing is delivered.",
            "Correct the user name or the password.",
        ),
    ),
    counts=Counts(accepted=1_208_979, queued=18_204, delivered=1_190_775),
    oldest_age_s=185.0,
    next_loss_s=55.0,
    last_delivered_at=ago(minutes=3, seconds=5),
    history=broken(for_s=185, pending=18_000),
    rates=Rates(98.0, 0.0),
    latency=Latency(),
    brokers=tuple(
        replace(broker, state="down", rtt_s=0.003, last_error="invalid credentials (SCRAM)", since=ago(minutes=3))
        for broker in brokers()
    ),
)
TOPIC_MISSING = replace(
    AUTH_FAILED,
    state=State.TOPIC_MISSING,
    problems=(
        Problem(
            Code.TOPIC_MISSING, "critical", ago(seconds=20), "insights", "Kafka has no topic insights.",
            "Nothing is delivered.", "Create the topic, or correct its name.",
        ),
    ),
    brokers=brokers(),
)  # fmt: skip
LOST = replace(
    AUTH_FAILED,
    problems=(
        Problem(
            Code.LOST, "critical", ago(seconds=65), "insights", "212 payloads were lost.",
            "They are kept as dead letters until somebody redrives or drops them.",
            "Mend the connection, then redrive them.",
        ),
        *AUTH_FAILED.problems,
    ),
    counts=Counts(
        accepted=1_209_201, queued=18_204, delivered=1_190_775, rejected=2, expired_unsent=200, expired_unknown=20
    ),
    lost_open=212,
    history=broken(for_s=185, pending=18_000, lost=10),
    next_loss_s=0.4,
    oldest_age_s=239.6,
)  # fmt: skip
REFUSING = replace(
    AUTH_FAILED,
    refusing=Refusal.QUEUE_FULL,
    refused={**AUTH_FAILED.refused, Refusal.QUEUE_FULL: 4_100},
    counts=Counts(accepted=3_190_775, queued=2_000_000, delivered=1_190_775),
)


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
