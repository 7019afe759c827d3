"""One POST to the agent over a kept connection, and what its answer means."""

import encodings.idna  # noqa: F401 - connecting imports it; a fork in that moment would leave its lock held in the child
import http.client
import re
import select
import socket
import time
from typing import NamedTuple

from insights_tui.sdk.address import Address

_CONNECT_S = 1.0
_IDLE_S = 30.0
"""After which a connection is not used again: the agent closes it at 60."""
_MAX_ANSWER = 1024 * 1024
_MAX_RETRY_AFTER_S = 30.0
_NUMBER = re.compile(rb'"(accepted|dropped_count)": ?(\d{1,9})\b')


class NotSentError(OSError):
    """The request did not reach the agent whole: it took nothing."""


class InDoubtError(OSError):
    """The request went out and no answer came: the agent may have taken it."""


class Answer(NamedTuple):
    """What the agent answered."""

    status: int
    retry_after_s: float = 0.0
    accepted: int | None = None
    metrics_dropped: int = 0
    body: bytes = b""

    @property
    def taken(self) -> bool:
        """Whether the agent has it now."""
        return self.status // 100 == 2


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket's file."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Wire:
    """A connection to one agent; for one thread."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0

    def post(self, path: str, body: bytes, kind: str, timeout_s: float) -> Answer:
        """Post and wait for the answer so many seconds; raises `NotSentError` or `InDoubtError`."""
        connection = self._connected(timeout_s)
        try:
            connection.request("POST", path, body, {"Content-Type": kind, "User-Agent": "insights-tui-sdk"})
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise NotSentError(_said(error)) from error
        try:
            response = connection.getresponse()
            answer = _read(response)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise InDoubtError(_said(error)) from error
        if response.will_close or not response.isclosed():
            self.close()
        self._used = time.monotonic()
        return answer

    def close(self) -> None:
        """Close the connection; the next post opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self, timeout_s: float) -> http.client.HTTPConnection:
        if self._connection is not None and (time.monotonic() - self._used > _IDLE_S or _stale(self._connection)):
            self.close()
        if self._connection is None:
            connection = _connection(self._address, min(_CONNECT_S, timeout_s))
            try:
                connection.connect()
            except (OSError, ValueError) as error:
                connection.close()
                raise NotSentError(_said(error)) from error
            self._connection = connection
        self._connection.sock.settimeout(timeout_s)
        return self._connection


def _connection(address: Address, timeout_s: float) -> http.client.HTTPConnection:
    if address.scheme == "unix":
        return _UnixConnection(address.host, timeout_s)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    return kind(address.host, address.port, timeout=timeout_s)


def _stale(connection: http.client.HTTPConnection) -> bool:
    """Whether the agent has closed it: an answer that nobody asked for is an end, too."""
    try:
        poll = select.poll()
        poll.register(connection.sock, select.POLLIN)
        return bool(poll.poll(0))
    except (OSError, ValueError, AttributeError):  # gevent may have taken poll away
        return True


def _read(response: http.client.HTTPResponse) -> Answer:
    body = response.read(_MAX_ANSWER)
    said = {name: int(number) for name, number in _NUMBER.findall(body)}
    return Answer(
        response.status,
        _seconds(response.getheader("Retry-After")),
        said.get(b"accepted"),
        said.get(b"dropped_count", 0),
        body,
    )


def _seconds(text: str | None) -> float:
    return min(float(text), _MAX_RETRY_AFTER_S) if text and text.isascii() and text.isdigit() else 0.0


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
