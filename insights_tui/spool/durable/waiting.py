"""Acceptances that wait for their commit, none for longer than it may take."""

import asyncio
from collections import deque

from insights_tui.spool.base import Accepted, CommitTimeoutError
from insights_tui.spool.durable.ops import Batch


class Waiting:
    """One acceptance: the writer takes its batch, the loop resolves `done`."""

    __slots__ = ("batch", "done", "since")

    def __init__(self, batch: Batch, done: "asyncio.Future[Accepted]", since: float) -> None:
        self.batch, self.done, self.since = batch, done, since


class WaitingRoom:
    """Acceptances in the order they came; one timer watches over the first. Belongs to the loop."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._waiting: deque[Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, batch: Batch, loop: asyncio.AbstractEventLoop) -> Waiting:
        """Let an acceptance wait; `CommitTimeoutError` is its answer where it waits too long."""
        waiting = Waiting(batch, loop.create_future(), loop.time())
        self._waiting.append(waiting)
        if self._timer is None:
            self._timer = loop.call_later(self._timeout_s, self._watch, loop)
        return waiting

    def forget_done(self) -> None:
        """Let those at the front go that have their answer."""
        waiting = self._waiting
        while waiting and waiting[0].done.done():
            waiting.popleft()

    def close(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell those who have waited too long."""
        waiting = self._waiting
        now, limit = loop.time(), self._timeout_s
        while waiting and (waiting[0].done.done() or now - waiting[0].since >= limit):
            done = waiting.popleft().done
            if not done.done():
                done.set_exception(CommitTimeoutError(f"the commit takes longer than {limit:g} s; it may still land"))
        pause = waiting[0].since + limit - now if waiting else 0.0
        self._timer = loop.call_later(max(pause, 0.01), self._watch, loop) if waiting else None
