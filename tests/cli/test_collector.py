"""The garbage collector stands still while the interface is loaded, and works whatever ends it."""

import gc

import pytest

from insights_tui.cli import collector


def test_nothing_is_collected_until_the_interface_stands() -> None:
    with collector.held():
        assert not gc.isenabled()
        collector.settle()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    gc.unfreeze()


def test_whatever_ends_it_collects_again() -> None:
    with pytest.raises(ValueError, match="no terminal"), collector.held():
        raise ValueError("no terminal")
    assert gc.isenabled()
