"""An agent that says what a test wants it to say, over HTTP on a Unix socket, in a thread."""

import json
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import msgspec

from insights_tui.domain.snapshot import (
    SCHEMA,
    Agent,
    Capacity,
    ConnectionView,
    Counts,
    Latency,
    Rates,
    Snapshot,
    State,
)

NOW = datetime(2026, 11, 22, 12, 4, 31, 120000, tzinfo=UTC)
VIEW = ConnectionView(
    revision=3,
    topic="insights",
    bootstrap_servers=("kafka-1:9093", "kafka-2:9093"),
    connection_type="kafka_sasl_ssl",
    sasl_mechanism="SCRAM-SHA-512",
    username="insights-p",
    password_source="stored",
    ca=None,
    changed_at=NOW,
    changed_by="root",
)
CONNECTED = Snapshot(
    schema=SCHEMA,
    seq=812,
    as_of=NOW,
    state=State.CONNECTED,
    agent=Agent(id="a1", version="0.1.0", mode="service", host="prod-1", pid=42, uptime_s=7262.1),
    problems=(),
    connection=VIEW,
    counts=Counts(accepted=12, queued=1, delivered=11),
    balanced=True,
    refused={},
    lost_open=0,
    late_acks=0,
    redriven=0,
    oldest_age_s=0.1,
    next_loss_s=239.9,
    last_accepted_at=NOW,
    last_delivered_at=NOW,
    rates=Rates(4.0, 4.0),
    latency=Latency(0.01, 0.02, 0.03),
    capacity=Capacity(durability="memory", queue_payloads=1, queue_max_payloads=2_000_000),
    brokers=(),
    partitions=(),
)
SAVED = {
    "id": "6a0c8f6e-6f3e-4f9e-9f37-5f5c2f6a1d11",
    "revision": 3,
    "connection_type": "kafka_sasl_ssl",
    "broker_url": "kafka-1:9093,kafka-2:9093",
    "topic": "insights",
    "broker_username": "insights-p",
    "sasl_mechanism": "SCRAM-SHA-512",
}


@dataclass
class Request:
    """What a client asked."""

    method: str
    path: str
    kind: str | None
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = tuple[int, bytes]


@dataclass
class FakeAgent:
    """Answers from `answers`, keyed by method and path without the query; 404 for what it does not know."""

    socket: Path
    answers: dict[str, Answer | Callable[[Request], Answer]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def says(self, call: str, body: object = None, *, status: int = 200) -> None:
        self.answers[call] = (status, b"" if body is None else msgspec.json.encode(body))

    def shows(self, snapshot: Snapshot = CONNECTED, **changes: Any) -> None:
        self.says("GET /v1/snapshot", replace(snapshot, **changes))

    def refuses(self, call: str, *codes: str, status: int = 422) -> None:
        errors = [
            {"code": code, "message": f"{code} is wrong.", "hint": f"mend {code}.", "field": None} for code in codes
        ]
        self.says(call, {"error": errors[0]} if len(errors) == 1 else {"errors": errors}, status=status)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    agent: FakeAgent

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news, and would be told in the midst of another test."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # passed on as it came


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        request = Request(self.command, self.path, self.headers.get("Content-Type"), self.rfile.read(length))
        agent = self.server.agent
        agent.requests.append(request)
        answer = agent.answers.get(f"{request.method} {request.path.partition('?')[0]}")
        if answer is None:
            answer = (404, b'{"error": {"code": "not_found", "message": "There is nothing here."}}')
        status, body = answer(request) if callable(answer) else answer
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names that BaseHTTPRequestHandler looks for

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def fake_agent(socket: Path) -> Iterator[FakeAgent]:
    """Serve until the block ends."""
    agent = FakeAgent(socket)
    with _Server(str(socket), _Handler) as server:
        server.agent = agent
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield agent
        finally:
            server.shutdown()
            thread.join()
