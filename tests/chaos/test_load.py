"""Load, overload and a rotated password: the topic holds exactly what was answered 2xx."""

import shutil
from collections.abc import Callable
from typing import NoReturn

import pytest

from benchmarks import fuzz_http, http_rate, overload, restart, rotation
from tests.kafka_cluster import Cluster


@pytest.fixture
def wrk(skip_loudly: Callable[[str], NoReturn]) -> None:
    if shutil.which("wrk") is None:
        skip_loudly("no `wrk`: install it (Debian: wrk)")


@pytest.mark.usefixtures("wrk")
def test_what_was_answered_2xx_is_there_once(kafka: Cluster, topic: str) -> None:
    outcome = http_rate.run(kafka, topic, seconds=1, rounds=1, durability="full")
    assert (outcome.missing, outcome.duplicates, outcome.wrong) == (0, 0, [])
    assert outcome.passed, http_rate.tell(outcome)
    assert all(figures[0].load.ids for figures in outcome.ours.values())


@pytest.mark.usefixtures("wrk")
@pytest.mark.parametrize(("slow", "clients"), [(False, 8), (True, 2)])
def test_overload_is_refused_with_retry_after_and_loses_nothing(
    kafka: Cluster, topic: str, slow: bool, clients: int
) -> None:
    outcome = overload.run(kafka, topic, slow=slow, seconds=1, clients=clients, queue=2_000, delay_s=0.05)
    report = overload.tell("small", outcome)
    assert (outcome.missing, outcome.odd) == (0, {}), report
    assert outcome.passed, report
    if slow:
        assert outcome.overload.load.statuses.get(429, 0) > 0, report
    assert outcome.overload.load.statuses.get(200, 0) > 0, report


@pytest.mark.parametrize("clean", [False, True])
def test_a_full_spool_is_delivered_after_a_restart(kafka: Cluster, topic: str, clean: bool) -> None:
    outcome = restart.run(kafka, topic, count=30_000, clean=clean, drain_s=60)
    assert outcome.verdict.missing == 0, outcome
    assert outcome.passed, outcome


def test_a_rotated_password_loses_nothing(kafka: Cluster, topic: str) -> None:
    outcome = rotation.run(kafka, topic, times=2, rate=200, wrong_s=0.5)
    assert outcome.verdict.missing == 0, outcome
    assert outcome.passed, outcome
    assert outcome.failed_logins > 0, outcome


def test_spoilt_requests_break_nothing(kafka: Cluster, topic: str) -> None:
    outcome = fuzz_http.run(kafka, topic, requests=600, seed=7)
    assert outcome.died == ""
    assert outcome.odd == []
    assert (outcome.missing, outcome.wrong) == (0, [])
    assert outcome.foreign <= outcome.closed + outcome.statuses[503]
    assert outcome.probes > 0
    assert outcome.statuses[200] > 0
    assert outcome.statuses[400] > 0
