"""One request and its answer: uvicorn's cycle, with a short way for an answer that is whole from the start.

ASGI sends head and body in two messages, uvicorn writes each by itself, and each write is a system call and a packet;
it also looks through every header by regular expressions, those of our own making too. All that is spared here.
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from insights_tui.agent.http.answers import WHOLE

_JSON = b"content-type: application/json\r\ncontent-length: %d\r\n"


class Cycle(RequestResponseCycle):
    """Knows `WHOLE` beside the messages of ASGI."""

    task: "asyncio.Task[None] | None" = None
    """What runs the application for it."""
    _given = False

    async def run(self, app: Any, tasks: set["asyncio.Task[None]"]) -> None:
        """Run the application, and leave the set of tasks under way: a callback would cost a turn of the loop."""
        try:
            await self.run_asgi(app)
        finally:
            if self.task is not None:
                tasks.discard(self.task)

    async def receive(self) -> Any:
        """Give the next part of the body; where all of it is there, which is the rule, without waiting."""
        if (
            self.more_body
            or self._given
            or self.disconnected
            or self.response_complete
            or self.waiting_for_100_continue
        ):
            message = await super().receive()
            self._given = self._given or not message.get("more_body", False)
            return message
        self._given = True
        self.message_event.clear()
        body, self.body = bytes(self.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        """Send a message of ASGI, or a whole answer."""
        if message["type"] != WHOLE:
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if not self.disconnected:
            self._whole(message["status"], message["body"], message["headers"])

    def _whole(self, status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
        if self.response_started:
            raise RuntimeError("A whole answer after the beginning of another.")
        parts = [STATUS_LINE[status]]
        parts += [b"%b: %b\r\n" % header for header in self.default_headers]
        parts.append(_JSON % len(body))
        for name, value in headers:
            parts.append(b"%b: %b\r\n" % (name, value))
            if name == b"connection":
                self.keep_alive = False
        if not self.keep_alive and not any(name == b"connection" for name, _ in headers):
            parts.append(b"connection: close\r\n")
        parts.append(b"\r\n")
        if self.scope["method"] != "HEAD":
            parts.append(body)
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(b"".join(parts))
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def address(url: bytes) -> tuple[str, bytes, bytes]:
    """Read a request's target: its path as text and as it came, and its query; raises where it cannot be read."""
    query = b""
    if url[:1] != b"/" or b"?" in url or b"#" in url or not url.isascii():
        parsed = httptools.parse_url(url)
        url, query = parsed.path, parsed.query or b""
    path = url.decode("ascii")
    return unquote(path) if "%" in path else path, url, query
