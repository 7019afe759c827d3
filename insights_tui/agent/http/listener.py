"""uvicorn's HTTP protocol on sockets of our own, with an end that is bounded."""

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate
from socket import socket

from uvicorn.config import Config
from uvicorn.server import ServerState

from insights_tui.agent.http.app import InsightsApp
from insights_tui.agent.http.limits import LimitedProtocol, Limits

SWEEP_S = 1.0
LAST_WORDS_S = 0.25
"""For what is written already to leave, once the answers are done or given up."""


class Listener:
    """uvicorn's protocol on sockets of our own.

    `uvicorn.Server` is left out: it takes over signals, ticks ten times a second, logs, and waits without end for
    connections to close.
    """

    def __init__(self, app: InsightsApp, limits: Limits, on_bad_head: Callable[[], None]) -> None:
        config = Config(
            app,
            http=LimitedProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=limits.keep_alive_s,
        )
        config.load()
        self._config = config
        self._limits = limits
        self._state = ServerState()
        self._on_bad_head = on_bad_head
        self._empty = asyncio.Event()
        self._servers: list[asyncio.Server] = []
        self._sweep: asyncio.TimerHandle | None = None

    def _protocol(self) -> LimitedProtocol:
        if self._sweep is None:
            self._sweeping()
        self._empty.clear()
        return LimitedProtocol(self._config, self._state, self._limits, self._on_bad_head, self._gone)

    def _gone(self) -> None:
        if not self._state.connections:
            self._empty.set()

    def _sweeping(self) -> None:
        loop = asyncio.get_running_loop()
        for connection in list(self._state.connections):
            if isinstance(connection, LimitedProtocol):
                connection.sweep(loop.time())
        self._state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]
        # Nothing ticks while nobody is connected.
        self._sweep = (
            loop.call_later(SWEEP_S, self._sweeping) if self._state.connections or self._sweep is None else None
        )

    async def serve(self, wire: socket, *, local: bool) -> None:
        """Accept connections from a socket that is bound."""
        loop = asyncio.get_running_loop()
        create = loop.create_unix_server if local else loop.create_server
        self._servers.append(await create(self._protocol, sock=wire))

    async def stop(self, grace_s: float) -> None:
        """Stop listening, let answers finish for `grace_s` seconds, then cut off."""
        for server in self._servers:
            server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        await self._finish(grace_s)
        for connection in list(self._state.connections):
            connection.transport.close()
        self._gone()
        try:
            await asyncio.wait_for(self._empty.wait(), LAST_WORDS_S)
        except TimeoutError:
            for connection in list(self._state.connections):
                connection.transport.abort()
        # From Python 3.12 on this waits for the connections too, which are gone by now.
        closed = [asyncio.ensure_future(server.wait_closed()) for server in self._servers]
        if closed:
            await asyncio.wait(closed, timeout=LAST_WORDS_S)
        self._servers.clear()
        if self._sweep is not None:
            self._sweep.cancel()

    async def _finish(self, grace_s: float) -> None:
        if not self._state.tasks:
            return
        _, late = await asyncio.wait(set(self._state.tasks), timeout=grace_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=LAST_WORDS_S)
