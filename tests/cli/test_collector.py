"""The garbage collector stands still while the interface is loaded, and works whatever ends it."""

import gc

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
