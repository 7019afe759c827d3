"""Whether a server asks for a client certificate, read from what it says in the clear.

Under TLS 1.3 a server says so in its alert. Under TLS 1.2 it may refuse the handshake without a reason, but its request
for a certificate comes before that and unencrypted (RFC 5246 §7.3, §7.4.4).
"""

import asyncio
import contextlib
import socket
import ssl

from insights_tui.domain.connection import Server
from insights_tui.kafka.dial import dial

_RECORD_HEAD = 5
"""Bytes of a record's head: type, version, length (RFC 5246 §6.2.1)."""
_HANDSHAKE = 22
_MESSAGE_HEAD = 4
"""Type and length of a handshake message."""
_CERTIFICATE_REQUEST, _HELLO_DONE = 13, 14
_ENOUGH = 128 * 1024
"""Bytes of a server's first flight that are read: chains of certificates are shorter."""


def asks(flight: bytes) -> bool | None:
    """Tell whether a server's first flight holds a request for a certificate; `None` while it is not at its end."""
    said, rest = bytearray(), memoryview(flight)
    while len(rest) >= _RECORD_HEAD:
        if rest[0] != _HANDSHAKE:
            return False
        size = int.from_bytes(rest[3:5], "big")
        if len(rest) < _RECORD_HEAD + size:
            break
        said += rest[_RECORD_HEAD : _RECORD_HEAD + size]
        rest = rest[_RECORD_HEAD + size :]
    at = 0
    while at + _MESSAGE_HEAD <= len(said):
        if said[at] in (_CERTIFICATE_REQUEST, _HELLO_DONE):
            return said[at] == _CERTIFICATE_REQUEST
        at += _MESSAGE_HEAD + int.from_bytes(said[at + 1 : at + _MESSAGE_HEAD], "big")
    return None


async def asks_for_certificate(server: Server, timeout_s: float) -> bool:
    """Begin a handshake under TLS 1.2, on a connection of its own, and look; nothing but the greeting is sent."""
    with contextlib.suppress(Exception):  # the first look has failed already, and that is told
        async with asyncio.timeout(timeout_s):
            sock = await dial(server, timeout_s)
            try:
                return await _look(sock, server)
            finally:
                sock.close()
    return False


async def _look(sock: socket.socket, server: Server) -> bool:
    loop, flight = asyncio.get_running_loop(), b""
    await loop.sock_sendall(sock, _hello(server.host))
    while len(flight) < _ENOUGH and (more := await loop.sock_recv(sock, 16 * 1024)):
        flight += more
        told = asks(flight)
        if told is not None:
            return told
    return False


def _hello(host: str) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing that it shows is believed, and nothing sent
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_hostname=host)
    with contextlib.suppress(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()
