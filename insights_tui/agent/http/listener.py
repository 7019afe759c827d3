"""uvicorn's HTTP protocol on sockets of our own, with an end that is bounded."""

import asyncio
import logging
import time
from collections.abc import Callable
from email.utils import formatdate
from socket import IPPROTO_TCP, TCP_NODELAY, socket

from uvicorn.config import Config
from uvicorn.server import ServerState

from insights_tui.agent.http.app import InsightsApp
from insights_tui.agent.http.limits import LimitedProtocol, Limits

log = logging.getLogger("insights_tui.agent.http")

SWEEP_S = 1.0
BURST = 64
"""Connections accepted in one turn of the loop."""
PAUSE_S = 0.5
LAST_WORDS_S = 0.25
"""For what is written already to leave, once the answers are done or given up."""


class Listener:
    """uvicorn's protocol on sockets of our own.

    `uvicorn.Server` is left out: it takes over signals, ticks ten times a second, logs, and waits without end for
    connections to close.
    """

    def __init__(self, app: InsightsApp, limits: Limits, on_bad_head: Callable[[], None], *, local: bool) -> None:
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
        self._local = local
        self._empty = asyncio.Event()
        self._wires: list[socket] = []
        self._taking: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None

    def _protocol(self) -> LimitedProtocol:
        if self._sweep is None:
            self._sweeping()
        self._empty.clear()
        return LimitedProtocol(
            self._config, self._state, self._limits, self._on_bad_head, self._gone, local=self._local
        )

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

    def serve(self, wire: socket) -> None:
        """Accept connections from a socket that is bound and listens.

        The loop's own server is not used: on uvloop (libuv 1.52) it accepts one connection a turn of the loop, so
        that while 64 busy connections make a turn take 60 ms, a burst of 64 new ones waits for seconds.
        """
        self._wires.append(wire)
        asyncio.get_running_loop().add_reader(wire, self._accept, wire)

    def _accept(self, wire: socket) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(BURST):
            try:
                connection, _ = wire.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no file descriptors left: the backlog holds them until there are
                log.warning("Cannot accept a connection: %s", error.strerror)
                loop.remove_reader(wire)
                loop.call_later(PAUSE_S, self._again, wire)
                return
            connection.setblocking(False)
            if not self._local:
                connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
            task = loop.create_task(self._take(connection))
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)

    def _again(self, wire: socket) -> None:
        if wire in self._wires:
            asyncio.get_running_loop().add_reader(wire, self._accept, wire)

    async def _take(self, connection: socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        except OSError:  # it has hung up already
            connection.close()

    async def stop(self, grace_s: float) -> None:
        """Stop listening, let answers finish for `grace_s` seconds, then cut off."""
        for wire in self._wires:
            asyncio.get_running_loop().remove_reader(wire)
            wire.close()
        self._wires.clear()
        if self._taking:
            await asyncio.wait(self._taking, timeout=LAST_WORDS_S)
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
