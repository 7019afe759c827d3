"""What a client may cost: uvicorn's httptools protocol with the limits that it lacks.

uvicorn bounds neither the head of a request nor the time that a client takes to send one. The bounds are enforced
where the bytes arrive, and by one sweep a second over the connections instead of a timer for each request.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from insights_tui.agent.http.answers import error_body
from insights_tui.agent.http.cycle import Cycle, address
from insights_tui.agent.http.peer import peer_of
from insights_tui.domain.refused import FieldError


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one listener: bytes and seconds."""

    max_head_bytes: int = 32 * 1024
    max_headers: int = 64
    max_body_bytes: int = 1024 * 1024
    """Of any body but NDJSON."""
    max_batch_bytes: int = 16 * 1024 * 1024
    """Of an NDJSON body."""
    head_s: float = 10.0
    """To send the whole head, from the first byte (or from connecting) on."""
    body_s: float = 10.0
    """To send the body, plus a second for each `slow_bytes` of it that have come."""
    slow_bytes: int = 256 * 1024
    write_s: float = 30.0
    """For which a client may leave an answer unread once the buffers are full."""
    keep_alive_s: int = 60
    """For which an unused connection stays open. Long: a client that meets it closing raises in the algorithm."""
    max_connections: int = 1024

    @property
    def max_wire_bytes(self) -> int:
        """Of one whole request as it travels, chunk framing and trailers included."""
        return self.max_batch_bytes + 1024 * 1024


LINGER_S = 2.0
"""For which a refused client may go on sending before it is cut off: closed at once, it would never see why."""
_TOO_SLOW = FieldError("too_slow", "The request took too long to arrive.", "Send it at once.")
_TOO_LARGE = FieldError("too_large", "The request is larger than anything that is accepted.", "Send less at a time.")
_HEAD_TOO_LARGE = FieldError("head_too_large", "The request's head is too large.", "Send fewer or shorter headers.")
_BAD_HTTP = FieldError("bad_http", "This is not a valid HTTP request.", "Speak HTTP/1.1, without TLS.")
_CROWDED = FieldError("too_many_connections", "Too many connections are open.", "Close some, or try again later.")


_SILENT = logging.getLogger("insights_tui.agent.http.uvicorn")
# uvicorn's own logger ends on stderr where nobody configured logging, and that is a terminal in use. It has nothing
# to say that is not said better: refusals are counted, and the application logs its own errors.
_SILENT.setLevel(logging.CRITICAL + 1)


class _HeadRefusedError(Exception):
    """Ends the parser's work on a request; the protocol knows why."""


class LimitedProtocol(HttpToolsProtocol):
    """One connection, within its limits."""

    def __init__(
        self,
        config: Config,
        state: ServerState,
        limits: Limits,
        on_bad: Callable[[], None],
        on_gone: Callable[[], None],
        *,
        local: bool,
    ) -> None:
        super().__init__(config, state, {})
        self.logger = _SILENT
        self.access_log = False
        self._limits = limits
        self._on_bad = on_bad
        self._on_gone = on_gone
        self._local = local
        self._begun: float | None = None
        """When the request began that is still arriving; `None` between requests."""
        self._in_head = True
        self._wire = 0
        self._chunk = 0
        self._broken: tuple[int, FieldError] | None = None
        self._half_closed = False
        self._linger_until: float | None = None
        self._stalled: float | None = None
        self._idle_since: float | None = None
        """When the last answer was out; `None` while one is owed, and before the first."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Take a connection, or turn it away where there are too many."""
        super().connection_made(transport)
        self._begun = self.loop.time()
        if self._local:
            self.app_state = {"peer": peer_of(transport)}
        surplus = len(self.connections) - self._limits.max_connections
        if surplus > self._limits.max_connections:
            transport.abort()
        elif surplus > 0:
            self._refuse(503, _CROWDED, counts=False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self._on_gone()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio reads the answer, uvicorn gives none
        """Answer a client all the same that has closed its half after a whole request; tell whether to stay open.

        What follows that request, rubbish or the start of another one, changes nothing: it may be committed already.
        """
        cycle, in_body = self.cycle, self._begun is not None and not self._in_head
        owed = cycle is not None and not cycle.response_started and not in_body
        if self.pipeline:  # the cycle is that of the latest request, and an earlier one is under way
            owed = True
            if in_body:
                self.pipeline.popleft()  # its rest will never come
                self._on_bad()
        self._half_closed = owed
        return owed

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and count what a request costs before it is whole."""
        if self._broken is not None:
            return
        self._chunk = len(data)
        super().data_received(data)
        if self._begun is not None and self._broken is None:
            self._wire += self._chunk
            if self._in_head:
                if self._wire > self._limits.max_head_bytes:
                    self._refuse(431, _HEAD_TOO_LARGE)
            elif self._wire > self._limits.max_wire_bytes:
                self._refuse(413, _TOO_LARGE)

    def on_message_begin(self) -> None:
        """Start the clock of a request."""
        super().on_message_begin()
        self._begun = self.loop.time()
        self._idle_since = None
        self._in_head = True
        self._wire = 0

    def on_headers_complete(self) -> None:
        """Check the head and hand the request to the application."""
        headers = self.headers
        if len(headers) > self._limits.max_headers or (
            self._wire + self._chunk > self._limits.max_head_bytes
            and len(self.url) + sum(len(name) + len(value) for name, value in headers) > self._limits.max_head_bytes
        ):
            self._broken = (431, _HEAD_TOO_LARGE)
            raise _HeadRefusedError
        self._begin()  # raises where the path cannot be read: then it is still the head that is wrong
        self._in_head = False

    def _begin(self) -> None:
        """Hand the request to the application: as uvicorn does, less the options that are not in use here."""
        parser, scope = self.parser, self.scope
        version = parser.get_http_version()
        scope["method"] = parser.get_method().decode("ascii")
        scope["http_version"] = version
        if parser.should_upgrade() and self._should_upgrade():
            return
        scope["path"], scope["raw_path"], scope["query_string"] = address(self.url)
        before = self.cycle
        self.cycle = cycle = Cycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if not isinstance(cycle, Cycle):
            raise TypeError(cycle)
        tasks = self.tasks
        cycle.task = task = self.loop.create_task(cycle.run(app, tasks))
        tasks.add(task)

    def on_message_complete(self) -> None:
        """Stop the clock of a request."""
        self._begun = None
        if self.cycle.response_complete:  # answered before it was whole
            self._idle_since = self.loop.time()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request, unless the connection is to end; the sweep ends it where none comes."""
        self.server_state.total_requests += 1
        if self._broken is not None or (self._half_closed and not self.pipeline):
            self.transport.close()
            return
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._begun is None:
            self._idle_since = self.loop.time()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's words are not ours
        """Answer what the parser could not read."""
        status, error = self._broken or (400, _BAD_HTTP)
        self._refuse(status, error)

    def _unsupported_upgrade_warning(self) -> None:
        # The parser stops at an upgrade: the request is answered, and nothing after it can be read.
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def sweep(self, now: float) -> None:
        """End a connection that is too slow; called once a second."""
        limits = self._limits
        if self._linger_until is not None:
            if now > self._linger_until:
                self.transport.abort()
            return
        if self._broken is not None or self.transport.is_closing() or self.flow.write_paused:
            if self._stalled is None:
                self._stalled = now
            elif now - self._stalled > limits.write_s:
                self.transport.abort()
            return
        self._stalled = None
        if self._begun is None:
            if self._idle_since is not None and now - self._idle_since > limits.keep_alive_s:
                self.transport.close()
            return
        allowed = limits.head_s if self._in_head else limits.body_s + self._wire / limits.slow_bytes
        if self.flow.read_paused:
            self._begun = now  # it is we who do not read
        elif now - self._begun > allowed:
            self._refuse(408, _TOO_SLOW, counts=self._wire > 0)

    def _refuse(self, status: int, error: FieldError, *, counts: bool = True) -> None:
        """Answer with an error and close; where an earlier answer is under way, just close after that.

        An error sent before the answer to an earlier request would be taken for that answer, and the client would
        hold an accepted payload for a refused one.
        """
        self._broken = (status, error)
        in_body = self._begun is not None and not self._in_head
        if counts and not in_body:
            self._on_bad()  # a request whose head was read is the application's to count
        if self.pipeline or (not in_body and self.cycle is not None and not self.cycle.response_complete):
            self.flow.pause_reading()
            return
        if not in_body or not self.cycle.response_started:
            body = error_body((error,))
            headers: list[tuple[bytes, bytes]] = [
                *self.server_state.default_headers,
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
                (b"connection", b"close"),
            ]
            head = b"".join(b"%b: %b\r\n" % header for header in headers)
            self.transport.write(STATUS_LINE[status] + head + b"\r\n" + body)
            if self.cycle is not None:  # an application that waits for the rest of the body waits no longer
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            self._linger_until = self.loop.time() + LINGER_S
            self.transport.write_eof()
            return
        self.transport.close()
