"""The events that a screen keeps: bounded, merged with what comes, filtered, in an order that does not dance."""

from collections.abc import Hashable, Sequence

from insights_tui.domain.snapshot import Event
from insights_tui.domain.text import sanitize
from insights_tui.tui.views.filter_line import holds

KEPT = 1000
"""Groups kept, as many as the agent keeps; the oldest go first."""
LEVELS = ("all", "warn+", "error")
"""What `l` goes through."""
_AT_LEAST = {"all": frozenset({"info", "warning", "error"}), "warn+": frozenset({"warning", "error"})}


def key_of(event: Event) -> Hashable:
    """Tell two events apart, and one from its repetition: the agent gives that a new number."""
    if event.count == 1 and event.actor is not None:
        return event.seq
    return (event.level, event.code, event.subject, event.first_at or event.at)


class Log:
    """Takes events in as they come, again and again, and forgets the oldest."""

    def __init__(self) -> None:
        self._events: dict[Hashable, Event] = {}
        self.newest = 0
        """The greatest number seen."""

    def __len__(self) -> int:
        return len(self._events)

    def clear(self) -> None:
        """Forget everything: another agent counts from one."""
        self._events.clear()
        self.newest = 0

    def know(self, events: Sequence[Event]) -> None:
        """Keep a few that came otherwise, while the agent cannot be asked: all of them are asked for later."""
        for event in events:
            self._events.setdefault(key_of(event), event)

    def take(self, events: Sequence[Event]) -> bool:
        """Merge events; tell whether anything is new."""
        changed = False
        for event in events:
            if event.seq > self.newest or self._events.get(key_of(event)) != event:
                self._events[key_of(event)] = event
                self.newest = max(self.newest, event.seq)
                changed = True
        if len(self._events) > KEPT:
            kept = sorted(self._events.items(), key=lambda item: item[1].seq)[-KEPT:]
            self._events = dict(kept)
        return changed

    def get(self, key: Hashable) -> Event | None:
        """Give an event by its key."""
        return self._events.get(key)

    def shown(self, *, words: str = "", level: str = "all") -> list[Event]:
        """Choose by level and by words that must all occur; the newest come first."""
        wanted = _AT_LEAST.get(level, frozenset({"error"}))
        chosen = [one for one in self._events.values() if one.level in wanted and (not words or _holds(one, words))]
        return sorted(chosen, key=_order, reverse=True)


def _order(event: Event) -> tuple[int, float, int]:
    """Order by the second that is shown; groups that repeat in the same one stand as they began: they do not dance."""
    first = event.first_at or event.at
    return int(event.at.timestamp()), first.timestamp(), event.seq


def _holds(event: Event, words: str) -> bool:
    hay = " ".join((event.text, event.subject, event.code, event.level, event.actor or "", event.raw[:2000]))
    return holds(sanitize(hay, limit=4000), words)
