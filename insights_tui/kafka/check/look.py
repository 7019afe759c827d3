"""A second look at a server that failed, on a connection of its own: what it really is."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from insights_tui.domain.connection import Server
from insights_tui.kafka.dial import dial
from insights_tui.kafka.server_certificate import ServerCertificate, read_certificate
from insights_tui.kafka.why import Speaks

_HEAD = 8
"""Bytes that are read of an answer."""
_CLIENT = b"insights-tui"
# ApiVersions, version 0 (https://kafka.apache.org/protocol#protocol_messages): every broker answers it to anybody
_NUMBER = 7
_GREETING = struct.pack(">hhih", 18, 0, _NUMBER, len(_CLIENT)) + _CLIENT


async def certificate_of(server: Server, timeout_s: float) -> ServerCertificate | None:
    """Tell which certificate a server shows, without believing it; nothing is sent beyond the handshake."""
    found: ServerCertificate | None = None

    async def look() -> None:
        nonlocal found
        async with _tls(server, timeout_s) as session:
            found = read_certificate(session.getpeercert(binary_form=True))

    await _bounded(look, timeout_s)
    return found


async def what_speaks(server: Server, timeout_s: float, *, tls: bool) -> Speaks | None:
    """Tell what a port speaks: with `tls` for one that does not do TLS, else for one that does not do plain Kafka."""
    found: Speaks | None = None

    def tell(speaks: Speaks | None) -> None:
        nonlocal found
        found = found or speaks

    async def as_kafka() -> None:
        tell(_recognise(await _talk(server, struct.pack(">i", len(_GREETING)) + _GREETING, timeout_s)))

    async def as_http() -> None:
        tell(_recognise(await _talk(server, b"GET / HTTP/1.0\r\n\r\n", timeout_s)))

    async def as_tls() -> None:
        async with _tls(server, timeout_s):
            tell("tls")

    looks = [as_kafka, as_http] if tls else [as_tls, as_http]
    tasks = [asyncio.create_task(_bounded(look, timeout_s)) for look in looks]
    try:
        for done in asyncio.as_completed(tasks):
            await done
            if found is not None:
                break
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return found


async def _bounded(look: Callable[[], Coroutine[Any, Any, None]], timeout_s: float) -> None:
    # whatever goes wrong here: the first look has failed already, and that is told
    with contextlib.suppress(Exception):
        async with asyncio.timeout(timeout_s):
            await look()


@contextlib.asynccontextmanager
async def _tls(server: Server, timeout_s: float) -> AsyncIterator[ssl.SSLObject]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is looked at, not believed: nothing is sent to it and nothing read
    async with _connected(server, timeout_s, asyncio.Protocol(), ssl=context, server_hostname=server.host) as transport:
        yield transport.get_extra_info("ssl_object")


async def _talk(server: Server, greeting: bytes, timeout_s: float) -> bytes:
    reader = asyncio.StreamReader()
    async with _connected(server, timeout_s, asyncio.StreamReaderProtocol(reader)) as transport:
        transport.write(greeting)
        return await reader.readexactly(_HEAD)


def _recognise(head: bytes) -> Speaks | None:
    if head.startswith(b"HTTP"):
        return "http"
    if head.startswith(b"SSH-"):
        return "ssh"
    if head.startswith(b"\x15\x03"):
        return "tls"
    return "kafka" if head[4:] == struct.pack(">i", _NUMBER) else None


@contextlib.asynccontextmanager
async def _connected(
    server: Server, timeout_s: float, protocol: asyncio.Protocol, **tls: Any
) -> AsyncIterator[asyncio.Transport]:
    sock = await dial(server, timeout_s)
    try:
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: protocol, sock=sock, **tls)
    except BaseException:
        sock.close()
        raise
    try:
        yield transport
    finally:
        transport.abort()
