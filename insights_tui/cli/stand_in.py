"""Takes reports and throws them away, while there is no agent.

The original's clients raise inside the algorithm where nobody answers at their address: that must not end a command
only because its Insights are missing.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_OK = b'{"response":"ok","accepted":0}'
_NOT_HERE = b'{"error":{"code":"no_agent","message":"There is no Insights agent."}}'
_MAX_BODY = 1024 * 1024


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_POST(self) -> None:
        """Answer a report as the agent would."""
        length = self.headers.get("Content-Length", "0")
        if length.isascii() and length.isdigit() and int(length) <= _MAX_BODY:
            self.rfile.read(int(length))
        else:
            self.close_connection = True
        self._answer(
            *((200, _OK) if self.path.rstrip("/").endswith(("/v1/insights", "/v1/payloads")) else (404, _NOT_HERE))
        )

    def do_GET(self) -> None:
        """Answer everything else."""
        self._answer(404, _NOT_HERE)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing: stderr is the command's."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that went away."""


@contextmanager
def stand_in() -> Iterator[str | None]:
    """Listen on loopback; gives the URL, or `None` where that cannot be."""
    server = None
    with suppress(OSError):
        server = _Server(("127.0.0.1", 0), _Handler)
    if server is None:
        yield None
        return
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 3600.0}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.socket.close()  # the thread ends with the process: shutdown() would wait for it
