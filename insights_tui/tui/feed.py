"""Where frames come from: one question to the agent a tick, and what to say when no answer comes."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from math import ceil

from insights_tui.client.protocol import AgentApi, AgentUnavailableError, OtherSchemaError
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.snapshot import Second, Snapshot
from insights_tui.domain.text import sanitize
from insights_tui.tui.frame import Frame
from insights_tui.tui.storm import Storm

WINDOW_S = 300
"""Seconds of history that the page shows."""
SPARE_S = 40
"""Seconds kept beyond that: a chart moves on by half a minute at once, and its left end stays drawn till then."""
_ANSWER_S = 2.0
"""An agent that takes longer is as good as silent; the next tick asks again."""
_AHEAD_S = 2
"""Seconds that a second of the history may be ahead of the snapshot; more, and the clock was put back since."""
_STUCK_S = 3.0
"""A snapshot whose time does not move for so long is no news either."""


class Feed:
    """Polls an agent, keeps the history whole, notices restarts and silence."""

    def __init__(
        self, client: AgentApi, *, interval_s: float = 1.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._interval_s = interval_s
        self._monotonic = monotonic
        self._frame = Frame()
        self._news_at = monotonic()
        self._seconds: dict[int, Second] = {}
        self._put_back = False
        self._storm = Storm()
        self._wake = asyncio.Event()

    def nudge(self) -> None:
        """Ask at once: something was just changed."""
        self._wake.set()

    async def run(self, deliver: Callable[[Frame], object]) -> None:
        """Deliver a frame a tick, for ever."""
        while True:
            started = self._monotonic()
            deliver(await self.poll())
            rest = self._interval_s - (self._monotonic() - started)
            try:
                await asyncio.wait_for(self._wake.wait(), max(0.05, rest))
            except TimeoutError:
                continue
            self._wake.clear()

    async def poll(self) -> Frame:
        """Ask once; an agent that does not answer makes the frame stale, it never raises."""
        try:
            snapshot = await asyncio.wait_for(self._client.snapshot(history=self._missing()), _ANSWER_S)
        except AgentUnavailableError as error:
            return self._silence(str(error), error.hint, foreign=isinstance(error, OtherSchemaError))
        except RefusedError as error:
            return self._silence(str(error), error.errors[0].hint if error.errors else "")
        except TimeoutError:
            return self._silence(f"it has not answered for {_ANSWER_S:.0f} s.", "")
        except OSError as error:
            return self._silence(str(error), "")
        return self._news(snapshot)

    def _missing(self) -> int:
        """Tell how many seconds of history are not here yet."""
        if self._frame.snapshot is None or self._frame.error or self._put_back:
            return WINDOW_S
        return min(WINDOW_S, ceil(self._monotonic() - self._news_at) + 2)

    def _silence(self, error: str, hint: str, *, foreign: bool = False) -> Frame:
        frame = self._frame
        self._frame = Frame(
            snapshot=frame.snapshot,
            history=frame.history,
            stale_s=self._monotonic() - self._news_at,
            error=sanitize(error),
            hint=sanitize(hint),
            foreign=foreign,
            restarted_at=frame.restarted_at,
        )
        return self._frame

    def _news(self, snapshot: Snapshot) -> Frame:
        former = self._frame.snapshot
        restarted_at = self._frame.restarted_at
        if former is not None and former.agent.id != snapshot.agent.id:
            restarted_at = snapshot.as_of
            self._seconds.clear()
            self._storm = Storm()
        now = self._monotonic()
        # What was forgotten while the agent's clock was ahead is asked for again.
        self._put_back = former is not None and snapshot.as_of < former.as_of - timedelta(seconds=_AHEAD_S)
        snapshot = replace(snapshot, events=self._storm.calm(snapshot.events, now))
        if former is None or former.as_of != snapshot.as_of:
            self._news_at = now
        still = now - self._news_at
        self._frame = Frame(
            snapshot=snapshot,
            history=self._merge(snapshot),
            stale_s=still if still > max(_STUCK_S, 3 * self._interval_s) else None,
            restarted_at=restarted_at,
        )
        return self._frame

    def _merge(self, snapshot: Snapshot) -> tuple[Second, ...]:
        """Add the new seconds; drop what no chart can show any more."""
        for second in snapshot.history:
            self._seconds[int(second.at.timestamp())] = second
        now = int(snapshot.as_of.timestamp())
        oldest, newest = now - WINDOW_S - SPARE_S, now + _AHEAD_S
        self._seconds = {at: second for at, second in sorted(self._seconds.items()) if oldest < at <= newest}
        return tuple(self._seconds.values())
