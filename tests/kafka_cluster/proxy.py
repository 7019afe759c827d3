"""A TCP proxy in front of one broker that misbehaves on request.

It reads Kafka's framing (a 4-byte length, then API key, version and correlation id: Kafka protocol guide, "Request
Header") where the listener is not encrypted, so it can cut a produce request in the middle, or let the broker append
and lose the answer.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Coroutine
from enum import StrEnum
from typing import Any

_PRODUCE = 0
_METADATA = 3
_CHUNK = 65536


class Fault(StrEnum):
    """What the proxy does to every connection until it is told otherwise."""

    NONE = "none"
    REFUSE = "refuse"
    """Nothing listens; what is open is cut."""
    SILENT = "silent"
    """Accepts and never forwards, in either direction; what is open goes silent too."""
    SLOW = "slow"
    """Forwards every piece late (`delay_s`)."""
    RESET = "reset"
    """Resets what is open and every new connection."""


class _Cut(Exception):  # noqa: N818 - an order, not an error
    """End this connection with a reset."""


class FaultProxy:
    """One proxy; every method belongs to its own event loop (`Cluster.proxy` wraps it for tests)."""

    def __init__(self, port: int, upstream: int, *, framed: bool) -> None:
        self.port = port
        self.accepted = 0
        """Connections since the start."""
        self.cut_requests = 0
        self.dropped_acks = 0
        self._upstream = upstream
        self._framed = framed
        self._fault = Fault.NONE
        self._delay_s = 0.0
        self._cuts = 0
        self._drops = 0
        self.mangled = 0
        """Answers altered so far."""
        self._mangle = 0.0
        self._rng = random.Random()  # noqa: S311 - damage, not secrets
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to listen."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """Stop listening and cut everything."""
        await self._unlisten()
        tasks = list(self._tasks)
        self._flowing.set()
        self.reset_all()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def set_fault(self, fault: Fault, delay_s: float = 0.2) -> None:
        """Misbehave this way from now on; `Fault.NONE` ends it."""
        self._fault = fault
        self._delay_s = delay_s
        if fault is Fault.SILENT:
            self._flowing.clear()
        else:
            self._flowing.set()
        if fault is Fault.REFUSE:
            await self._unlisten()
        else:
            await self.start()
        if fault in (Fault.REFUSE, Fault.RESET):
            self.reset_all()

    def reset_all(self) -> None:
        """Reset (RST) every open connection, once."""
        for writer in list(self._open):
            _reset(writer)

    def cut_requests_mid_way(self, count: int) -> None:
        """Forward half of each of the next `count` produce requests, then reset: the broker cannot append them."""
        assert self._framed, "the proxy cannot see requests inside TLS"
        self._cuts = count

    def drop_acks(self, count: int) -> None:
        """Let the broker answer the next `count` produce requests, then reset instead of passing the answer on."""
        assert self._framed, "the proxy cannot see requests inside TLS"
        self._drops = count

    def mangle_answers(self, share: float, seed: int | None = None) -> None:
        """Alter this share of the brokers' answers from now on; 0 ends it.

        Answers with metadata stay whole: they name the hosts to connect to, and those must stay on this machine.
        """
        assert self._framed, "the proxy cannot see answers inside TLS"
        self._mangle = share
        if seed is not None:
            self._rng.seed(seed)

    async def _unlisten(self) -> None:
        if self._server is not None:
            self._server.close()  # not wait_closed(): since Python 3.12 that waits for open connections
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.accepted += 1
        self._open.add(writer)
        try:
            await self._flowing.wait()
            if self._fault is Fault.RESET:
                _reset(writer)
            else:
                await self._relay(reader, writer)
        except (OSError, asyncio.CancelledError, _Cut):
            _reset(writer)  # the broker is gone, or a fault, or the proxy stops
        finally:
            self._open.discard(writer)
            writer.close()
            self._tasks.discard(task)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", self._upstream)
        self._open.add(upstream)
        dropped: set[int] = set()
        whole: set[int] = set()
        try:
            if self._framed:
                await _first(
                    self._requests(reader, upstream, dropped, whole),
                    self._answers(upstream_reader, writer, dropped, whole),
                )
            else:
                await _first(self._bytes(reader, upstream), self._bytes(upstream_reader, writer))
        except asyncio.IncompleteReadError:
            pass  # one end closed in the ordinary way: so does the other
        except (OSError, asyncio.CancelledError, _Cut):
            _reset(upstream)
            raise
        finally:
            self._open.discard(upstream)
            upstream.close()

    async def _bytes(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(_CHUNK):
            await self._forward(writer, piece)

    async def _requests(
        self, reader: asyncio.StreamReader, broker: asyncio.StreamWriter, dropped: set[int], whole: set[int]
    ) -> None:
        while True:
            frame = await _frame(reader)
            api_key, _version, correlation = struct.unpack_from(">hhi", frame, 4)
            if api_key == _PRODUCE and self._cuts > 0:
                self._cuts -= 1
                self.cut_requests += 1
                await self._forward(broker, frame[: len(frame) // 2])
                raise _Cut
            if api_key == _PRODUCE and self._drops > 0:
                self._drops -= 1
                dropped.add(correlation)
            if api_key == _METADATA:
                whole.add(correlation)
            await self._forward(broker, frame)

    async def _answers(
        self, reader: asyncio.StreamReader, client: asyncio.StreamWriter, dropped: set[int], whole: set[int]
    ) -> None:
        while True:
            frame = await _frame(reader)
            correlation = struct.unpack_from(">i", frame, 4)[0]
            if correlation in dropped:
                self.dropped_acks += 1
                raise _Cut
            if self._mangle and correlation not in whole and self._rng.random() < self._mangle:
                self.mangled += 1
                frame = _mangled(self._rng, frame)
            whole.discard(correlation)
            await self._forward(client, frame)

    async def _forward(self, writer: asyncio.StreamWriter, piece: bytes) -> None:
        await self._flowing.wait()
        if self._fault is Fault.SLOW:
            await asyncio.sleep(self._delay_s)
        writer.write(piece)
        await writer.drain()


def _mangled(rng: random.Random, frame: bytes) -> bytes:
    """Flip bits, cut the end off, or put bytes in: behind the length, or in it too."""
    damaged = bytearray(frame)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(0 if rng.random() < 0.1 else 4, len(damaged))
        match rng.randrange(3):
            case 0:
                damaged[at] ^= 1 << rng.randrange(8)
            case 1 if at > 4:
                del damaged[at:]
            case _:
                damaged[at:at] = rng.randbytes(rng.randint(1, 20))
        if len(damaged) <= 4:
            break
    if rng.random() < 0.8:  # mostly a frame that is whole as a frame, or it ends in waiting for the rest
        damaged[:4] = struct.pack(">i", len(damaged) - 4)
    return bytes(damaged)


async def _frame(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(4)
    return head + await reader.readexactly(struct.unpack(">i", head)[0])


async def _first(*directions: Coroutine[Any, Any, None]) -> None:
    """Run both directions until one ends; raise what ended it."""
    tasks = [asyncio.ensure_future(direction) for direction in directions]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST and no goodbye, as a broken route or a dead peer does."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
