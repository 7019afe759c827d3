"""Events that rush by: a list that changes as a whole each second cannot be read, and costs more than all the rest."""

from math import inf

from insights_tui.domain.snapshot import Event

FEW = 4
"""New events that are shown at once, however often they come."""
EVERY_S = 5.0
"""Seconds between two looks at more of them: what came meanwhile is in the list then."""


class Storm:
    """Decides which events a page shows now; what is wrong is in the banner at once all the same."""

    def __init__(self) -> None:
        self._shown: tuple[Event, ...] = ()
        self._changed = -inf

    def calm(self, events: tuple[Event, ...], now: float) -> tuple[Event, ...]:
        """Give these events, or those of before while too many are new; `now` is monotonic, in seconds."""
        known = {event.seq for event in self._shown}
        rush = sum(event.seq not in known for event in events) > FEW
        if rush and now - self._changed < EVERY_S:
            return self._shown
        if rush:
            self._changed = now
        self._shown = events
        return events
