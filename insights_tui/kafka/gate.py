"""The login gate: one login at a time, and none for a while after one was refused."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable

from insights_tui.kafka.backoff import backoff_s
from insights_tui.kafka.cause import LoginHeldError

FLOOR_S = 1.0
"""Between a refused login and the next one with the same credentials, whoever asks for it."""


class LoginGate:
    """Keeps a wrong password from locking the account: a refused login on any broker holds all of them.

    One gate outlives the clients of one connection. Times are seconds on the loop's clock.
    """

    def __init__(self, now: Callable[[], float], *, base_s: float, cap_s: float, turn_s: float = 2.0) -> None:
        self._now = now
        self._base_s, self._cap_s, self._turn_s = base_s, cap_s, turn_s
        self._turn = asyncio.Lock()
        self._failures = 0
        self._open_at = 0.0
        self._last_at = float("-inf")

    @property
    def quiet_s(self) -> float:
        """Seconds since the last login was begun, whatever came of it."""
        return self._now() - self._last_at

    @property
    def wait_s(self) -> float:
        """Seconds until the next login may be tried."""
        return max(0.0, self._open_at - self._now())

    def refused(self) -> None:
        """Note that a broker has refused a login."""
        self._failures += 1
        pause = backoff_s(self._failures, base_s=self._base_s, cap_s=self._cap_s, random=random.random())  # noqa: S311
        self._open_at = self._now() + pause

    def passed(self) -> None:
        """Note that a login was taken."""
        self._failures = 0
        self._open_at = 0.0

    def knock(self) -> None:
        """Let the next login come at once, but keep the floor between two."""
        if self._failures:
            self._open_at = min(self._open_at, self._now() + min(FLOOR_S, self._base_s))
            self._failures = 1

    @contextlib.asynccontextmanager
    async def login(self) -> AsyncIterator[None]:
        """Hold the turn for one login; raises `LoginHeldError` while logins are held.

        A broker that goes silent in the middle of its login gives the turn to the next after `turn_s`.
        """
        turn = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._turn_s):
                turn = await self._turn.acquire()
        try:
            if self.wait_s > 0:
                raise LoginHeldError
            self._last_at = self._now()
            yield
        finally:
            if turn:
                self._turn.release()
