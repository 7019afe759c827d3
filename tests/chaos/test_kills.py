"""Killed again and again under load, at random instants and named points: nothing accepted is lost."""

from dataclasses import replace

import pytest

from benchmarks import kills_executions
from benchmarks.harness.lives import Life
from benchmarks.kills import Options, Outcome, run, tell
from tests.kafka_cluster import Cluster

SMALL = Options(payloads=6_000, kills=8, seconds=90, lines=20, connections=2, window=500, drain_s=60)
AT = {
    "before_commit": 7,
    "after_commit": 7,
    "before_send": 7,
    "after_ack_before_delete": 7,
    "paging": 2,
    "folding": 1,
}
"""Crash points that a life of this size surely passes so often."""


def hold(outcome: Outcome, options: Options) -> None:
    report = tell(outcome, options)
    assert outcome.verdict.missing == 0, report
    assert outcome.verdict.sound, report
    assert outcome.verdict.torn_calls == 0, report
    assert outcome.lost_counted == 0, report
    assert outcome.watched.wrong == 0, report
    assert outcome.ends.by_itself == [], report
    assert outcome.told_right, report
    assert outcome.verdict.accepted >= options.payloads, report
    assert outcome.ends.kills >= options.kills, report


@pytest.mark.timeout(240)
def test_nothing_accepted_is_lost_by_kills(kafka: Cluster, topic: str) -> None:
    hold(run(kafka, topic, SMALL), SMALL)


@pytest.mark.timeout(240)
def test_nothing_accepted_is_lost_at_named_points(kafka: Cluster, topic: str) -> None:
    lives = tuple(Life(crash_at=f"{name}:{nth}", load=5_000) for name, nth in AT.items())
    options = replace(SMALL, lives=lives, payloads=0, kills=len(lives))
    outcome = run(kafka, topic, options)
    hold(outcome, options)
    assert set(outcome.ends.points) == set(AT), tell(outcome, options)


@pytest.mark.timeout(240)
def test_nothing_accepted_is_lost_while_brokers_fail_too(kafka3: Cluster, topic3: str) -> None:
    options = replace(SMALL, broker_faults=True)
    hold(run(kafka3, topic3, options), options)


@pytest.mark.timeout(240)
def test_each_execution_is_published_under_one_id_by_kills(kafka: Cluster, topic: str) -> None:
    options = kills_executions.Options(executions=500, kills=5, seconds=90, clients=4)
    outcome = kills_executions.run(kafka, topic, options)
    report = kills_executions.tell(outcome, options)
    assert outcome.passed, report
    assert outcome.ends.kills == options.kills, report
    assert outcome.clients.finished, report
