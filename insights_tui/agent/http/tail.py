"""`GET /v1/tail`: payloads as they go by, a line each."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from insights_tui.agent.control import Control
from insights_tui.agent.http.answers import NDJSON_TYPE, encode, error_body
from insights_tui.agent.http.asking import choice, number
from insights_tui.agent.http.streaming import until
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.tail import MAX_COUNT, MAX_PER_S, Source, TailAsked, Tailed

_YES = {"1", "true"}
_SWITCH = ("0", "1", "false", "true")


def tail_routes(control: Control, stopping: asyncio.Event) -> list[Route]:
    """Give the route; `stopping` ends what follows."""

    async def tail(request: Request) -> StreamingResponse:
        asked = TailAsked(
            source=cast("Source", choice(request, "source", "topic", ("topic", "accepted"))),
            count=number(request, "count", MAX_COUNT, default=TailAsked().count),
            follow=choice(request, "follow", "0", _SWITCH) in _YES,
            values=choice(request, "values", "0", _SWITCH) in _YES,
            per_s=max(1, number(request, "per_s", MAX_PER_S, default=MAX_PER_S)),
        )
        rounds = control.tail(asked)
        first = await anext(rounds, ())  # a tail that cannot begin is refused with its status
        lines = _lines(until(stopping, _after(first, rounds)))
        return StreamingResponse(lines, media_type=NDJSON_TYPE.decode())

    return [Route("/v1/tail", tail, methods=["GET"])]


async def _after(
    first: Sequence[Tailed], rounds: AsyncIterator[Sequence[Tailed]]
) -> AsyncIterator[Sequence[Tailed] | RefusedError]:
    """Give the first group and the others; what ends them comes last, as an item."""
    try:
        yield first
        async for each in rounds:
            yield each
    except RefusedError as refused:
        yield refused
    finally:
        close = getattr(rounds, "aclose", None)
        if close is not None:
            await close()


async def _lines(rounds: AsyncIterator[Sequence[Tailed] | RefusedError]) -> AsyncIterator[bytes]:
    async for each in rounds:
        if isinstance(each, RefusedError):
            yield error_body(each.errors) + b"\n"
        elif each:
            yield b"".join(encode(tailed) + b"\n" for tailed in each)
