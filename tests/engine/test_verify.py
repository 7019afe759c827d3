"""Verifying a connection: an answer or a cause, in time, and nothing left behind."""

import asyncio
import socket
from typing import Any

import pytest

from insights_tui.domain.connection import Connection, Server
from insights_tui.domain.trouble import Code
from insights_tui.kafka import dial as dialling
from insights_tui.kafka.cause import StageError
from insights_tui.kafka.dial import dial
from insights_tui.kafka.verify import KafkaTroubleError, verify
from tests.engine.waiting import until
from tests.fakes.broker import FakeCluster


async def test_tells_what_the_topic_is_like_and_creates_nothing() -> None:
    async with FakeCluster(3) as cluster:
        cluster.create("insights", 6)
        seen = await verify(cluster.connection(), timeout_s=5)
        assert (seen.topic, seen.partitions, seen.led, seen.replicas) == ("insights", 6, 6, 3)
        assert set(seen.brokers) == {broker.server for broker in cluster.brokers}
        assert cluster.creations == 0
        await until(lambda: not any(broker.open_connections for broker in cluster.brokers))


async def test_a_missing_topic_and_a_forbidden_one_are_told_apart() -> None:
    async with FakeCluster() as cluster:
        with pytest.raises(KafkaTroubleError) as failure:
            await verify(cluster.connection(), timeout_s=5)
        assert failure.value.trouble.code is Code.TOPIC_MISSING
        cluster.metadata_code = 29
        with pytest.raises(KafkaTroubleError) as failure:
            await verify(cluster.connection(), timeout_s=5)
        assert failure.value.trouble.code is Code.NOT_AUTHORIZED
        await until(lambda: not cluster.brokers[0].open_connections)


async def test_one_server_that_answers_is_enough_wherever_it_stands_in_the_list() -> None:
    async with FakeCluster(1) as cluster, FakeCluster() as silent:
        cluster.create("insights")
        silent.brokers[0].mood = "silent"
        servers = (silent.brokers[0].server, Server("127.0.0.1", closed_port()), cluster.brokers[0].server)
        assert (await verify(Connection("insights", servers), timeout_s=10)).partitions == 1
        await until(lambda: not silent.brokers[0].open_connections)


async def test_a_silent_server_ends_with_a_cause_within_the_time() -> None:
    async with FakeCluster() as cluster:
        cluster.brokers[0].mood = "silent"
        async with asyncio.timeout(20):
            with pytest.raises(KafkaTroubleError) as failure:
                await verify(cluster.connection(), timeout_s=1.5)
        assert failure.value.trouble.code is Code.KAFKA_UNREACHABLE
        assert "does not answer as Kafka" in failure.value.trouble.what
        await until(lambda: not cluster.brokers[0].open_connections)


async def test_called_off_in_the_middle_leaves_nothing() -> None:
    async with FakeCluster() as cluster:
        cluster.brokers[0].mood = "silent"
        task = asyncio.create_task(verify(cluster.connection(), timeout_s=30))
        await until(lambda: cluster.brokers[0].open_connections)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: not cluster.brokers[0].open_connections)


async def test_leaders_that_cannot_be_reached_are_named_with_their_advertised_address() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        cluster.brokers[0].advertised = Server("127.0.0.1", closed_port())
        with pytest.raises(KafkaTroubleError) as failure:
            await verify(cluster.connection(), timeout_s=5)
        assert failure.value.trouble.code is Code.BROKER_UNREACHABLE
        assert "which broker 1 advertises" in failure.value.trouble.what


@pytest.mark.parametrize(
    ("host", "code"), [("x" * 70 + ".test", Code.NAME_NOT_RESOLVED), ("no-such-name.invalid", Code.NAME_NOT_RESOLVED)]
)
async def test_names_that_lead_nowhere(host: str, code: Code) -> None:
    with pytest.raises(KafkaTroubleError) as failure:
        await verify(Connection("insights", (Server(host, 9092),)), timeout_s=10)
    assert failure.value.trouble.code is code
    assert host in failure.value.trouble.what


@pytest.mark.parametrize(
    "greeting",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff\xff\xff\xff", b"\0\0\0\4abcd", b"\0\0\0\x14" + b"x" * 20],
)
async def test_a_port_that_is_not_kafkas_is_told(greeting: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        while await reader.read(1000):
            pass
        writer.close()
        gone.set()

    gone = asyncio.Event()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(KafkaTroubleError) as failure:
            await verify(Connection("insights", (Server("127.0.0.1", port),)), timeout_s=2)
        await gone.wait()
    assert failure.value.trouble.code in (Code.KAFKA_UNREACHABLE, Code.TLS_FAILED)
    assert ("HTTP" in failure.value.trouble.what) == greeting.startswith(b"HTTP")


async def test_a_dead_address_before_a_live_one_costs_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeCluster() as cluster:
        live = (socket.AF_INET, ("127.0.0.1", cluster.brokers[0].port))
        dead = (socket.AF_INET, ("127.0.0.1", 1))
        reach = dialling._reach

        async def hanging(address: dialling.Address) -> socket.socket:
            if address == dead:
                await asyncio.Event().wait()
            return await reach(address)

        async def two(*_: object) -> list[dialling.Address]:
            return [dead, live]

        monkeypatch.setattr(dialling, "_reach", hanging)
        monkeypatch.setattr(dialling, "resolve", two)
        sock = await dial(Server("two-addresses", 9092), timeout_s=20)
        assert sock.getpeername()[1] == cluster.brokers[0].port
        sock.close()


async def test_a_resolver_that_hangs_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()

    def hanging(_: Server) -> "asyncio.Future[list[Any]]":
        nonlocal asked
        asked += 1
        return answer

    monkeypatch.setattr(dialling, "_look_up", hanging)
    for _ in range(3):
        with pytest.raises(StageError) as failure:
            await dial(Server("slow-name", 9092), timeout_s=0.02)
        assert failure.value.stage == "dns"
    assert asked == 1
    answer.set_result([])
    await until(lambda: not dialling._lookups)


def test_a_lookup_that_outlives_its_loop_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: Server) -> "asyncio.Future[list[Any]]":
        return asyncio.get_running_loop().create_future()

    async def ask() -> None:
        with pytest.raises(StageError):
            await dial(Server("slow-name", 9092), timeout_s=0.01)

    monkeypatch.setattr(dialling, "_look_up", never)
    for _ in range(3):
        asyncio.run(ask())
    assert len(dialling._lookups) == 1


def closed_port() -> int:
    """Find a port where nothing listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
