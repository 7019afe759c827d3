"""Stopping is bounded, whatever the clients do, and says the truth to those who wait."""

import asyncio
import logging
import signal
from dataclasses import replace

import pytest

from insights_tui.agent.http.server import HttpServer, HttpSettings
from tests.http.conftest import Serve, Served
from tests.http.fakes import FakeClock, FakeControl, FakeIngest
from tests.http.test_hostile import CHUNKED, GOOD, answer, connected, statuses


async def test_open_connections_do_not_hold_the_stop_up(served: Served) -> None:
    async with connected(served) as idle, connected(served) as half, connected(served) as body, connected(served):
        idle[1].write(GOOD)
        assert (await answer(idle[0]))[0] == 200
        half[1].write(GOOD[:20])
        body[1].write(CHUNKED + b"1\r\n{\r\n")
        async with asyncio.timeout(10):
            await served.stop(0.1)
        assert await idle[0].read() == b""


async def test_what_is_being_committed_may_finish(served: Served) -> None:
    served.ingest.gate = asyncio.Event()
    async with connected(served) as (reader, writer):
        writer.write(GOOD)
        await served.ingest.entered.wait()
        stopping = asyncio.ensure_future(served.stop(30.0))
        await asyncio.sleep(0)
        served.ingest.gate.set()
        status, headers, _ = await answer(reader)
        assert (status, headers["connection"]) == (200, "close")
        await stopping


async def test_a_commit_that_hangs_is_answered_in_doubt(served: Served, capfd: pytest.CaptureFixture[str]) -> None:
    served.ingest.gate = asyncio.Event()
    async with connected(served) as (reader, writer):
        writer.write(GOOD)
        await served.ingest.entered.wait()
        async with asyncio.timeout(10):
            await served.stop(0.05)
        assert await statuses(reader) == [503]
    assert served.ingest.refusals == {}  # it may have been accepted
    assert capfd.readouterr() == ("", "")


async def test_a_stopped_server_leaves_its_addresses_to_the_next(serve: Serve) -> None:
    served = await serve()
    assert served.server.url is not None
    port = served.port
    async with connected(served) as (reader, writer):
        writer.write(GOOD)
        await answer(reader)
        await served.stop()
    assert not served.path.exists()
    settings = replace(HttpSettings(served.path), listen=f"127.0.0.1:{port}")
    following = HttpServer(settings, FakeIngest(), FakeControl(), FakeClock())
    await following.start()
    assert following.url == served.server.url
    await served.stop()  # a second stop does nothing, above all not to the other's socket
    assert served.path.exists()
    await following.stop(0.1)


async def test_a_server_that_never_started_can_be_stopped(serve: Serve) -> None:
    served = await serve()
    unborn = HttpServer(HttpSettings(served.path), FakeIngest(), FakeControl(), FakeClock())
    await unborn.stop(0.1)
    assert served.path.exists()


async def test_signals_and_logging_are_left_alone(served: Served) -> None:
    assert signal.getsignal(signal.SIGINT) in {signal.default_int_handler, signal.SIG_DFL, _of_runner()}
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        assert logging.getLogger(name).handlers == []
        assert logging.getLogger(name).level == logging.NOTSET
    assert served.server.url is not None


def _of_runner() -> object:
    """asyncio.Runner has a handler of its own for Ctrl-C; it is a partial of a method of it."""
    found = signal.getsignal(signal.SIGINT)
    return found if getattr(getattr(found, "func", None), "__qualname__", "") == "Runner._on_sigint" else None
