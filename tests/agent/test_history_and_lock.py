"""History turns totals into seconds; the lock names who holds it."""

import os
from pathlib import Path

import pytest

from insights_tui.agent.history import KEPT_S, History
from insights_tui.agent.lock import StateDirectoryHeldError, StateLock
from insights_tui.domain.clock import Moment
from insights_tui.domain.snapshot import Counts, Rates
from tests.agent.statuses import NOW, status


def test_rates_are_unknown_before_the_second_reading() -> None:
    history = History()
    history.feed(status(counts=Counts(accepted=7, delivered=7)), None)
    assert history.rates == Rates()
    assert history.last(10) == ()


def test_a_rate_is_per_second_whatever_the_time_between() -> None:
    history = History()
    history.feed(status(at=NOW, counts=Counts()), None)
    later = Moment(wall=NOW.wall + 2, boot=NOW.boot + 2)
    history.feed(status(at=later, counts=Counts(accepted=20, delivered=10, queued=10)), 0.25)
    assert history.rates == Rates(accepted_per_s=10.0, delivered_per_s=5.0)
    [second] = history.last(5)
    assert (second.accepted, second.delivered, second.pending, second.p99_s) == (20, 10, 10, 0.25)


def test_only_five_minutes_are_kept_and_the_newest_come_last() -> None:
    history = History()
    for number in range(KEPT_S + 20):
        moment = Moment(wall=NOW.wall + number, boot=NOW.boot + number)
        history.feed(status(at=moment, counts=Counts(accepted=number * number, delivered=number * number)), None)
    kept = history.last(10_000)
    assert len(kept) == KEPT_S
    assert kept[-1].accepted > kept[0].accepted


def test_the_second_agent_learns_the_pid_of_the_first(tmp_path: Path) -> None:
    first, second = StateLock(tmp_path), StateLock(tmp_path)
    first.take()
    with pytest.raises(StateDirectoryHeldError) as held:
        second.take()
    assert held.value.pid == os.getpid()
    first.release()
    second.take()
    second.release()
