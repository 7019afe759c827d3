"""The scrape: one snapshot and the engine's totals of the same instant as Prometheus metrics.

Names and types are an interface (`delivery.md`, Metric names). What is not known has no sample, rather than a 0.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from insights_tui.delivery.status import EngineStatus
from insights_tui.domain.members import members
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.snapshot import Snapshot, State
from insights_tui.spool.base import Usage

EARLIER = "before_restart"
"""The reason of what was rejected before this process began: the spool keeps the count alone."""

_OPENMETRICS = "application/openmetrics-text"


class Scrape(Collector):
    """All families at one instant; the engine's status is the one that the snapshot was made of."""

    def __init__(self, snapshot: Snapshot, status: EngineStatus, usage: Usage) -> None:
        self._snapshot = snapshot
        self._status = status
        self._usage = usage

    def collect(self) -> Iterator[Metric]:
        """Give each family once."""
        yield from _payloads(self._snapshot, self._status)
        yield from _waiting(self._snapshot, self._status)
        yield _latency(self._status)
        yield from _kafka(self._snapshot, self._status)
        yield from _spool(self._snapshot, self._usage)
        yield from _executions(self._snapshot)
        yield from _agent(self._snapshot)


def exposition(scrape: Scrape, accept: str = "") -> tuple[bytes, str]:
    """Write a scrape in the format that the `Accept` header asks for; give the body and its Content-Type."""
    registry = CollectorRegistry()
    registry.register(scrape)
    ProcessCollector(registry=registry)
    wanted = [kind.partition(";")[0].strip() for kind in accept.lower().split(",")]
    encode, content_type = choose_encoder(_OPENMETRICS if _OPENMETRICS in wanted else "")
    return encode(registry), content_type


def _payloads(snapshot: Snapshot, status: EngineStatus) -> Iterator[Metric]:
    counts = snapshot.counts
    known = sum(status.rejections.values())
    reasons = {**status.rejections, EARLIER: counts.rejected - known} if counts.rejected > known else status.rejections
    yield _total("insights_payloads_accepted", "Payloads answered 2xx, redriven ones again.", counts.accepted)
    yield _total("insights_payloads_delivered", "Payloads that Kafka has acknowledged.", counts.delivered)
    yield _totals("insights_payloads_rejected", "Payloads that Kafka refused for their content.", "reason", reasons)
    yield _totals(
        "insights_payloads_expired",
        "Payloads whose deadline passed; sent=unknown: an attempt may be in the topic.",
        "sent",
        {"no": counts.expired_unsent, "unknown": counts.expired_unknown},
    )
    yield _total("insights_payloads_damaged", "Payloads accepted and unreadable in the spool.", counts.damaged)
    yield _totals(
        "insights_payloads_refused",
        "Payloads never accepted, since the start of the agent.",
        "reason",
        {reason.value: snapshot.refused.get(reason, 0) for reason in Refusal},
    )
    yield _total(
        "insights_payloads_attempts",
        "Payloads put into requests since the start of the agent, each repetition counted again.",
        status.attempts,
    )
    yield _total("insights_payloads_redriven", "Dead letters accepted again.", snapshot.redriven)
    yield _total("insights_payloads_late_acks", "Payloads acknowledged after their deadline.", snapshot.late_acks)


def _waiting(snapshot: Snapshot, status: EngineStatus) -> Iterator[Metric]:
    counts, capacity = snapshot.counts, snapshot.capacity
    yield _gauge("insights_queue_payloads", "Payloads that wait for their first attempt.", counts.queued)
    yield _gauge("insights_in_flight_payloads", "Payloads in requests, until the outcome is on disk.", counts.in_flight)
    yield _gauge("insights_retrying_payloads", "Payloads that wait for another attempt.", counts.retrying)
    yield _gauge(
        "insights_queue_max_payloads",
        "Queued, in flight and retrying payloads together beyond which ingest refuses.",
        capacity.queue_max_payloads,
    )
    yield _gauge("insights_queue_bytes", "Bytes of the pending payloads that are in memory.", status.queue_bytes)
    yield _gauge(
        "insights_lost_open_payloads", "Lost payloads that nobody has redriven or dropped.", snapshot.lost_open
    )
    yield _gauge(
        "insights_ledger_balanced",
        "1 where accepted = queue + in flight + retrying + delivered + rejected + expired + damaged.",
        float(snapshot.balanced),
    )
    yield _gauge(
        "insights_oldest_payload_age_seconds", "Age of the oldest pending payload; none pending, no sample.",
        snapshot.oldest_age_s,
    )  # fmt: skip
    yield _gauge(
        "insights_next_deadline_seconds", "Seconds until the next payload is lost; none pending, no sample.",
        snapshot.next_loss_s,
    )  # fmt: skip
    yield _gauge(
        "insights_last_accepted_timestamp_seconds", "When a payload was last accepted.", status.last_accepted_at
    )
    yield _gauge("insights_last_delivered_timestamp_seconds", "When Kafka last acknowledged.", status.last_delivered_at)
    yield _gauges(
        "insights_ingest_refusing",
        "1 for the reason why ingest refuses everything just now.",
        "reason",
        {reason.value: reason is snapshot.refusing for reason in (Refusal.QUEUE_FULL, Refusal.DISK_FULL)},
    )


def _latency(status: EngineStatus) -> Metric:
    seen = status.latencies
    buckets = [(str(bound), count) for bound, count in zip(seen.bounds_s, seen.at_most, strict=True)]
    family = HistogramMetricFamily(
        "insights_delivery_latency_seconds", "From acceptance to Kafka's ack, since the start of the agent."
    )
    family.add_metric([], [*buckets, ("+Inf", seen.count)], sum_value=seen.sum_s)
    return family


def _kafka(snapshot: Snapshot, status: EngineStatus) -> Iterator[Metric]:
    yield _gauges(
        "insights_kafka_connection_state",
        "1 for the state that delivery is in.",
        "state",
        {state.value: state is snapshot.state for state in State},
    )
    yield _totals(
        "insights_kafka_errors",
        "Failures of connections and requests since the start of the agent.",
        "cause",
        {code.value: count for code, count in status.errors.items()},
    )
    brokers = Counter(broker.state for broker in members(snapshot))
    yield _gauges(
        "insights_kafka_brokers",
        "Brokers of the cluster; before it has answered, no sample.",
        "state",
        {state: brokers[state] for state in ("up", "down", "unknown")} if snapshot.brokers else {},
    )


def _spool(snapshot: Snapshot, usage: Usage) -> Iterator[Metric]:
    capacity = snapshot.capacity
    yield _gauge("insights_spool_bytes", "Bytes of the spool's files.", capacity.spool_bytes)
    yield _gauge("insights_spool_max_bytes", "Bytes that the spool may take.", capacity.spool_max_bytes)
    yield _gauge("insights_disk_free_bytes", "Bytes free on the spool's disk.", capacity.disk_free_bytes)
    yield _gauge("insights_spool_writable", "0 while commits fail.", float(usage.writable))
    yield _gauge("insights_paged_payloads", "Pending payloads that are on disk alone.", usage.paged)
    yield _gauge("insights_dead_letters", "Dead letters kept with their bodies.", usage.dead_letters)
    yield _gauge("insights_dead_letter_bytes", "Bytes of the dead letters.", usage.dead_bytes)
    yield _total("insights_dead_letters_evicted", "Dead letters that made room for later ones.", usage.evicted)
    quantiles = {"0.5": usage.commit_p50_s, "0.99": usage.commit_p99_s, "1.0": usage.commit_max_s}
    commits = Metric("insights_spool_commit_seconds", "How long commits took, lately.", "summary")
    for quantile, seconds in quantiles.items():
        if seconds is not None:
            commits.add_sample("insights_spool_commit_seconds", {"quantile": quantile}, seconds)
    yield commits


def _executions(snapshot: Snapshot) -> Iterator[Metric]:
    yield _gauge(
        "insights_executions_open",
        "Executions begun and not finished; no sample where their file cannot be read.",
        snapshot.executions_open,
    )
    yield _total(
        "insights_executions_unfinished",
        "Executions published after a silence because nobody finished them, since the start of the agent.",
        snapshot.executions_unfinished,
    )


def _agent(snapshot: Snapshot) -> Iterator[Metric]:
    agent = snapshot.agent
    problems = GaugeMetricFamily("insights_problems", "What a person should know about.", labels=("code", "severity"))
    found = Counter((problem.code.value, problem.severity) for problem in snapshot.problems)
    for labels, count in found.items():
        problems.add_metric(labels, count)
    yield problems
    yield _gauge("insights_start_time_seconds", "When the agent started.", snapshot.as_of.timestamp() - agent.uptime_s)
    build = {"version": agent.version, "mode": agent.mode, "durability": snapshot.capacity.durability}
    yield InfoMetricFamily("insights_build", "Which agent this is.", value=build)


def _total(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)


def _totals(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    return _labelled(CounterMetricFamily(name, text, labels=(label,)), values.items())


def _gauge(name: str, text: str, value: float | None) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    return _labelled(GaugeMetricFamily(name, text, labels=(label,)), values.items())


def _labelled(
    family: CounterMetricFamily | GaugeMetricFamily, values: Iterable[tuple[str, float]]
) -> CounterMetricFamily | GaugeMetricFamily:
    for label, value in values:
        family.add_metric((label,), value)
    return family
