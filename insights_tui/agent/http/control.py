"""The control calls and health, in Starlette; the guards stand before it (`app.py`)."""

import asyncio
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from insights_tui.agent.control import Control
from insights_tui.agent.http.algorithms import algorithm_routes
from insights_tui.agent.http.answers import JSON_TYPE, NDJSON_TYPE, encode, error_body
from insights_tui.agent.http.app import INTERNAL, NOT_PLATFORM
from insights_tui.agent.http.asking import actor_of, choice, number, read_object
from insights_tui.agent.http.body import TooLargeError
from insights_tui.agent.http.connections import connection_routes
from insights_tui.agent.http.limits import Limits
from insights_tui.agent.http.lost import lost_routes
from insights_tui.agent.http.streaming import ndjson
from insights_tui.agent.http.tail import tail_routes
from insights_tui.domain.refused import FieldError, RefusedError

MAX_HISTORY_S = 300


def make_control(control: Control, *, limits: Limits, stopping: asyncio.Event) -> Starlette:
    """Build the application; `stopping` ends the streams."""
    calls = _Calls(control, limits, stopping)
    return Starlette(
        routes=[
            Route("/healthz", calls.health, methods=["GET"]),
            Route("/readyz", calls.ready, methods=["GET"]),
            Route("/metrics", calls.metrics, methods=["GET"]),
            Route("/v1/snapshot", calls.snapshot, methods=["GET"]),
            Route("/v1/events", calls.events, methods=["GET"]),
            *connection_routes(control, limits, stopping),
            Route("/v1/admin/test-payload", calls.test_payload, methods=["POST"]),
            *lost_routes(control, limits),
            *algorithm_routes(control, limits),
            *tail_routes(control, stopping),
        ],
        exception_handlers={
            HTTPException: _http_error,
            RefusedError: _refused,
            TooLargeError: _too_large,
            Exception: _failed,
        },
    )


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type=JSON_TYPE.decode())


async def _refused(_: Request, error: Exception) -> Response:
    error = cast("RefusedError", error)
    return _json(error_body(error.errors), error.status)


async def _too_large(_: Request, error: Exception) -> Response:
    error = cast("TooLargeError", error)
    return _json(error_body((error.error,)), 413)


async def _failed(_: Request, __: Exception) -> Response:
    return _json(error_body((INTERNAL,)), 500)  # Starlette raises it again, and `app.py` logs it


async def _http_error(request: Request, error: Exception) -> Response:
    error = cast("HTTPException", error)
    if error.status_code == 405:
        allow = _methods(request)
        wrong = FieldError("method_not_allowed", "This path does not know that method.", f"Use {allow}.")
        response = _json(error_body((wrong,)), 405)
        response.headers["Allow"] = allow
        return response
    return _json(error_body((NOT_PLATFORM,)), error.status_code)


def _methods(request: Request) -> str:
    known: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            known |= route.methods or set()
    return ", ".join(sorted(known))


class _Calls:
    def __init__(self, control: Control, limits: Limits, stopping: asyncio.Event) -> None:
        self._control = control
        self._limits = limits
        self._stopping = stopping

    async def health(self, _: Request) -> Response:
        return _json(b'{"status":"ok"}')

    async def ready(self, _: Request) -> Response:
        why = self._control.ready()
        if why is None:
            return _json(b'{"status":"ready"}')
        return _json(error_body((FieldError("not_ready", why, "See insights-tui status."),)), 503)

    async def metrics(self, request: Request) -> Response:
        body, content_type = self._control.metrics(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": content_type})

    async def snapshot(self, request: Request) -> Response:
        return _json(encode(self._control.snapshot(number(request, "history", MAX_HISTORY_S))))

    async def events(self, request: Request) -> Response:
        after = number(request, "after", 2**63)
        if choice(request, "follow", "0", ("0", "1", "false", "true")) in {"0", "false"}:
            lines = b"".join(encode(event) + b"\n" for event in self._control.events(after))
            return Response(lines, media_type=NDJSON_TYPE.decode())
        return ndjson(self._control.follow_events(after), self._stopping)

    async def test_payload(self, request: Request) -> Response:
        await read_object(request, self._limits)
        return _json(encode(await self._control.test_payload(actor=actor_of(request))))
