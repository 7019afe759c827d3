"""Answers that grow end cleanly at whatever moment their client goes."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from insights_tui.agent.http.streaming import until


class Source:
    """Gives one item, then takes its time to end."""

    def __init__(self) -> None:
        self.waiting, self.ending, self.may_end = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.closed = False

    async def items(self) -> AsyncIterator[int]:
        try:
            yield 1
            self.waiting.set()
            await asyncio.Event().wait()
        finally:
            self.ending.set()
            await self.may_end.wait()
            self.closed = True


async def _read(items: AsyncIterator[int]) -> list[int]:
    return [item async for item in items]


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_client_that_goes_while_its_stream_is_ending_leaves_nothing_running(times: int) -> None:
    source = Source()
    reading = asyncio.ensure_future(_read(until(asyncio.Event(), source.items())))
    await source.waiting.wait()
    reading.cancel()
    await source.ending.wait()
    for _ in range(times - 1):
        reading.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    source.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert source.closed


async def test_a_server_that_stops_ends_the_stream() -> None:
    source, stopping = Source(), asyncio.Event()
    source.may_end.set()
    reading = asyncio.ensure_future(_read(until(stopping, source.items())))
    await source.waiting.wait()
    stopping.set()
    assert await reading == [1]
    assert source.closed
