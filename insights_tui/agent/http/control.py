"""The control calls and health, in Starlette; the guards stand before it (`app.py`)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Literal, cast

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Match, Route

from insights_tui.agent.control import Control
from insights_tui.agent.http.answers import JSON_TYPE, NDJSON_TYPE, encode, error_body
from insights_tui.agent.http.app import INTERNAL, NOT_PLATFORM
from insights_tui.agent.http.asking import actor_of, choice, number, read_object
from insights_tui.agent.http.body import TooLargeError
from insights_tui.agent.http.limits import Limits
from insights_tui.agent.http.lost import lost_routes
from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.connection import ConnectionType, Secret
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.snapshot import Event

MAX_HISTORY_S = 300
_MASK = "********"
_FIELDS = {
    "topic",
    "broker_url",
    "connection_type",
    "sasl_mechanism",
    "broker_username",
    "broker_password",
    "ca_certificate",
}
_ANSWERED = {"id", "revision", "view", "hints"}
"""What our own answer holds beside the fields: read, changed and sent back, it is let pass."""


def make_control(control: Control, *, limits: Limits, stopping: asyncio.Event) -> Starlette:
    """Build the application; `stopping` ends the streams."""
    calls = _Calls(control, limits, stopping)
    connection = "/v1/admin/insights-connection"
    return Starlette(
        routes=[
            Route("/healthz", calls.health, methods=["GET"]),
            Route("/readyz", calls.ready, methods=["GET"]),
            Route("/metrics", calls.metrics, methods=["GET"]),
            Route("/v1/snapshot", calls.snapshot, methods=["GET"]),
            Route("/v1/events", calls.events, methods=["GET"]),
            Route(connection, calls.get_connection, methods=["GET"]),
            Route(connection, calls.post_connection, methods=["POST"]),
            Route(connection, calls.delete_connection, methods=["DELETE"]),
            Route("/v1/admin/test-payload", calls.test_payload, methods=["POST"]),
            *lost_routes(control, limits),
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
        source = _until(self._stopping, self._control.follow_events(after))
        return StreamingResponse(_lines(source), media_type=NDJSON_TYPE.decode())

    async def get_connection(self, _: Request) -> Response:
        saved = self._control.saved()
        if saved is None:
            error = FieldError("no_connection", "No connection is configured.", "Connect to Kafka first.")
            return _json(error_body((error,)), 404)
        return _json(_connection(saved))

    async def post_connection(self, request: Request) -> Response:
        check: Literal["require", "skip"] = (
            "require" if choice(request, "check", "skip", ("skip", "require")) == "require" else "skip"
        )
        form = _form(await read_object(request, self._limits))
        try:
            saved = await self._control.connect(form, check=check, actor=actor_of(request))
        except RefusedError as refused:
            raise RefusedError(
                tuple(_masked(error, form.broker_password) for error in refused.errors), status=refused.status
            ) from None
        return _json(_connection(saved))

    async def delete_connection(self, request: Request) -> Response:
        await self._control.disconnect(actor=actor_of(request))
        return Response(status_code=204)

    async def test_payload(self, request: Request) -> Response:
        await read_object(request, self._limits)
        return _json(encode(await self._control.test_payload(actor=actor_of(request))))


def _connection(saved: SavedConnection) -> bytes:
    # Fields that are not set are left out, as the original answers (contract.md §3).
    fields = msgspec.to_builtins(saved)
    return encode({name: value for name, value in fields.items() if value is not None})


def _form(body: dict[str, object]) -> ConnectionForm:
    errors = []
    given: dict[str, str] = {}
    for name, value in body.items():
        if name in _FIELDS:
            if isinstance(value, str):
                given[name] = value
            elif value is not None:
                errors.append(FieldError("invalid_type", f"{name} must be a string.", "Put it in quotes.", name))
        elif name not in _ANSWERED:
            known = ", ".join(sorted(_FIELDS))
            shown = name[:80]
            errors.append(FieldError("unknown_field", f"There is no field {shown!r}.", f"Known are {known}.", shown))
    if errors:
        raise RefusedError(tuple(errors[:50]), status=422)
    password = given.get("broker_password")
    return ConnectionForm(
        topic=given.get("topic", ""),
        broker_url=given.get("broker_url", ""),
        connection_type=given.get("connection_type", ConnectionType.PLAINTEXT.value),
        sasl_mechanism=given.get("sasl_mechanism"),
        broker_username=given.get("broker_username"),
        broker_password=None if password is None else Secret(password),
        ca_certificate=given.get("ca_certificate"),
    )


def _masked(error: FieldError, password: Secret | None) -> FieldError:
    """Take the password out of an error, wherever it came from."""
    clear = password.reveal() if password is not None else ""
    if not clear:
        return error
    message, hint = error.message.replace(clear, _MASK), error.hint.replace(clear, _MASK)
    return FieldError(error.code, message, hint, error.field)


async def _until(stopping: asyncio.Event, source: AsyncIterator[Event]) -> AsyncIterator[Event]:
    """Pass events on until the server stops."""
    stop = asyncio.ensure_future(stopping.wait())
    try:
        while True:
            following = asyncio.ensure_future(anext(source, None))
            try:
                await asyncio.wait((stop, following), return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not following.done():
                    following.cancel()
                    await asyncio.wait((following,))
            if following.cancelled() or (event := following.result()) is None:
                return
            yield event
    finally:
        stop.cancel()
        close = getattr(source, "aclose", None)
        if close is not None:
            await close()


async def _lines(events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    async for event in events:
        yield encode(event) + b"\n"
