"""A check ends, whatever it meets and whoever stops it; what servers say is never trusted."""

import asyncio
import contextlib
import socket
import ssl
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from insights_tui.delivery.settings import DeliverySettings
from insights_tui.domain.check import CheckStep, CheckVerdict, Role, Step
from insights_tui.domain.connection import Connection, Server
from insights_tui.kafka.check import CheckLimits, check
from insights_tui.kafka.check.questions import TopicQuestion
from tests.check.running import PATIENT, ours, run_check
from tests.check.servers import blackhole, server_context, serving, silent
from tests.engine.waiting import until
from tests.fakes.broker import FakeCluster
from tests.kafka_cluster.certificates import Authority


def hanging(cluster: FakeCluster, dropped: Server, mute: Server) -> Connection:
    return Connection("insights", (*(broker.server for broker in cluster.brokers), dropped, mute))


@pytest.mark.parametrize("count", [0, 1, 5, 12, 17])
async def test_closing_the_generator_lets_go_of_everything(count: int) -> None:
    with blackhole() as dropped:
        async with FakeCluster(2) as cluster, serving(silent) as mute:
            cluster.create("insights", 2)
            steps = check(hanging(cluster, dropped, mute), now=datetime.now(UTC))
            for _ in range(count):
                assert isinstance(await anext(steps), CheckStep)
            await steps.aclose()
            assert not ours()
            await until(lambda: not any(broker.open_connections for broker in cluster.brokers))


@pytest.mark.parametrize("step", list(Step)[:-2])
async def test_cancelling_who_reads_lets_go_of_everything(step: Step, authority_context: ssl.SSLContext) -> None:
    with blackhole() as dropped:
        async with FakeCluster(2) as cluster, serving(silent) as mute, serving(silent, authority_context) as encrypted:
            cluster.create("insights", 2)
            servers = (*hanging(cluster, dropped, mute).servers, encrypted)
            reached = asyncio.Event()

            async def read() -> None:
                async for item in check(Connection("insights", servers), now=datetime.now(UTC)):
                    if isinstance(item, CheckStep) and item.step is step:
                        reached.set()

            reading = asyncio.create_task(read())
            await reached.wait()
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            assert not ours()
            await until(lambda: not any(broker.open_connections for broker in cluster.brokers))


@pytest.fixture
def authority_context(tmp_path: Path) -> ssl.SSLContext:
    return server_context(Authority.create("check test CA"), tmp_path)


async def test_the_whole_ends_though_every_step_would_go_on() -> None:
    async with serving(silent) as mute:
        told = await run_check(Connection("insights", (mute,)), limits=replace(PATIENT, total_s=1, look_s=0.1))
    assert told.failure.step is Step.API


async def test_an_answer_that_is_too_large_is_not_read() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights", 2000)
        told = await run_check(cluster.connection(), limits=replace(PATIENT, answer_bytes=10_000))
    assert told.failure.step is Step.METADATA
    assert told.verdict.code is not None


@pytest.mark.parametrize(
    "host", ["evil\x1b[31m\r\n", "nul\0byte", "x" * 30_000, "", "\u202egnp.exe", "a" * 64 + ".test", "-", "::g"]
)
async def test_whatever_a_cluster_advertises_is_told_and_harms_nobody(host: str) -> None:
    async with FakeCluster(2) as cluster:
        cluster.create("insights")
        cluster.brokers[1].advertised = Server(host, 9092)
        cluster.id = "id\x1b]0;owned\x07"
        told = await run_check(Connection("insights", (cluster.brokers[0].server,)))
    assert told.failure.role is Role.MEMBER
    assert told.failure.step is Step.DNS
    assert told.verdict.failed == 1


@pytest.mark.parametrize("port", [0, -1, 65_536, 2**31 - 1])
async def test_a_port_that_is_none(port: int) -> None:
    async with FakeCluster(2) as cluster:
        cluster.create("insights")
        cluster.brokers[1].advertised = Server("localhost", port)
        told = await run_check(Connection("insights", (cluster.brokers[0].server,)))
    assert told.failure.step is Step.DNS


async def test_no_more_servers_than_the_limit_are_tried() -> None:
    async with FakeCluster(8) as cluster:
        cluster.create("insights")
        told = await run_check(Connection("insights", (cluster.brokers[0].server,)), limits=replace(PATIENT, servers=3))
        assert sum(broker.connections for broker in cluster.brokers) <= 3
    assert told.verdict.servers <= 3


async def test_steps_are_told_as_they_end() -> None:
    async with FakeCluster() as cluster, serving(silent) as mute:
        cluster.create("insights")
        steps = check(Connection("insights", (mute, cluster.brokers[0].server)), now=datetime.now(UTC))
        async for item in steps:
            if isinstance(item, CheckStep) and item.step is Step.WRITE:
                break
            assert not isinstance(item, CheckVerdict), "the verdict is the last"
        await steps.aclose()


def test_the_batch_that_the_hint_speaks_of_is_the_engines() -> None:
    assert CheckLimits().batch_bytes == DeliverySettings().batch_bytes


@pytest.mark.parametrize("highest", [4, 5, 8, 13])
def test_no_version_of_the_question_creates_a_topic(highest: int) -> None:
    asked = TopicQuestion("t").prepare({3: (0, highest)})
    assert min(highest, 8) == asked.API_VERSION if highest >= 8 else highest
    assert asked.allow_auto_topic_creation is False
    again = type(asked).decode(asked.encode())
    assert again.to_object()["topics"] == ["t"]


async def test_names_that_hang_hold_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    over, real = threading.Event(), socket.getaddrinfo

    def hang(host: str, *args: Any, **kwargs: Any) -> list[Any]:
        if host.endswith(".invalid"):
            over.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return list(real(host, *args, **kwargs))

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        async with FakeCluster() as cluster:
            cluster.create("insights")
            alive = cluster.brokers[0].advertised = Server("localhost", cluster.brokers[0].port)
            hanging = tuple(Server(f"kafka-{number}.invalid", 9092) for number in range(20))
            told = await run_check(Connection("insights", (*hanging, alive)), limits=replace(PATIENT, dns_s=1.5))
    finally:
        over.set()
    assert {step.server for step in told.failures()} == {str(server) for server in hanging}
    assert told.failures()[0].cause == "The name kafka-0.invalid cannot be resolved, as DNS does not answer."
    assert told.failures()[0].fix.startswith("Check this machine's DNS")
