"""Kafka away: everything arrives afterwards, every deadline holds, and an exit loses nothing."""

import pytest

from benchmarks import deadlines, outage, stop
from tests.kafka_cluster import Cluster


@pytest.mark.parametrize(("fault", "restart"), [("freeze", True), ("kill", False)])
def test_what_was_accepted_in_an_outage_arrives(kafka: Cluster, topic: str, fault: str, restart: bool) -> None:
    options = outage.Options(seconds=3, rate=500, before_s=1, fault=fault, restart=restart, drain_s=60)
    outcome = outage.run(kafka, topic, options)
    report = outage.tell(outcome, options)
    assert outcome.backlog > 0, report
    assert outcome.verdict.missing == 0, report
    assert outcome.passed, report


@pytest.mark.parametrize("restarts", [0, 1])
def test_every_payload_ends_at_its_deadline_and_none_before(kafka: Cluster, topic: str, restarts: int) -> None:
    options = deadlines.Options(deadline_s=3, seconds=5, rate=200, restarts=restarts)
    outcome = deadlines.run(kafka, topic, options)
    report = deadlines.tell(outcome, options)
    assert outcome.early == [], report
    assert outcome.watched.wrong == 0, report
    assert outcome.right, report
    assert outcome.counts["expired_unsent"] > 0, report
    assert outcome.counts["delivered"] > 0, report


def test_an_orderly_exit_loses_nothing_whatever_kafka_does(kafka: Cluster, topic: str) -> None:
    outcome = stop.run(kafka, topic, rate=500, seconds=2)
    assert [one.kafka for one in outcome.stops] == list(stop.SCENES)
    assert [one.code for one in outcome.stops] == [0, 0, 0]
    assert outcome.verdict.missing == 0, outcome
    assert outcome.passed, outcome
