"""The tail over HTTP: what is asked reaches the agent, what ends it is told, and whoever hangs up is forgotten."""

import asyncio
from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from insights_tui.domain.connection import Secret
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.tail import TailAsked, Tailed
from tests.http.conftest import Serve, Served
from tests.http.test_control_api import codes

ONE = Tailed(datetime(2026, 11, 22, 12, tzinfo=UTC), "id-1", 12, 3, 7)
GONE = RefusedError((FieldError("topic_missing", "The topic is gone.", "Create it."),), status=502)


async def test_payloads_are_lines(served: Served) -> None:
    served.control.tailed = [ONE, ONE]
    answer = await served.unix.get("/v1/tail")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [msgspec.json.decode(line, type=Tailed) for line in answer.content.splitlines()] == [ONE, ONE]
    assert served.control.asked == [("tail", TailAsked())]


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("source=accepted&count=3&values=1", TailAsked("accepted", 3, values=True)),
        ("count=99999999&per_s=99999999", TailAsked(count=1000, per_s=4000)),
        ("count=0&per_s=0", TailAsked(count=0, per_s=1)),
    ],
)
async def test_every_wish_reaches_the_agent_within_bounds(served: Served, query: str, asked: TailAsked) -> None:
    assert (await served.unix.get(f"/v1/tail?{query}")).status_code == 200
    assert served.control.asked == [("tail", asked)]


@pytest.mark.parametrize("query", ["source=spool", "count=-1", "follow=yes", "values=2", "per_s=x"])
async def test_what_is_not_known_is_refused(served: Served, query: str) -> None:
    answer = await served.unix.get(f"/v1/tail?{query}")
    assert (answer.status_code, codes(answer)) == (400, ["invalid_query"])
    assert not served.control.asked


@pytest.mark.parametrize("follow", [0, 1])
async def test_a_tail_that_cannot_begin_has_the_status_of_why(served: Served, follow: int) -> None:
    served.control.error = GONE
    answer = await served.unix.get(f"/v1/tail?follow={follow}")
    assert (answer.status_code, codes(answer)) == (502, ["topic_missing"])


async def test_what_ends_a_tail_later_is_its_last_line(served: Served) -> None:
    served.control.tailed = [ONE]
    async with served.unix.stream("GET", "/v1/tail?follow=1") as answer:
        lines = answer.aiter_lines()
        assert "id-1" in await anext(lines)
        served.control.error = GONE
        served.control.groups.put_nowait([])
        assert msgspec.json.decode(await anext(lines))["error"]["code"] == "topic_missing"
        with pytest.raises(StopAsyncIteration):
            await anext(lines)


async def test_whoever_hangs_up_is_forgotten(served: Served) -> None:
    async with served.unix.stream("GET", "/v1/tail?follow=1") as answer:
        assert answer.status_code == 200
        assert served.control.followers == 1
    async with asyncio.timeout(10):
        while served.control.followers:
            await asyncio.sleep(0.01)


async def test_a_stopping_server_ends_it(served: Served) -> None:
    served.control.tailed = [ONE]
    async with served.unix.stream("GET", "/v1/tail?follow=1") as answer:
        lines = answer.aiter_lines()
        await anext(lines)
        await served.stop()
        with pytest.raises((StopAsyncIteration, httpx.RemoteProtocolError)):
            await anext(lines)
    assert not served.control.followers


async def test_it_is_control(serve: Serve) -> None:
    assert (await (await serve()).tcp.get("/v1/tail")).status_code == 403
    guarded = await serve(token=Secret("hush"))
    assert (await guarded.tcp.get("/v1/tail")).status_code == 401
