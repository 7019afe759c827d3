"""Servers that are no Kafka, or not a healthy one."""

import asyncio
import contextlib
import os
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

from insights_tui.domain.connection import Server
from tests.kafka_cluster.certificates import Authority

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Listen on loopback; every connection is cut at the end."""
    tasks: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.transport.abort()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield Server("127.0.0.1", listening.sockets[0].getsockname()[1])
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


def saying(answer: bytes, *, after: bytes = b"") -> Serve:
    """Answer with these bytes, whatever is asked; where `after` is given, once it was read."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if after:
            await reader.readuntil(after)
        else:
            await reader.read(1)
        writer.write(answer)
        await writer.drain()
        await reader.read()

    return serve


def greeting(banner: bytes) -> Serve:
    """Speak first."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(banner)
        await writer.drain()
        await reader.read()

    return serve


def dripping(answer: bytes) -> Serve:
    """Answer, but never to the end."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        for byte in answer:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)
        await reader.read()

    return serve


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take everything and say nothing."""
    await reader.read()


@contextlib.contextmanager
def blackhole(host: str = "127.0.0.1", port: int = 0) -> Iterator[Server]:
    """A port that drops what comes: its queue of connections is full, so the kernel ignores every SYN."""
    with socket.socket() as listening, contextlib.ExitStack() as stack:
        listening.bind((host, port))
        listening.listen(0)
        where = listening.getsockname()[:2]
        for _ in range(2):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(where)
        yield Server(*where)


def closed_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def server_context(authority: Authority, folder: Path, **made: float) -> ssl.SSLContext:
    """A server's TLS with a certificate of this authority for 127.0.0.1."""
    pem = folder / "server.pem"
    pem.write_bytes(authority.server_pem(("127.0.0.1",), **made))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@contextlib.contextmanager
def wanting_certificates(context: ssl.SSLContext) -> Iterator[Server]:
    """A server of OpenSSL's in threads: unlike asyncio's it says why it ends a handshake."""

    def shake(raw: socket.socket) -> None:
        with raw, contextlib.suppress(OSError):
            encrypted = context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
            with encrypted:
                try:
                    encrypted.do_handshake()
                except ssl.SSLError:
                    while os.read(encrypted.fileno(), 4096):  # or what was not read yet turns its word into a reset
                        pass

    def serve(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = listening.accept()
                raw.settimeout(10)
                shake(raw)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving_thread = threading.Thread(target=serve, args=(listening,))
        serving_thread.start()
        try:
            yield Server(*listening.getsockname()[:2])
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            serving_thread.join()
