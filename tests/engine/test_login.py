"""Logins: one at a time, never faster than the gate lets them, whoever asks."""

import asyncio
import ssl
from pathlib import Path

import pytest

from insights_tui.domain.connection import Connection
from insights_tui.domain.trouble import Code
from insights_tui.kafka.cause import LoginHeldError
from insights_tui.kafka.gate import LoginGate
from insights_tui.kafka.verify import KafkaTroubleError, verify
from tests.engine.setup import drafts, running
from tests.engine.waiting import until
from tests.fakes.broker import FakeCluster
from tests.kafka_cluster.certificates import Authority


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create("engine test CA")


@pytest.fixture
def tls(authority: Authority, tmp_path: Path) -> ssl.SSLContext:
    pem = tmp_path / "server.pem"
    pem.write_bytes(authority.server_pem(("127.0.0.1",)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def trusting(cluster: FakeCluster, authority: Authority, password: str | None = None) -> Connection:
    return cluster.connection(ca_pem=authority.pem.decode(), password=password)


async def test_delivers_over_tls_after_a_login(tls: ssl.SSLContext, authority: Authority) -> None:
    async with FakeCluster(2, password="right", context=tls) as cluster:
        cluster.create("insights", 4)
        async with running(trusting(cluster, authority)) as run:
            await run.engine.accept(drafts(200))
            await until(lambda: run.delivered() == 200)
            assert (await run.engine.stop(1)).pending == 0
            await until(lambda: not any(broker.open_connections for broker in cluster.brokers))


async def test_a_wrong_password_is_named_tried_slowly_and_loses_nothing(
    tls: ssl.SSLContext, authority: Authority
) -> None:
    async with FakeCluster(5, password="right", context=tls) as cluster:
        cluster.create("insights", 5)
        wrong = trusting(cluster, authority, "wrong")
        async with running(wrong, login_backoff_s=0.2, login_backoff_cap_s=0.2) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: len(cluster.logins) >= 4)
            gaps = [later - first for first, later in zip(cluster.login_times, cluster.login_times[1:], strict=False)]
            assert min(gaps) > 0.2 * 0.8 - 0.02
            assert Code.AUTH_FAILED in run.codes()
            trouble = run.engine.status().troubles[0].trouble
            assert trouble.subject == "alice"
            assert "alice" in trouble.what
            assert run.engine.status().counts.queued == 10
            run.engine.use(trusting(cluster, authority))  # other credentials: at once
            await until(lambda: run.delivered() == 10)
            assert not run.codes()


async def test_a_password_that_is_rotated_under_way_makes_no_storm_of_logins(
    tls: ssl.SSLContext, authority: Authority
) -> None:
    async with FakeCluster(5, password="right", context=tls) as cluster:
        cluster.create("insights", 5)
        async with running(trusting(cluster, authority), login_backoff_s=0.3, login_backoff_cap_s=0.3) as run:
            await run.engine.accept(drafts(100))
            await until(lambda: run.delivered() == 100)
            await until(lambda: [broker.state for broker in run.engine.status().brokers] == ["up"] * 5)
            cluster.password = "rotated"
            cluster.logins.clear()
            cluster.login_times.clear()
            for broker in cluster.brokers:
                broker.cut()
            await run.engine.accept(drafts(100, "later"))
            await until(lambda: len(cluster.logins) >= 4)
            assert not any(cluster.logins)
            gaps = [later - first for first, later in zip(cluster.login_times, cluster.login_times[1:], strict=False)]
            assert min(gaps) > 0.3 * 0.8 - 0.02
            assert Code.AUTH_FAILED in run.codes()
            cluster.password = "right"
            await until(lambda: run.delivered() == 200)


async def test_a_gate_lets_one_in_at_a_time_and_nobody_after_a_refusal() -> None:
    now = 100.0
    gate = LoginGate(lambda: now, base_s=2.0, cap_s=60.0)
    inside: list[str] = []

    async def enter(name: str) -> str:
        try:
            async with gate.login():
                inside.append(name)
                assert len(inside) == 1
                await asyncio.sleep(0)
                inside.remove(name)
                gate.refused()
                return "refused"
        except LoginHeldError:
            return "held"

    assert await asyncio.gather(*map(enter, "abc")) == ["refused", "held", "held"]
    first = gate.wait_s
    assert 1.6 <= first <= 2.4
    now += first + 0.01
    assert await enter("d") == "refused"
    assert 3.2 <= gate.wait_s <= 4.8
    for _ in range(10):
        gate.refused()
    assert gate.wait_s <= 72
    gate.knock()
    assert 0 < gate.wait_s <= 1.0
    gate.passed()
    assert gate.wait_s == 0


async def test_an_unknown_ca_is_named(tls: ssl.SSLContext) -> None:
    async with FakeCluster(password="right", context=tls) as cluster:
        other = Authority.create("another CA")
        with pytest.raises(KafkaTroubleError) as failure:
            await verify(trusting(cluster, other), timeout_s=5)
        assert failure.value.trouble.code is Code.TLS_FAILED
        assert "not trusted" in failure.value.trouble.what


async def test_tls_and_plaintext_mixed_up_is_named(tls: ssl.SSLContext, authority: Authority) -> None:
    async with FakeCluster(context=tls) as speaks_tls, FakeCluster() as speaks_plain:
        plain = Connection("insights", (speaks_tls.brokers[0].server,))
        with pytest.raises(KafkaTroubleError) as failure:
            await verify(plain, timeout_s=2)
        assert failure.value.trouble.code in (Code.TLS_FAILED, Code.KAFKA_UNREACHABLE)
        speaks_plain.password = "right"
        with pytest.raises(KafkaTroubleError) as failure:
            await verify(trusting(speaks_plain, authority), timeout_s=2)
        assert failure.value.trouble.code is Code.TLS_FAILED


async def test_a_mechanism_that_is_not_offered_is_named(tls: ssl.SSLContext, authority: Authority) -> None:
    async with FakeCluster(password="right", context=tls) as cluster:
        cluster.mechanisms = ["SCRAM-SHA-256"]
        with pytest.raises(KafkaTroubleError) as failure:
            await verify(trusting(cluster, authority), timeout_s=5)
        assert failure.value.trouble.code is Code.MECHANISM_REFUSED
