"""The scrape: names, types, and the same numbers as the snapshot of the same instant."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from insights_tui.agent.events import EventLog
from insights_tui.agent.metrics import Scrape, exposition
from insights_tui.agent.reporter import Reporter
from insights_tui.delivery.histogram import LatencyHistogram
from insights_tui.delivery.status import EngineStatus
from insights_tui.domain.clock import Moment
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.payload import Payload
from insights_tui.domain.snapshot import Broker, Counts, Snapshot
from insights_tui.domain.trouble import Code
from insights_tui.spool.base import Usage
from tests.agent.statuses import NOW, status, trouble

OPENMETRICS = "text/html;q=0.1, application/openmetrics-text;version=1.0.0;q=0.9, */*;q=0.1"
COUNTS = Counts(
    accepted=45,
    queued=1,
    in_flight=2,
    retrying=3,
    delivered=9,
    rejected=5,
    expired_unsent=6,
    expired_unknown=7,
    damaged=12,
)
TYPES = {
    "insights_payloads_accepted": "counter",
    "insights_payloads_delivered": "counter",
    "insights_payloads_rejected": "counter",
    "insights_payloads_expired": "counter",
    "insights_payloads_attempts": "counter",
    "insights_queue_payloads": "gauge",
    "insights_queue_bytes": "gauge",
    "insights_in_flight_payloads": "gauge",
    "insights_oldest_payload_age_seconds": "gauge",
    "insights_next_deadline_seconds": "gauge",
    "insights_delivery_latency_seconds": "histogram",
    "insights_kafka_connection_state": "gauge",
    "insights_kafka_errors": "counter",
    "insights_spool_bytes": "gauge",
    "insights_spool_commit_seconds": "summary",
    "insights_build": "info",
}
"""The names that are an interface (`delivery.md`), a counter's without its `_total`."""


def scrape(engine: EngineStatus, usage: Usage | None = None, accept: str = "") -> tuple[Snapshot, bytes, str]:
    usage = usage or Usage()
    reporter = Reporter(
        mode="service", installation=None, durability="memory", max_payloads=20, max_bytes=9000, started_boot=0.0
    )
    reporter.refused[Refusal.TOO_LARGE] = 4
    events = EventLog(lambda: engine.at.wall)
    snapshot = reporter.snapshot(engine, usage, None, events, ingest_url=None, history=0)
    return snapshot, *exposition(Scrape(snapshot, engine, usage), accept)


def families(text: bytes, *, openmetrics: bool = False) -> dict[str, Metric]:
    parse: Callable[[str], Iterable[Metric]] = parse_openmetrics if openmetrics else parse_text
    return {family.name: family for family in parse(text.decode())}


def samples(text: bytes) -> dict[str, Any]:
    """Every sample under its name and labels as they are written."""
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in families(text).values()
        for sample in family.samples
    }


@pytest.mark.parametrize("openmetrics", [False, True])
def test_every_name_that_is_promised_is_there_with_its_type(openmetrics: bool) -> None:
    _, text, content_type = scrape(status(), accept=OPENMETRICS if openmetrics else "*/*")
    assert content_type.startswith("application/openmetrics-text" if openmetrics else "text/plain; version=0.0.4")
    found = families(text, openmetrics=openmetrics)
    named = TYPES if openmetrics else {**TYPES, "insights_build_info": "gauge"}
    if not openmetrics:
        del named["insights_build"]  # the older format knows no info
    assert {name: found[name].type for name in named} == named
    for family in found.values():
        assert family.documentation, family.name


def test_the_equation_holds_in_one_scrape_and_the_numbers_are_the_snapshots() -> None:
    snapshot, text, _ = scrape(status(counts=COUNTS, lost_open=29, redriven=2, late_acks=1, rejections={"invalid": 2}))
    found = samples(text)
    counts = snapshot.counts
    assert found["insights_payloads_accepted_total"] == counts.accepted
    assert found["insights_queue_payloads"] == counts.queued
    assert found["insights_in_flight_payloads"] == counts.in_flight
    assert found["insights_retrying_payloads"] == counts.retrying
    assert found["insights_payloads_delivered_total"] == counts.delivered
    assert found["insights_payloads_rejected_total reason=invalid"] == 2
    assert found["insights_payloads_rejected_total reason=before_restart"] == 3
    assert found["insights_payloads_expired_total sent=no"] == counts.expired_unsent
    assert found["insights_payloads_expired_total sent=unknown"] == counts.expired_unknown
    assert found["insights_payloads_damaged_total"] == counts.damaged
    assert found["insights_ledger_balanced"] == 1
    assert found["insights_payloads_accepted_total"] == sum(
        value
        for name, value in found.items()
        if name.partition(" ")[0]
        in {
            "insights_queue_payloads",
            "insights_in_flight_payloads",
            "insights_retrying_payloads",
            "insights_payloads_delivered_total",
            "insights_payloads_rejected_total",
            "insights_payloads_expired_total",
            "insights_payloads_damaged_total",
        }
    )
    assert found["insights_lost_open_payloads"] == snapshot.lost_open
    assert found["insights_payloads_redriven_total"] == snapshot.redriven
    assert found["insights_payloads_late_acks_total"] == snapshot.late_acks
    assert found["insights_payloads_refused_total reason=too_large"] == 4
    assert found["insights_payloads_refused_total reason=invalid"] == 0


def test_what_does_not_add_up_is_shown() -> None:
    _, text, _ = scrape(status(counts=Counts(accepted=2, delivered=1)))
    assert samples(text)["insights_ledger_balanced"] == 0


def test_what_is_not_known_has_no_sample_and_is_never_0() -> None:
    _, text, _ = scrape(status(last_delivered_at=None))
    found = samples(text)
    for name in (
        "insights_oldest_payload_age_seconds",
        "insights_next_deadline_seconds",
        "insights_last_delivered_timestamp_seconds",
        "insights_spool_bytes",
        "insights_disk_free_bytes",
        "insights_spool_commit_seconds quantile=0.99",
        "insights_kafka_brokers state=up",
        "insights_executions_open",
    ):
        assert name not in found
        assert f"# HELP {name.partition(' ')[0]} ".encode() in text
    assert found["insights_last_accepted_timestamp_seconds"] == NOW.wall


def test_the_age_of_the_oldest_and_the_time_to_the_next_loss_are_told() -> None:
    _, text, _ = scrape(status(oldest_age_s=6.25, next_loss_s=233.75, counts=Counts(accepted=1, queued=1)))
    assert samples(text)["insights_oldest_payload_age_seconds"] == 6.25
    assert samples(text)["insights_next_deadline_seconds"] == 233.75


def test_kafka_is_told_by_state_cause_and_broker() -> None:
    engine = status(
        troubles=(trouble(Code.BROKER_UNREACHABLE),),
        errors={Code.BROKER_UNREACHABLE: 3},
        brokers=(Broker(1, "a", 1, "up"), Broker(2, "b", 1, "down"), Broker(3, "c", 1, "up")),
    )
    snapshot, text, _ = scrape(engine)
    found = samples(text)
    states = {name: value for name, value in found.items() if name.startswith("insights_kafka_connection_state")}
    assert sum(states.values()) == 1
    assert states[f"insights_kafka_connection_state state={snapshot.state.value}"] == 1
    assert len(states) == 9
    assert found["insights_kafka_errors_total cause=broker_unreachable"] == 3
    assert (found["insights_kafka_brokers state=up"], found["insights_kafka_brokers state=down"]) == (2, 1)
    assert found["insights_problems code=broker_unreachable severity=critical"] == 1


def test_latency_is_a_histogram_of_everything_acknowledged() -> None:
    histogram = LatencyHistogram()
    latencies = [0.001, 0.002, 0.05, 3.0, 1000.0]
    for latency in latencies:
        histogram.record([Payload(1, "", b"", None, 0, 1240.0 - latency)], 240.0, 1000.0)
    _, text, _ = scrape(status(latencies=histogram.latencies()))
    found = samples(text)
    assert found["insights_delivery_latency_seconds_count"] == 5
    assert found["insights_delivery_latency_seconds_sum"] == pytest.approx(sum(latencies))
    assert found["insights_delivery_latency_seconds_bucket le=+Inf"] == 5
    assert found["insights_delivery_latency_seconds_bucket le=0.0008"] == 0
    assert found["insights_delivery_latency_seconds_bucket le=0.0032"] == 2
    assert found["insights_delivery_latency_seconds_bucket le=419.4304"] == 4


def test_the_spool_is_told_where_there_is_one() -> None:
    usage = Usage(dead_letters=3, dead_bytes=99, evicted=2, commit_p50_s=0.001, commit_p99_s=0.02, commit_max_s=0.5)
    _, text, _ = scrape(status(), usage)
    found = samples(text)
    assert (found["insights_dead_letters"], found["insights_dead_letter_bytes"]) == (3, 99)
    assert found["insights_dead_letters_evicted_total"] == 2
    assert found["insights_spool_commit_seconds quantile=0.99"] == 0.02
    assert found["insights_spool_commit_seconds quantile=1.0"] == 0.5
    assert found["insights_spool_writable"] == 1


def test_when_it_started_and_which_it_is() -> None:
    _, text, _ = scrape(status(at=Moment(NOW.wall, 50.0)))
    started = datetime.fromtimestamp(samples(text)["insights_start_time_seconds"], UTC)
    assert abs(started - (NOW.utc - timedelta(seconds=50))) < timedelta(milliseconds=1)
    [build] = families(text)["insights_build_info"].samples
    assert build.labels == {"version": "0.1.0", "mode": "service", "durability": "memory"}


@pytest.mark.parametrize(
    "accept", ["", "\x00", ",;,", "application/openmetrics-text;version=x", "text/plain;version=9"]
)
def test_any_accept_header_is_answered_in_a_format_that_exists(accept: str) -> None:
    _, text, content_type = scrape(status(), accept=accept)
    openmetrics = "openmetrics" in content_type
    assert openmetrics == ("openmetrics" in accept)
    assert families(text, openmetrics=openmetrics)
