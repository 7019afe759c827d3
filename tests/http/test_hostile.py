"""Clients that break the rules, on raw sockets, on both event loops."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from insights_tui.agent.http import listener
from insights_tui.agent.http.limits import Limits
from insights_tui.domain.outcome import Refusal
from tests.http.conftest import Serve, Served
from tests.http.contract import check_value
from tests.http.fakes import an_event

LINE = b"POST /v1/insights HTTP/1.1\r\n"
HEAD = LINE + b"Host: localhost\r\nContent-Type: application/json\r\n"
GOOD = HEAD + b'Content-Length: 7\r\n\r\n{"a":1}'
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
FOREIGN = (
    *("evil.example", "evil.example:9000", "localhost.evil.example", "10.0.0.1", "[::2]:80", "0.0.0.1", "[::1"),
    *("localhost:99999", "localhost:x", "", "127.0.0.1@evil", "l\xf6calhost", "localhost, evil"),
)
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(autouse=True)
def quick_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "SWEEP_S", 0.02)


@asynccontextmanager
async def connected(served: Served, *, unix: bool = False) -> AsyncIterator[Pair]:
    async with asyncio.timeout(20):
        if unix:
            reader, writer = await asyncio.open_unix_connection(str(served.path))
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        try:
            yield reader, writer
        finally:
            writer.close()


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Read one whole answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    return int(head[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"]))


async def said(served: Served, request: bytes, *, unix: bool = False) -> list[int]:
    """Send bytes, then the end; give the status of every answer until the other side ends."""
    async with connected(served, unix=unix) as (reader, writer):
        writer.write(request)
        writer.write_eof()
        return await statuses(reader)


async def statuses(reader: asyncio.StreamReader) -> list[int]:
    found: list[int] = []
    while not reader.at_eof():
        try:
            status, headers, body = await answer(reader)
        except asyncio.IncompleteReadError as end:
            half = end.partial
            break
        assert headers["content-type"] == "application/json"
        json.loads(body)
        found.append(status)
    else:
        half = b""
    assert half == b"", "half an answer"
    return found


async def still_serves(served: Served) -> None:
    before = len(served.ingest.drafts)
    async with connected(served) as (reader, writer):
        writer.write(GOOD)
        assert (await answer(reader))[0] == 200
    assert len(served.ingest.drafts) == before + 1


@pytest.mark.parametrize(
    ("start", "drip"),
    [(LINE, b"X-A: b\r\n"), (HEAD + b"X-Long: ", b"x"), (b"", b"\r\n"), (HEAD + b"Content-Length: 100\r\n\r\n", b" ")],
    ids=["headers", "one header", "empty lines", "body"],
)
async def test_a_client_that_drips_bytes_is_cut(serve: Serve, start: bytes, drip: bytes) -> None:
    served = await serve(limits=Limits(head_s=0.2, body_s=0.2))
    async with connected(served) as (reader, writer):
        writer.write(start)
        reading = asyncio.ensure_future(answer(reader))
        while not reading.done():
            writer.write(drip)
            await asyncio.wait((reading,), timeout=0.01)
        status, headers, _ = await reading
        assert (status, headers["connection"]) == (408, "close")
        assert await reader.read() == b""
    assert not served.ingest.drafts
    assert served.ingest.refusals == {Refusal.INVALID: 1}


async def test_a_silent_connection_is_closed_and_was_no_payload(serve: Serve) -> None:
    served = await serve(limits=Limits(head_s=0.1))
    async with connected(served) as (reader, _):
        assert await statuses(reader) == [408]
    assert served.ingest.refusals == {}


async def test_a_slow_body_that_keeps_coming_is_waited_for(serve: Serve) -> None:
    served = await serve(limits=Limits(body_s=0.2, slow_bytes=100))
    body = b'{"a":1' + b" " * 2000 + b"}"
    async with connected(served) as (reader, writer):
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 50):  # some 0.4 s in all
            writer.write(body[start : start + 50])
            await asyncio.sleep(0.01)
        assert (await answer(reader))[0] == 200


async def test_an_unused_connection_is_closed_after_its_time(serve: Serve) -> None:
    served = await serve(limits=Limits(keep_alive_s=0))
    async with connected(served) as (reader, writer):
        writer.write(GOOD)
        assert (await answer(reader))[0] == 200
        assert await reader.read() == b""
    assert served.ingest.refusals == {}


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"X-Long: " + b"x" * 40_000 + b"\r\n",
        HEAD + b"x" * 40_000 + b": 1\r\n",
        HEAD + b"X-A: b\r\n" * 70,
        b"POST /" + b"v" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n",
    ],
    ids=["long value", "long name", "many", "long path"],
)
@pytest.mark.parametrize("piece", [1 << 20, 1000], ids=["at once", "in pieces"])
async def test_a_head_beyond_its_limit_is_refused(served: Served, head: bytes, piece: int) -> None:
    async with connected(served) as (reader, writer):
        whole = head + b"Content-Length: 2\r\n\r\n{}"
        for start in range(0, len(whole), piece):
            writer.write(whole[start : start + piece])
            await asyncio.sleep(0)
        assert (await answer(reader))[0] == 431
    assert served.ingest.refusals == {Refusal.INVALID: 1}
    await still_serves(served)


@pytest.mark.parametrize(
    "tail",
    [
        b"1;" + b"x" * 50_000 + b"\r\n \r\n0\r\n\r\n",
        b"1\r\n \r\n" * 10_000 + b"0\r\n\r\n",
        b"2\r\n{}\r\n0\r\n" + b"X-A: b\r\n" * 10_000 + b"\r\n",
    ],
    ids=["chunk extension", "tiny chunks", "trailers"],
)
async def test_what_comes_along_with_a_chunked_body_is_bounded_too(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tail: bytes
) -> None:
    monkeypatch.setattr(Limits, "max_wire_bytes", 20_000)
    served = await serve(limits=Limits(max_body_bytes=1000, max_batch_bytes=16_000))
    async with connected(served) as (reader, writer):
        for start in range(0, len(tail), 4000):  # what comes in one piece is bounded by what is read at a time
            writer.write((CHUNKED if start == 0 else b"") + tail[start : start + 4000])
            await asyncio.sleep(0.005)
        assert (await answer(reader))[0] == 413
    assert not served.ingest.drafts
    assert sum(served.ingest.refusals.values()) == 1
    await still_serves(served)


async def test_an_oversized_body_is_read_to_its_end_so_that_the_client_sees_the_answer(served: Served) -> None:
    body = b" " * (4 * 1024 * 1024)
    async with connected(served) as (reader, writer):
        for head, sent in (
            (HEAD + b"Content-Length: %d\r\n\r\n" % len(body), body),
            (CHUNKED, b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)),
        ):
            writer.write(head + sent)
            await writer.drain()
            assert (await answer(reader))[0] == 413
        writer.write(GOOD)
        assert (await answer(reader))[0] == 200
    assert served.ingest.refusals == {Refusal.TOO_LARGE: 2}


async def test_a_body_beyond_all_bounds_is_refused_by_its_length(served: Served) -> None:
    async with connected(served) as (reader, writer):
        writer.write(HEAD + b"Content-Length: 99999999999\r\n\r\n")
        status, headers, _ = await answer(reader)
        assert (status, headers["connection"]) == (413, "close")
        assert await reader.read() == b""
    assert served.ingest.refusals == {Refusal.TOO_LARGE: 1}


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/v1/insights", "/healthz", "/v1/snapshot", "/nothing"])
async def test_a_foreign_host_is_turned_away_on_every_path(served: Served, host: str, path: str) -> None:
    request = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
    assert await said(served, request.encode("latin-1")) == [421]
    assert not served.ingest.drafts
    assert served.ingest.refusals == ({Refusal.INVALID: 1} if path == "/v1/insights" else {})


@pytest.mark.parametrize(
    "hosts", [b"", b"Host: localhost\r\nHost: localhost\r\n", b"Host: evil\r\nHost: localhost\r\n"]
)
async def test_a_request_has_one_host(served: Served, hosts: bytes) -> None:
    request = LINE + hosts + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    assert await said(served, request) == [400]
    assert served.ingest.refusals == {Refusal.INVALID: 1}


async def test_loopback_and_allowed_hosts_are_let_in_and_the_socket_asks_for_none(serve: Serve) -> None:
    served = await serve(allowed_hosts=("agent.internal", "other:81"))
    for host in ("localhost", "LOCALHOST:9000", "127.0.0.1", "127.1.2.3:1", "[::1]:9000", "agent.internal",
                 "Agent.Internal:9000", "other:81"):  # fmt: skip
        request = GOOD.replace(b"Host: localhost", b"Host: " + host.encode())
        assert await said(served, request) == [200], host
    assert await said(served, GOOD.replace(b"Host: localhost", b"Host: other:82")) == [421]
    assert await said(served, GOOD.replace(b"Host: localhost\r\n", b""), unix=True) == [200]


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 300,
        b"GET\r\n\r\n",
        b"\x00" * 100,
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
        HEAD + b"Bad Header: x\r\n\r\n",
        HEAD + b"X: a\x00b\r\n\r\n",
        CHUNKED + b"zz\r\n",
        b"POST \xff/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST http:// HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"BREW /v1/insights HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n",
    ],
    ids=lambda value: value[-24:].decode("latin-1").encode("unicode_escape").decode(),
)
async def test_what_is_no_http_gets_one_json_error_and_the_end(
    served: Served, request_: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await said(served, request_) == [400]
    assert served.ingest.refusals == {Refusal.INVALID: 1}
    assert capfd.readouterr() == ("", "")
    await still_serves(served)


@pytest.mark.parametrize("upgrade", [b"websocket", b"h2c"])
async def test_an_upgrade_is_answered_as_if_it_had_not_been_asked_for(
    served: Served, upgrade: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: %b\r\n\r\n" % upgrade
    assert await said(served, request + b"\x81\x05hello") == [200]
    assert capfd.readouterr() == ("", "")


async def test_http_1_0_is_answered_and_closed(served: Served) -> None:
    async with connected(served) as (reader, writer):
        writer.write(GOOD.replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert await statuses(reader) == [200]


async def test_a_chunked_report_is_accepted_however_it_is_cut(served: Served) -> None:
    request = CHUNKED + b'3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\nX-Trailer: 1\r\n\r\n'
    async with connected(served) as (reader, writer):
        for byte in request:
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert (await answer(reader))[0] == 200
    assert check_value(served.ingest.drafts[0].value) == {"a": 1}


async def test_a_client_that_asks_first_is_told_to_go_on(served: Served) -> None:
    async with connected(served) as (reader, writer):
        writer.write(HEAD + b"Content-Length: 7\r\nExpect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b'{"a":1}')
        assert (await answer(reader))[0] == 200


async def test_pipelined_requests_are_answered_in_order(served: Served) -> None:
    bad = GOOD.replace(b'{"a":1}', b'{"a":x}')
    assert await said(served, GOOD + bad + GOOD + bad + GOOD) == [200, 400, 200, 400, 200]
    assert len(served.ingest.drafts) == 3


@pytest.mark.parametrize(
    "rubbish", [b"\x00\x01 rubbish\r\n\r\n", HEAD + b"X: " + b"x" * 40_000 + b"\r\n\r\n", CHUNKED + b"zz\r\n"]
)
async def test_rubbish_after_a_request_never_answers_for_it(served: Served, rubbish: bytes) -> None:
    """An error in front of the answer would tell the client that an accepted payload was refused."""
    served.ingest.gate = asyncio.Event()
    async with connected(served) as (reader, writer):
        writer.write(GOOD + rubbish)
        await served.ingest.entered.wait()
        served.ingest.gate.set()
        assert await statuses(reader) == [200]
    assert len(served.ingest.drafts) == 1


@pytest.mark.parametrize(
    "rest", [b"cation/x\r\n\r\n", b"POST /v1", HEAD, HEAD + b'Content-Length: 9\r\n\r\n{"a":1}', GOOD + b"\0\1\r\n\r\n"]
)
async def test_whatever_follows_a_whole_request_before_the_end_it_is_answered(served: Served, rest: bytes) -> None:
    """Its commit may end after the client has closed its half, and it counts: the client must hear of it."""
    served.ingest.gate = asyncio.Event()
    async with connected(served) as (reader, writer):
        writer.write(GOOD + rest)
        writer.write_eof()
        await served.ingest.entered.wait()
        await served.tcp.get("/healthz")  # the end has been seen by now
        served.ingest.gate.set()
        assert (await answer(reader))[0] == 200
        await reader.read()
    assert all(draft.value for draft in served.ingest.drafts)


async def test_half_a_body_is_never_accepted(served: Served) -> None:
    assert await said(served, HEAD + b'Content-Length: 9\r\n\r\n{"a":1}') == []
    assert not served.ingest.drafts
    assert served.ingest.refusals == {Refusal.INVALID: 1}
    await still_serves(served)


async def test_a_client_that_leaves_during_the_commit_harms_nobody(served: Served) -> None:
    served.ingest.gate = asyncio.Event()
    async with connected(served) as (_, writer):
        writer.write(GOOD)
        await served.ingest.entered.wait()
    served.ingest.gate.set()
    while not served.ingest.drafts:
        await asyncio.sleep(0.01)
    await still_serves(served)


async def test_more_connections_than_allowed_are_turned_away(serve: Serve) -> None:
    served = await serve(limits=Limits(max_connections=2))
    async with connected(served) as first, connected(served) as second:
        for reader, writer in (first, second):
            writer.write(GOOD)
            assert (await answer(reader))[0] == 200
        async with connected(served) as (reader, _):
            assert await statuses(reader) == [503]
        first[1].write(GOOD)
        assert (await answer(first[0]))[0] == 200
    while await said(served, GOOD) == [503]:  # until the server has seen that they are gone
        await asyncio.sleep(0.01)
    await still_serves(served)
    assert served.ingest.refusals == {}


async def test_a_client_that_does_not_read_is_cut(serve: Serve) -> None:
    served = await serve(limits=Limits(write_s=0.1))
    async with connected(served, unix=True) as (_, writer):
        writer.write(b"GET /v1/events?follow=1 HTTP/1.1\r\n\r\n")
        while not served.control.followers:
            await asyncio.sleep(0.01)
        while served.control.followers:
            served.control.more.put_nowait(an_event(9, "x" * 100_000))
            await asyncio.sleep(0.01)


async def test_mutated_requests_break_nothing(
    served: Served, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(20261122)  # noqa: S311  # not for secrets
    batch = GOOD.replace(b"/v1/insights", b"/v1/payloads").replace(b"/json", b"/x-ndjson")
    seeds = [GOOD, CHUNKED + b'7\r\n{"a":1}\r\n0\r\n\r\n', batch, b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"]
    for _ in range(300):
        request = bytearray(chance.choice(seeds) * chance.randint(1, 2))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(request))
            request[at : at + chance.randint(0, 4)] = chance.randbytes(chance.randint(0, 4))
        found = await said(served, bytes(request))
        assert all(200 <= status < 500 for status in found), bytes(request)
    for draft in served.ingest.drafts:
        check_value(draft.value, generated=False)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")
    await still_serves(served)
