"""One login at a time until the first is taken; after one that was refused, none."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from insights_tui.domain.connection import Server

PATIENCE_S = 0.7
"""After so long the next may log in beside one that is silent: it must not hold up the others."""


class RefusedElsewhereError(Exception):
    """A login with these credentials was refused already; another would only bring the account closer to its lock."""

    def __init__(self, server: Server) -> None:
        super().__init__(str(server))
        self.server = server


class Logins:
    """Keeps a wrong password to one login for the whole check."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._taken = False
        self._refused_by: Server | None = None

    @contextlib.asynccontextmanager
    async def login(self) -> AsyncIterator[None]:
        """Wait for the turn and hold it; raises `RefusedElsewhereError`."""
        held = not self._taken
        if held:
            await self._turn.acquire()

        def give_way() -> None:
            nonlocal held
            if held:
                held = False
                self._turn.release()

        if self._taken:
            give_way()
        timer = asyncio.get_running_loop().call_later(PATIENCE_S, give_way)
        try:
            if self._refused_by is not None:
                raise RefusedElsewhereError(self._refused_by)
            yield
        finally:
            timer.cancel()
            give_way()

    def taken(self) -> None:
        """Note that the credentials are right: from now on logins go side by side."""
        self._taken = True

    def refused(self, server: Server) -> None:
        """Note that a server refused them."""
        self._refused_by = self._refused_by or server
