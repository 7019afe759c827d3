"""Damaged files, a full disk, mangled answers, a clock that jumps: nothing lost uncounted, nothing altered."""

from collections.abc import Callable
from typing import NoReturn

import pytest

from benchmarks import clock_jumps, disk, disk_errors, fuzz_kafka, fuzz_spool
from tests.kafka_cluster import Cluster


def test_a_damaged_spool_never_delivers_what_was_not_posted(kafka: Cluster, topic: str) -> None:
    outcome = fuzz_spool.run(kafka, topic, rounds=4, count=400, seed=11)
    assert outcome.died == []
    assert outcome.altered == []
    assert outcome.unbalanced == []
    assert outcome.delivered > 0
    assert outcome.damaged > 0, outcome.kinds


def test_a_full_disk_refuses_and_comes_back(kafka: Cluster, topic: str, skip_loudly: Callable[[str], NoReturn]) -> None:
    try:
        outcome = disk.run(kafka, topic, seconds=0.5, megabytes=16)
    except disk.DiskMissingError as missing:
        skip_loudly(str(missing))
    report = disk.tell(outcome)
    assert outcome.verdict is not None
    assert outcome.verdict.missing == 0, report
    assert [scene.accepted_in_it for scene in outcome.scenes if "full" in scene.name] == [0, 0], report
    assert outcome.passed, report


def test_a_disk_that_answers_with_errors_for_a_while_loses_nothing(
    kafka: Cluster, topic: str, skip_loudly: Callable[[str], NoReturn]
) -> None:
    outcome = disk_errors.Outcome()
    try:
        kafka.create_topic(f"{topic}-w")
        disk_errors.writes(kafka, f"{topic}-w", outcome, seconds=0.5)
        kafka.create_topic(f"{topic}-r")
        disk_errors.reads(kafka, f"{topic}-r", outcome, count=3000, lasting=False)
    except disk_errors.CompilerMissingError as missing:
        skip_loudly(str(missing))
    assert outcome.wrong == []


def test_mangled_answers_of_kafka_lose_nothing(kafka: Cluster, topic: str) -> None:
    outcome = fuzz_kafka.run(kafka, topic, seconds=4, share=0.3, seed=5, rate=300)
    report = fuzz_kafka.tell(outcome)
    assert outcome.alive, outcome.log
    assert outcome.verdict.missing == 0, report
    assert outcome.passed, report


@pytest.mark.parametrize(("restart", "jump"), [(False, "+10 y"), (True, "-1 h")])
def test_jumps_of_the_wall_clock_move_no_deadline(
    kafka: Cluster, topic: str, skip_loudly: Callable[[str], NoReturn], restart: bool, jump: str
) -> None:
    try:
        clock_jumps.library()
    except clock_jumps.FaketimeMissingError as missing:
        skip_loudly(str(missing))
    kafka.create_topic(f"{topic}-j")
    # an end that the jump had moved would be an hour late or more: how late a busy machine makes it proves nothing
    outcome = clock_jumps.run(kafka, f"{topic}-j", deadline_s=4, restart=restart, late_s=60, jumps=[jump])
    assert outcome.wrong == []
    assert outcome.jumps == [jump]
