"""The calls about algorithms: which report, and Insights on or off."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from insights_tui.agent.control import Control
from insights_tui.agent.http.answers import JSON_TYPE, encode, error_body
from insights_tui.agent.http.asking import actor_of, choice, number, read_object
from insights_tui.agent.http.limits import Limits
from insights_tui.domain.algorithms import Which, read_switch, read_which
from insights_tui.domain.refused import FieldError, RefusedError

MAX_PAGE = 10_000
MAX_METRICS_PAGE = 1000
"""Versions of a page that holds their metrics: up to 100 of each."""
_SEND = 'Send {"insights_enabled": true} or false; null follows the default again.'
_UNKNOWN = FieldError(
    "unknown_algorithm",
    "No such version has reported, and nobody turned it on or off.",
    "List them with GET /v1/admin/algorithms.",
)


def algorithm_routes(control: Control, limits: Limits) -> list[Route]:
    """Give the routes below `/v1/admin/algorithms`."""
    calls = _Calls(control, limits)
    root = "/v1/admin/algorithms"
    one, version = root + "/{owner}/{name}", root + "/{owner}/{name}/{version}"
    return [
        Route(root, calls.listed, methods=["GET"]),
        Route(root, calls.switch, methods=["PUT"]),
        Route(one, calls.listed, methods=["GET"]),
        Route(one, calls.switch, methods=["PUT"]),
        Route(version, calls.one, methods=["GET"]),
        Route(version, calls.switch, methods=["PUT"]),
    ]


class _Calls:
    def __init__(self, control: Control, limits: Limits) -> None:
        self._control = control
        self._limits = limits

    async def listed(self, request: Request) -> Response:
        asked = request.query_params
        if "version" in asked and not request.path_params:  # names that a path cannot hold
            return await self._told(asked)
        metrics = choice(request, "metrics", "0", ("0", "1", "false", "true")) in {"1", "true"}
        found = await self._control.algorithms(
            request.path_params.get("owner"),
            request.path_params.get("name"),
            metrics=metrics,
            limit=max(1, number(request, "limit", MAX_METRICS_PAGE if metrics else MAX_PAGE, default=1000)),
        )
        return _json(encode(found))

    async def one(self, request: Request) -> Response:
        return await self._told(request.path_params)

    async def _told(self, names: Mapping[str, str]) -> Response:
        found = await self._control.algorithm(_which(names))
        return _json(encode(found)) if found is not None else _json(error_body((_UNKNOWN,)), 404)

    async def switch(self, request: Request) -> Response:
        body = await read_object(request, self._limits)
        path = request.path_params
        try:
            which, on = read_switch(body, _which(path) if path else None)
        except ValueError as error:
            raise RefusedError((FieldError("invalid_switch", str(error), _SEND, "insights_enabled"),)) from None
        return _json(encode(await self._control.switch(which, on=on, actor=actor_of(request))))


def _which(path: Mapping[str, str]) -> Which:
    try:
        return read_which(path.get("owner"), path.get("name"), path.get("version"))
    except ValueError as error:
        raise RefusedError((FieldError("invalid_algorithm", str(error), "Name OWNER/NAME[/VERSION]."),)) from None


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type=JSON_TYPE.decode())
