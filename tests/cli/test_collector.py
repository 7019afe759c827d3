"""The garbage collector stands still while the interface is loaded, and works whatever ends it."""

import gc
from collections.abc import Callable
from typing import Any

import pytest

from insights_tui.cli import collector


def test_nothing_is_collected_until_the_interface_stands() -> None:
    before = gc.get_threshold()
    with collector.held():
        assert not gc.isenabled()
        collector.settle()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    gc.unfreeze()
    gc.set_threshold(*before)


def test_whatever_ends_it_collects_again() -> None:
    with pytest.raises(ValueError, match="no terminal"), collector.held():
        raise ValueError("no terminal")
    assert gc.isenabled()


def test_the_long_walk_waits_for_a_quiet_moment_and_leaves_out_what_stays() -> None:
    before = gc.get_threshold()
    tidy = collector.Tidy()
    try:
        with collector.held():
            collector.settle()
        gc.collect()
        assert not tidy()  # nothing has come since
        while gc.get_count()[2] < 5:
            gc.collect(1)
        stays = gc.get_freeze_count()
        kept = [[number] for number in range(1000)]
        assert tidy()
        assert gc.get_freeze_count() >= stays + len(kept)
        assert not tidy()
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


class Clock:
    """The part of a loop that a pause needs, by hand."""

    def __init__(self) -> None:
        self.now = 10.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay_s: float, act: Callable[[], None]) -> None:
        self.due.append((self.now + delay_s, act))

    def go(self, seconds: float) -> None:
        end = self.now + seconds
        while self.due and min(self.due)[0] <= end:
            one = min(self.due)
            self.due.remove(one)
            self.now = one[0]
            one[1]()
        self.now = end


@pytest.fixture
def pausing() -> Any:
    clock = Clock()
    yield clock, collector.Pause(clock)  # type: ignore[arg-type]  # as much of a loop as it takes
    gc.enable()


def test_nothing_is_collected_right_after_a_key(pausing: tuple[Clock, collector.Pause]) -> None:
    clock, pause = pausing
    pause()
    assert not gc.isenabled()
    clock.go(collector.PAUSE_S * 0.9)
    pause()
    clock.go(collector.PAUSE_S * 0.9)
    assert not gc.isenabled()
    clock.go(collector.PAUSE_S)
    assert gc.isenabled()
    assert clock.due == []


def test_somebody_who_types_without_end_does_not_keep_it_away(pausing: tuple[Clock, collector.Pause]) -> None:
    clock, pause = pausing
    collected = 0
    for _ in range(100):
        pause()
        clock.go(0.05)
        collected += gc.isenabled()
    assert collected >= 4


def test_a_pause_of_somebody_else_is_left_alone(pausing: tuple[Clock, collector.Pause]) -> None:
    clock, pause = pausing
    with collector.held():
        pause()
        clock.go(5.0)
        assert not gc.isenabled()
    assert gc.isenabled()
