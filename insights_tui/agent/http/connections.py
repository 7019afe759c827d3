"""The calls about the connection: tell, change, delete, check, and go back to an earlier one."""

import asyncio
from typing import Literal, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from insights_tui.agent.control import Control
from insights_tui.agent.http.answers import JSON_TYPE, encode, error_body
from insights_tui.agent.http.asking import actor_of, choice, number, read_object
from insights_tui.agent.http.forms import masked, read_form
from insights_tui.agent.http.limits import Limits
from insights_tui.agent.http.streaming import ndjson
from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.refused import FieldError, RefusedError

NO_CONNECTION = FieldError("no_connection", "No connection is configured.", "Connect to Kafka first.")
_CONNECTION = "/v1/admin/insights-connection"
_REVISIONS = "/v1/admin/connection-revisions"
_MOST = 10**18
_NOT_A_NUMBER = FieldError("no_revision", "A revision is a whole number.", f"List them with GET {_REVISIONS}.")


def connection_routes(control: Control, limits: Limits, stopping: asyncio.Event) -> list[Route]:
    """Give the routes about the connection."""
    calls = _Calls(control, limits, stopping)
    return [
        Route(_CONNECTION, calls.tell, methods=["GET"]),
        Route(_CONNECTION, calls.connect, methods=["POST"]),
        Route(_CONNECTION, calls.disconnect, methods=["DELETE"]),
        Route("/v1/admin/connection-check", calls.check, methods=["POST"]),
        Route(_REVISIONS, calls.revisions, methods=["GET"]),
        Route(f"{_REVISIONS}/{{revision}}", calls.go_back, methods=["POST"]),
    ]


class _Calls:
    def __init__(self, control: Control, limits: Limits, stopping: asyncio.Event) -> None:
        self._control = control
        self._limits = limits
        self._stopping = stopping

    async def tell(self, _: Request) -> Response:
        saved = self._control.saved()
        if saved is None:
            return _json(error_body((NO_CONNECTION,)), 404)
        return _json(_connection(saved))

    async def connect(self, request: Request) -> Response:
        check = _check(request, "skip")  # as the original's clients need it
        over = number(request, "over", _MOST) if "over" in request.query_params else None
        form = read_form(await read_object(request, self._limits))
        try:
            saved = await self._control.connect(form, check=check, actor=actor_of(request), over=over)
        except RefusedError as refused:
            raise masked(refused, form.broker_password) from None
        return _json(_connection(saved))

    async def disconnect(self, request: Request) -> Response:
        await self._control.disconnect(actor=actor_of(request))
        return Response(status_code=204)

    async def check(self, request: Request) -> Response:
        body = await read_object(request, self._limits)
        form = read_form(body) if body else None
        try:
            steps = self._control.check(form)
        except RefusedError as refused:
            raise masked(refused, form.broker_password if form is not None else None) from None
        return ndjson(steps, self._stopping)

    async def revisions(self, _: Request) -> Response:
        return _json(encode({"revisions": self._control.revisions()}))

    async def go_back(self, request: Request) -> Response:
        check = _check(request, "require")
        await read_object(request, self._limits)
        text = request.path_params["revision"]
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise RefusedError((_NOT_A_NUMBER,), status=404)
        return _json(_connection(await self._control.go_back(int(text), check=check, actor=actor_of(request))))


def _check(request: Request, default: str) -> Literal["require", "skip"]:
    return cast("Literal['require', 'skip']", choice(request, "check", default, ("skip", "require")))


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type=JSON_TYPE.decode())


def _connection(saved: SavedConnection) -> bytes:
    # Fields that are not set are left out, as the original answers (contract.md §3).
    fields = msgspec.to_builtins(saved)
    return encode({name: value for name, value in fields.items() if value is not None})
