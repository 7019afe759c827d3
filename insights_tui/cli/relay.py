"""Stands between a command and the agent, so that nothing that becomes of the agent reaches the command.

The original's clients raise inside the algorithm where nobody answers at their address. A report to the execution is
always answered here: by the agent where it is there, else by us, and then it is kept until the agent is back.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from insights_tui.cli.executing import Begun, insights_path
from insights_tui.sdk.wire import Answer, Wire

OWN = "/run/this"
"""What the command knows the execution by."""
FORWARD_S = 1.0
"""For which a report waits for the agent."""
AWAY_S = 2.0
"""After which an agent that did not answer is asked again by the next report."""
MAX_KEPT = 100
"""Reports kept while the agent is away, the newest: of a metric reported twice the last value counts."""
MAX_BODY = 1024 * 1024
_KEPT = b'{"response":"ok","accepted":0}'
_NOT_HERE = b'{"error":{"code":"no_agent","message":"There is no Insights agent."}}'
_UNREAD = b'{"error":{"code":"too_large","message":"A body needs a Content-Length of at most 1 MiB here."}}'
_JSON = "application/json"


class _Kept(NamedTuple):
    body: bytes
    kind: str


class Relay:
    """The reports of one command, in their order; from any thread."""

    def __init__(self, begun: Callable[[], Begun | None], monotonic: Callable[[], float] = time.monotonic) -> None:
        """`begun` tells the execution, `None` as long as the agent has begun none."""
        self._begun = begun
        self._monotonic = monotonic
        self._kept: deque[_Kept] = deque()
        self._away_until = 0.0
        self._turn = threading.Lock()
        self.dropped = 0
        """Reports that were answered and came to nothing: too many had to wait, or the agent refused them later."""

    @property
    def waiting(self) -> int:
        """Reports that the agent does not have."""
        return len(self._kept)

    def report(self, body: bytes, kind: str) -> tuple[int, bytes]:
        """Pass a report to the execution on, or keep it; gives status and body of the answer."""
        with self._turn:
            self._kept.append(_Kept(body, kind))
            while len(self._kept) > MAX_KEPT:
                self._kept.popleft()
                self.dropped += 1
            answer = self._flush(unanswered=1) if self._monotonic() >= self._away_until else None
        return (answer.status, answer.body) if answer is not None else (200, _KEPT)

    def flush(self) -> bool:
        """Send what is kept; tells whether nothing is left."""
        with self._turn:
            self._flush(unanswered=0)
            return not self._kept

    def _flush(self, *, unanswered: int) -> Answer | None:
        """Send in order; gives the answer to the last one, `None` where it is still kept.

        All but the last `unanswered` were answered when they came: what the agent refuses of them, nobody else hears.
        """
        begun = self._begun()
        answer: Answer | None = None
        if begun is None:
            return None
        while self._kept:
            body, kind = self._kept[0]
            answer = _post(begun, insights_path(begun), body, kind)
            if answer is None or answer.status == 503:
                self._away_until = self._monotonic() + AWAY_S
                return None
            self._kept.popleft()
            if not answer.taken and len(self._kept) >= unanswered:
                self.dropped += 1
        return answer

    def other(self, path: str, body: bytes, kind: str) -> tuple[int, bytes]:
        """Pass another call on as it is: a run in this run, the SDK's own payloads."""
        begun = self._begun()
        if begun is None:
            return (200, _KEPT) if path.endswith("/v1/payloads") else (404, _NOT_HERE)
        answer = _post(begun, path, body, kind)
        return (503, _NOT_HERE) if answer is None else (answer.status, answer.body)


def _post(begun: Begun, path: str, body: bytes, kind: str) -> Answer | None:
    wire = Wire(begun.address)
    try:
        return wire.post(begun.address.prefix + path, body, kind, FORWARD_S)
    except OSError:
        return None
    finally:
        wire.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: "_Server"

    def do_POST(self) -> None:
        """Take a report, or pass the call on."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and int(length) <= MAX_BODY):
            self.close_connection = True
            self._answer(413 if length else 411, _UNREAD)
            return
        body = self.rfile.read(int(length))
        path, kind = self.path.rstrip("/"), self.headers.get("Content-Type", _JSON)
        relay = self.server.relay
        own = path in {OWN + "/v1/insights", "/v1/insights"}
        self._answer(*(relay.report(body, kind) if own else relay.other(path, body, kind)))

    def do_GET(self) -> None:
        """Answer everything else."""
        self._answer(404, _NOT_HERE)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", _JSON)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing: stderr is the command's."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that went away."""


@contextmanager
def listening(relay: Relay) -> Iterator[str | None]:
    """Listen on loopback; gives the URL for the command, or `None` where that cannot be."""
    server = None
    with suppress(OSError):
        server = _Server(relay)
    if server is None:
        yield None
        return
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 3600.0}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{OWN}"
    server.socket.close()  # the thread ends with the process: shutdown() would wait for it
