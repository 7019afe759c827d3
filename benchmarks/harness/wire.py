"""The smallest HTTP client: one connection, one request at a time. An HTTP library costs more than the agent."""

import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self

Address = tuple[str, int] | str
"""Host and port, or the path of a Unix socket."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer."""

    status: int
    head: bytes
    """Status line and headers in lower case."""
    body: bytes

    @property
    def accepted(self) -> bool:
        """Whether it was answered 2xx."""
        return self.status // 100 == 2


class Wire:
    """One connection; every failure is an `OSError`, and then nobody knows what became of the request."""

    def __init__(self, address: Address, timeout_s: float = 30.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(address)
        except OSError:
            self._socket.close()
            raise
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def get(self, path: str) -> Answer:
        """GET a path."""
        return self._ask(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode())

    def post(self, path: str, body: bytes, kind: str = "application/x-ndjson") -> Answer:
        """POST a body."""
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        return self._ask(head.encode() + body)

    def _ask(self, request: bytes) -> Answer:
        self._socket.sendall(request)
        buffer = self._rest
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            buffer += self._receive()
        head = buffer[:end].lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        wanted = end + 4 + length
        parts, have = [buffer], len(buffer)
        while have < wanted:
            parts.append(self._receive())
            have += len(parts[-1])
        buffer = b"".join(parts)
        self._rest = buffer[wanted:]
        return Answer(int(head[9:12]), head, buffer[end + 4 : wanted])

    def _receive(self) -> bytes:
        piece = self._socket.recv(65536)
        if not piece:
            raise ConnectionResetError("closed before the answer was whole")
        return piece
