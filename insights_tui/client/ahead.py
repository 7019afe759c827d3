"""A question sent before there is an event loop: the agent answers while the rest of the program is loaded."""

import asyncio
import contextlib
import os
import socket as sockets
import time
from pathlib import Path

_FRESH_S = 1.5
"""An answer that was asked for longer ago is no news: it is asked for again."""
_PIECE = 65536
_CONNECT_S = 0.2


class Ahead:
    """One GET under way on a socket of its own; whatever goes wrong with it, the caller asks again as usual."""

    def __init__(self, socket: Path, path: str) -> None:
        self._path = path
        self._asked = time.monotonic()
        self._socket: sockets.socket | None = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
        self._socket.settimeout(_CONNECT_S)
        try:
            self._socket.connect(os.fspath(socket))
            self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            self._socket.setblocking(False)
        except OSError:
            self.close()

    async def answer(self, path: str) -> bytes | None:
        """Give the body, once; `None` where another path was asked, or nothing whole and fresh came."""
        try:
            if path != self._path or self._socket is None or time.monotonic() - self._asked > _FRESH_S:
                return None
            return _body(await _read(self._socket))
        except OSError:
            return None
        finally:
            self.close()

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


async def _read(socket: sockets.socket) -> bytes:
    pieces = []
    while piece := await asyncio.get_running_loop().sock_recv(socket, _PIECE):
        pieces.append(piece)
    return b"".join(pieces)


def _body(answer: bytes) -> bytes | None:
    """Take the body out of a whole, successful answer of a stated length."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *fields = head.lower().split(b"\r\n")
    if status.split(b" ")[1:2] != [b"200"]:
        return None
    for field in fields:
        name, _, value = field.partition(b":")
        if name == b"content-length":
            with contextlib.suppress(ValueError):
                return body if int(value) == len(body) else None
    return None
