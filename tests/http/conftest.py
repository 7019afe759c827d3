"""A server on a random port and a socket of its own, with the agent behind it faked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import uvloop

from insights_tui.agent.http.server import HttpServer, HttpSettings
from tests.http.fakes import FakeClock, FakeControl, FakeIngest


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run on uvloop as the agent does; what is about sockets runs on asyncio's own loop too."""
    both = {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}
    module = item.nodeid.partition("::")[0]
    return both if module.endswith(("test_hostile.py", "test_stop.py")) else {"uvloop": uvloop.new_event_loop}


@dataclass
class Served:
    server: HttpServer
    ingest: FakeIngest
    control: FakeControl
    clock: FakeClock
    tcp: httpx.AsyncClient
    unix: httpx.AsyncClient
    path: Path

    @property
    def port(self) -> int:
        assert self.server.url is not None
        return int(self.server.url.rpartition(":")[2])

    async def stop(self, grace_s: float = 1.0) -> None:
        await self.server.stop(grace_s)


Serve = Callable[..., Awaitable[Served]]


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    running: list[Served] = []

    async def start(**changes: object) -> Served:
        ingest, control, clock = FakeIngest(), FakeControl(), FakeClock()
        path = tmp_path / f"{len(running)}.sock"
        settings = replace(HttpSettings(path, "127.0.0.1:0"), **changes)  # type: ignore[arg-type]  # any field
        server = HttpServer(settings, ingest, control, clock)
        await server.start()
        tcp = httpx.AsyncClient(base_url=server.url or "", trust_env=False)
        unix = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(path)), base_url="http://agent", trust_env=False
        )
        served = Served(server, ingest, control, clock, tcp, unix, path)
        running.append(served)
        return served

    yield start
    for served in running:
        await served.tcp.aclose()
        await served.unix.aclose()
        await served.stop()


@pytest.fixture
async def served(serve: Serve) -> Served:
    return await serve()
