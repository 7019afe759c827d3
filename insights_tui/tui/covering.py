"""Screens that cover the page and still follow the agent."""

from typing import Protocol, runtime_checkable

from insights_tui.domain.snapshot import Snapshot


@runtime_checkable
class Covering(Protocol):
    """Told of each snapshot while it stands over the page."""

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Take a newer snapshot."""
