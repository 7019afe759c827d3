"""Answers that grow: one JSON object a line, until there is no more, the client hangs up, or the server stops."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from starlette.responses import StreamingResponse

from insights_tui.agent.http.answers import NDJSON_TYPE, encode

T = TypeVar("T")


def ndjson(source: AsyncIterator[T], stopping: asyncio.Event) -> StreamingResponse:
    """Answer with a line for each item; `source` is closed when the answer ends, however it ends."""
    return StreamingResponse(_lines(until(stopping, source)), media_type=NDJSON_TYPE.decode())


async def until(stopping: asyncio.Event, source: AsyncIterator[T]) -> AsyncIterator[T]:
    """Pass items on until the server stops."""
    stop = asyncio.ensure_future(stopping.wait())
    try:
        while True:
            following = asyncio.ensure_future(anext(source, None))
            try:
                await asyncio.wait((stop, following), return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _ended(following)
            if following.cancelled() or (item := following.result()) is None:
                return
            yield item
    finally:
        stop.cancel()
        close = getattr(source, "aclose", None)
        if close is not None:
            await close()


async def _ended(task: asyncio.Future[T]) -> None:
    """Cancel a task and wait until it has ended, also where we are cancelled once more meanwhile.

    A server cancels twice: when the client hangs up, and when it stops. What still runs cannot be closed.
    """
    again: asyncio.CancelledError | None = None
    task.cancel()
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            again = error
    if again is not None:
        task.cancelled() or task.exception()  # nobody else asks for it
        raise again


async def _lines(items: AsyncIterator[T]) -> AsyncIterator[bytes]:
    async for item in items:
        yield encode(item) + b"\n"
