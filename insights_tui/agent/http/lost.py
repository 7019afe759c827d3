"""The calls about lost payloads: list, look, send again, drop."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from insights_tui.agent.control import Control
from insights_tui.agent.http.answers import JSON_TYPE, NDJSON_TYPE, encode, error_body
from insights_tui.agent.http.asking import actor_of, choice, number, read_object
from insights_tui.agent.http.limits import Limits
from insights_tui.domain.lost import LostFilter, for_redrive, parse_ids, parse_reasons, parse_text, parse_time
from insights_tui.domain.refused import FieldError, RefusedError

T = TypeVar("T")

PAGE = 100
MAX_PAGE = 1000
MAX_VALUES_PAGE = 200
"""Lost payloads of a page that holds their values: 5 MB of the largest."""
_FILTER = ("reason", "since", "until", "id", "text")
_YES = {"1", "true"}
_SWITCH = ("0", "1", "false", "true")
_NOT_LOST = FieldError("not_lost", "No lost payload has this id.", "List them with GET /v1/lost?state=any.")
_WHICH = FieldError(
    "which", "Say which lost payloads to drop.", "Give reason, since, until or id; or all=true for every one of them."
)


def lost_routes(control: Control, limits: Limits) -> list[Route]:
    """Give the routes below `/v1/lost`."""
    calls = _Calls(control, limits)
    return [
        Route("/v1/lost", calls.listed, methods=["GET"]),
        Route("/v1/lost", calls.drop, methods=["DELETE"]),
        Route("/v1/lost/redrive", calls.redrive, methods=["POST"]),
        Route("/v1/lost/{id}", calls.one, methods=["GET"]),
    ]


class _Calls:
    def __init__(self, control: Control, limits: Limits) -> None:
        self._control = control
        self._limits = limits

    async def listed(self, request: Request) -> Response:
        _check_names(request.query_params.keys(), (*_FILTER, "late_acks", "state", "values", "after", "limit", "order"))
        values = choice(request, "values", "0", _SWITCH) in _YES
        late_acks = choice(request, "late_acks", "1", _SWITCH) in _YES
        found = await self._control.lost(
            _filter(_query(request), late_acks=late_acks),
            after=number(request, "after", 2**62),
            limit=max(1, number(request, "limit", MAX_VALUES_PAGE if values else MAX_PAGE, default=PAGE)),
            values=values,
            open_only=choice(request, "state", "open", ("open", "any")) == "open",
            newest_first=choice(request, "order", "oldest", ("oldest", "newest")) == "newest",
        )
        return Response(b"".join(encode(one) + b"\n" for one in found), media_type=NDJSON_TYPE.decode())

    async def one(self, request: Request) -> Response:
        found = await self._control.lost_payload(request.path_params["id"])
        if found is None:
            return _json(error_body((_NOT_LOST,)), 404)
        return _json(encode(found))

    async def redrive(self, request: Request) -> Response:
        body = await read_object(request, self._limits)
        _check_names(body, (*_FILTER, "all"))
        everything = _flag(body)
        given = _filter({name: _texts(name, body[name]) for name in _FILTER if body.get(name) is not None})
        which = _read("reason", lambda: for_redrive(given, everything=everything))
        return _json(encode(await self._control.redrive(which, actor=actor_of(request))))

    async def drop(self, request: Request) -> Response:
        _check_names(request.query_params.keys(), (*_FILTER, "all"))
        which = _filter(_query(request))
        if which.empty and choice(request, "all", "0", _SWITCH) not in _YES:
            raise RefusedError((_WHICH,), status=400)
        return _json(encode(await self._control.drop(which, actor=actor_of(request))))


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type=JSON_TYPE.decode())


def _query(request: Request) -> dict[str, list[str]]:
    query = request.query_params
    return {name: query.getlist(name) for name in _FILTER if name in query}


def _filter(given: Mapping[str, Sequence[str]], *, late_acks: bool = True) -> LostFilter:
    now = datetime.now(UTC)

    def time(name: str) -> datetime | None:
        texts = given.get(name)
        return _read(name, lambda: parse_time(texts[-1], now)) if texts else None

    return LostFilter(
        reasons=_read("reason", lambda: parse_reasons(given.get("reason", ()))),
        since=time("since"),
        until=time("until"),
        ids=_read("id", lambda: parse_ids(given.get("id", ()))),
        text=_read("text", lambda: parse_text(given["text"][-1])) if "text" in given else "",
        late_acks=late_acks,
    )


def _read(name: str, parse: Callable[[], T]) -> T:
    try:
        return parse()
    except ValueError as error:
        raise RefusedError((FieldError("invalid_filter", str(error), "", name),), status=400) from None


def _texts(name: str, value: object) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    named = [text for text in texts if isinstance(text, str)]
    if not texts or len(named) < len(texts):
        wrong = FieldError("invalid_type", f"{name} must be a string, or a list of them.", "Put it in quotes.", name)
        raise RefusedError((wrong,), status=422)
    return named


def _flag(body: Mapping[str, object]) -> bool:
    value = body.get("all", False)
    if not isinstance(value, bool):
        raise RefusedError((FieldError("invalid_type", "all must be true or false.", "", "all"),), status=422)
    return value


def _check_names(given: Iterable[str], known: Sequence[str]) -> None:
    """Refuse what is not known: a filter that is misspelled must not mean all."""
    for name in given:
        if name not in known:
            shown = name[:40]
            wrong = FieldError(
                "unknown_field", f"There is no field {shown!r}.", f"Known are {', '.join(known)}.", shown
            )
            raise RefusedError((wrong,), status=422)
