"""An agent that knows executions only: on a Unix socket and, for the algorithm, on loopback."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class RunsAgent:
    """Keeps what it was told, in order; `before` runs in front of every answer and may give another one."""

    def __init__(self, path: Path) -> None:
        self.socket = path
        self.calls: list[tuple[str, Any]] = []
        self.before: Callable[[str], tuple[int, Any] | None] = lambda _path: None
        self._servers = [_UnixServer(path, self), _Server(self)]
        self._threads = [
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}) for server in self._servers
        ]
        for thread in self._threads:
            thread.start()
        self.url = f"http://127.0.0.1:{self._servers[1].server_address[1]}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in list(self.calls)]

    def merged(self) -> dict[str, float]:
        """What one payload would hold."""
        merged: dict[str, float] = {}
        for path, body in list(self.calls):
            if path == "/run/req-1/v1/insights":
                merged |= {each["insight_key"]: each["insight_value"] for each in body} if type(body) is list else body
        return merged

    def answer(self, path: str, body: Any) -> tuple[int, Any]:
        other = self.before(path)
        if other is not None:
            return other
        self.calls.append((path, body))
        if path.endswith("/v1/runs"):
            base_url = f"{self.url}/run/req-1"
            return 201, {"request_id": "req-1", "session_id": "rses-1", "base_url": base_url}
        return 200, {"published": True} if path.endswith("/finish") else {"response": "ok", "accepted": 1}

    def stop(self) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, agent: RunsAgent) -> None:
        self.agent = agent
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that went away are no news."""


class _UnixServer(_Server):
    address_family = socket.AF_UNIX

    def __init__(self, path: Path, agent: RunsAgent) -> None:
        self._path = path
        super().__init__(agent)

    def server_bind(self) -> None:
        self.socket.bind(str(self._path))
        self.server_address = ("", 0)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def address_string(self) -> str:
        return ""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, said = self.server.agent.answer(self.path, body)
        answer = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


@contextmanager
def runs_agent(path: Path) -> Iterator[RunsAgent]:
    agent = RunsAgent(path)
    try:
        yield agent
    finally:
        agent.stop()
