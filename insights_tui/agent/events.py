"""The event log: what happened, grouped, numbered, kept and followed live (on disk: `event_file.py`)."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.snapshot import Event

KEPT = 1000
"""Groups kept; the oldest go first."""
GROUP_S = 600.0
"""Seconds of silence after which the same happening starts a group of its own."""


class EventLog:
    """Groups happenings of the same code and subject into one event with a count.

    A repeated happening moves its event to the end with a new number, so that a reader who asks for what came
    after a number sees it again with its new count.
    """

    def __init__(self, wall: Callable[[], float]) -> None:
        """`wall` gives the time, in seconds since 1970."""
        self._wall = wall
        self.on_event: Callable[[Event], None] = lambda _event: None
        """Handed each event as it stands after `add`."""
        self._events: OrderedDict[int, Event] = OrderedDict()
        self._open: dict[tuple[str, str, str], int] = {}
        self._seq = 0
        self._waiters: set[asyncio.Event] = set()

    def add(self, occurrence: Occurrence) -> Event:
        """Take a happening in; what a person did is never grouped."""
        now = datetime.fromtimestamp(self._wall(), UTC)
        group = (occurrence.level, occurrence.code, occurrence.subject)
        last = None
        if occurrence.actor is None and (seq := self._open.get(group)) is not None:
            last = self._events.get(seq)
            if last is not None and (now - last.at).total_seconds() > GROUP_S:
                last = None
        self._seq += 1
        event = Event(
            seq=self._seq,
            at=now,
            level=occurrence.level,
            code=occurrence.code,
            subject=occurrence.subject,
            actor=occurrence.actor,
            text=occurrence.text,
            fix=occurrence.fix,
            raw=occurrence.raw,
            first_at=now,
        )
        if last is not None:
            event = replace(event, count=last.count + 1, first_at=last.first_at)
            del self._events[last.seq]
        self._events[event.seq] = event
        if occurrence.actor is None:
            self._open[group] = event.seq
        self._forget()
        for waiter in self._waiters:
            waiter.set()
        self.on_event(event)
        return event

    def restore(self, events: Sequence[Event]) -> None:
        """Begin with what an agent before this one kept, oldest first; what happens now joins none of its groups.

        Numbers go on with a gap: that agent may have given some to events that never reached the disk, and a reader
        that has seen them asks for what came after.
        """
        for event in events[-KEPT:]:
            self._events[event.seq] = event
            self._seq = event.seq + KEPT

    def _forget(self) -> None:
        while len(self._events) > KEPT:
            seq, event = self._events.popitem(last=False)
            group = (event.level, event.code, event.subject)
            if self._open.get(group) == seq:
                del self._open[group]

    def after(self, seq: int = 0) -> Sequence[Event]:
        """Tell the events with a greater number, oldest first."""
        return [event for event in self._events.values() if event.seq > seq]

    def newest(self, count: int) -> tuple[Event, ...]:
        """Tell the newest few, newest first."""
        newest: list[Event] = []
        for event in reversed(self._events.values()):
            if len(newest) == count:
                break
            newest.append(event)
        return tuple(newest)

    async def follow(self, after: int = 0) -> AsyncIterator[Event]:
        """Events as they happen, those kept first; ends with the task that reads it."""
        waiter = asyncio.Event()
        self._waiters.add(waiter)
        try:
            while True:
                waiter.clear()
                for event in self.after(after):
                    after = event.seq
                    yield event
                await waiter.wait()
        finally:
            self._waiters.discard(waiter)
