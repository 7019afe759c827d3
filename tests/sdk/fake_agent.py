"""An agent's ingest that can be slow, refuse, lose answers, hang, die and come back on its port."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Act = Callable[[str, list[dict[str, Any]]], int | None]
"""Gives the status of a call; `None` for none at all: the connection breaks."""


def take(_path: str, _payloads: list[dict[str, Any]]) -> int | None:
    return 200


class FakeAgent:
    """Keeps what it answered 2xx, or whatever `act` let in."""

    def __init__(self, port: int = 0) -> None:
        self.calls: list[tuple[str, list[dict[str, Any]]]] = []
        self.act: Act = take
        self.retry_after: str | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.port = port
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def payloads(self) -> list[dict[str, Any]]:
        return [payload for _, payloads in list(self.calls) for payload in payloads]

    @property
    def ids(self) -> list[str]:
        return [payload["request_id"] for payload in self.payloads]

    def start(self) -> None:
        self._server = _Server(self, self.port)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        """Die: no listener, every connection broken."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.break_all()
        self._server.server_close()
        self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, agent: FakeAgent, port: int) -> None:
        self.agent = agent
        self.open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def break_all(self) -> None:
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Broken connections are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        self.server.open.add(self.request)
        super().setup()

    def finish(self) -> None:
        self.server.open.discard(self.request)
        super().finish()

    def do_POST(self) -> None:
        agent = self.server.agent
        body = self.rfile.read(int(self.headers["Content-Length"]))
        payloads = [json.loads(line) for line in body.splitlines() if line]
        status = agent.act(self.path, payloads)
        if status is None:
            self.close_connection = True
            return
        if status == 200:
            agent.calls.append((self.path, payloads))
        answer = json.dumps({"response": "ok", "accepted": len(payloads), "ids": []}).encode()
        self.send_response(status)
        if agent.retry_after is not None:
            self.send_header("Retry-After", agent.retry_after)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


@contextmanager
def fake_agent() -> Iterator[FakeAgent]:
    agent = FakeAgent()
    try:
        yield agent
    finally:
        agent.stop()
