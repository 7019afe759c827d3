"""Faults of a cluster and of its logins, on fake brokers: who is missing, what a wrong password costs."""

import ssl
from dataclasses import replace

import pytest

from insights_tui.domain.check import Role, Step, StepState
from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from insights_tui.domain.trouble import Code
from tests.check.faults import resolve_to, sasl
from tests.check.running import PATIENT, Checked, run_check
from tests.check.servers import blackhole, closed_port
from tests.fakes.broker import FakeCluster
from tests.kafka_cluster.certificates import Authority


async def test_a_cluster_that_advertises_a_name_unknown_here() -> None:
    async with FakeCluster(2) as cluster:
        cluster.create("insights", 2)
        lost = cluster.brokers[1].advertised = Server("broker-2.invalid", 9092)
        told = await run_check(Connection("insights", (cluster.brokers[0].server,)))
    assert told.failure.role is Role.MEMBER
    assert (told.failure.step, told.failure.node_id) == (Step.DNS, 2)
    assert told.failure.fix == "Set advertised.listeners of broker 2 to an address that this machine can reach."
    assert told.verdict.code is Code.NAME_NOT_RESOLVED
    assert told.verdict.sentence == (
        f"The cluster advertises a name that this machine cannot resolve: {lost} (broker 2)."
    )
    assert told.verdict.fix.startswith("Set advertised.listeners of broker 2 to names that resolve here")


async def test_a_cluster_that_advertises_localhost(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        broker = cluster.brokers[0]
        # the name leads elsewhere as far as anybody can see; the socket is the fake's all the same
        resolve_to(monkeypatch, {"kafka.test": [("127.0.0.1", broker.port)]})
        monkeypatch.setattr("insights_tui.kafka.check.addresses._loopback", lambda text: text == "localhost")
        lost = broker.advertised = Server("localhost", closed_port())
        told = await run_check(Connection("insights", (Server("kafka.test", broker.port),)))
    assert told.verdict.sentence == (
        f"The cluster advertises {lost} (broker 1), which from here is this machine and not the broker."
    )
    assert told.verdict.fix.startswith("Set advertised.listeners of broker 1 to addresses")


async def test_a_member_that_cannot_be_reached_beside_one_that_can() -> None:
    async with FakeCluster(3) as cluster:
        cluster.create("insights", 3)
        gone = cluster.brokers[2].advertised = Server("127.0.0.1", closed_port())
        told = await run_check(Connection("insights", tuple(broker.server for broker in cluster.brokers[:2])))
    assert told.failure.node_id == 3
    assert told.verdict.code is Code.BROKER_UNREACHABLE
    assert told.verdict.sentence == f"Nothing listens at {gone}, which broker 3 advertises."
    assert told.verdict.fix == "Look whether broker 3 is running.", "it refuses, and the others answer"
    assert "Set advertised.listeners of broker 3" in " ".join(told.failure.fixes)
    assert told.findings["some_down"].what == f"1 of 3 servers does not work: {gone} (broker 3). The other 2 do."


async def test_servers_of_two_clusters() -> None:
    async with FakeCluster(2) as one, FakeCluster() as other:
        for cluster in (one, other):
            cluster.create("insights")
            for number, broker in enumerate(cluster.brokers):
                broker.id = 10 * (cluster is other) + number + 1
        one.id, other.id = "first-cluster", "second-cluster"
        servers = [broker.server for broker in (*one.brokers, *other.brokers)]
        told = await run_check(Connection("insights", tuple(servers)))
    assert told.verdict.verdict == "failed"
    assert told.verdict.failed == 1
    assert told.verdict.sentence == (
        f"The servers belong to 2 clusters: {servers[0]} and {servers[1]} to first-cluster, "
        f"{servers[2]} to second-cluster."
    )
    assert told.verdict.fix.startswith("Keep the servers of one cluster only")


async def test_a_member_whose_address_leads_to_another_cluster() -> None:
    async with FakeCluster(2) as one, FakeCluster() as other:
        one.create("insights")
        other.create("insights")
        one.id, other.id = "first-cluster", "second-cluster"
        other.brokers[0].id = 1
        stray = one.brokers[1].advertised = other.brokers[0].server
        told = await run_check(Connection("insights", (one.brokers[0].server,)))
    assert told.verdict.sentence.startswith(f"The address of {stray} (broker 2) leads to another cluster")
    assert "advertised.listeners of broker 2" in told.verdict.fix


async def test_a_topic_that_is_missing_is_not_created_and_counts_once() -> None:
    async with FakeCluster(3) as cluster:
        told = await run_check(cluster.connection())
        assert cluster.creations == 0
        assert "insights" not in cluster.topics
    assert (told.verdict.code, told.verdict.failed) == (Code.TOPIC_MISSING, 1)
    assert told.verdict.sentence.startswith("The topic insights does not exist")
    assert told.verdict.fix.startswith("Create the topic")


async def test_a_partition_without_a_leader() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights", 3).leaders[1] = -1
        told = await run_check(cluster.connection())
    assert told.failure.step is Step.TOPIC
    assert told.verdict.code is Code.NO_LEADER
    assert told.verdict.sentence.startswith("1 of 3 partitions of insights has no leader")


def refused(told: Checked) -> list[str]:
    return [step.server for step in told.failures() if step.step is Step.SASL]


async def test_a_wrong_password_costs_one_login_for_the_whole_check(tls: ssl.SSLContext, authority: Authority) -> None:
    async with FakeCluster(4, password="other", context=tls) as cluster:
        cluster.create("insights")
        told = await run_check(sasl(*(broker.server for broker in cluster.brokers), ca=authority))
        assert cluster.logins == [False]
    (server,) = refused(told)
    others = [step for step in told.steps if step.step is Step.SASL and step.state is StepState.SKIPPED]
    assert {step.found for step in others} == {f"not tried: {server} has refused this login already"}
    assert len(others) == 3
    assert (told.verdict.code, told.verdict.failed) == (Code.AUTH_FAILED, 1)
    assert told.verdict.sentence == (
        f"{server} refuses the login of alice: the password is wrong, or there is no such user."
    )


async def test_the_right_password_is_used_once_at_each_server(tls: ssl.SSLContext, authority: Authority) -> None:
    async with FakeCluster(4, password="right", context=tls) as cluster:
        cluster.create("insights", 4)
        told = await run_check(sasl(*(broker.server for broker in cluster.brokers[:2]), ca=authority))
        assert cluster.logins == [True] * 4
    assert told.verdict.verdict == "ok", told.verdict


async def test_a_server_that_hangs_in_its_login_does_not_hold_up_the_others(
    tls: ssl.SSLContext, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeCluster(3, password="right", context=tls) as cluster:
        cluster.create("insights", 2)
        monkeypatch.setattr("insights_tui.kafka.check.logins.PATIENCE_S", 0.05)
        real = cluster.brokers[0]._answer
        monkeypatch.setattr(
            cluster.brokers[0], "_answer", lambda key, *rest: "silence" if key == 36 else real(key, *rest)
        )
        told = await run_check(
            sasl(*(broker.server for broker in cluster.brokers), ca=authority), limits=replace(PATIENT, login_s=1)
        )
    assert told.failure.step is Step.SASL
    assert told.failure.server == str(cluster.brokers[0].server)
    assert told.failure.cause.endswith("does not answer to the login.")


async def test_without_logins_a_check_goes_as_far_as_it_can(tls: ssl.SSLContext, authority: Authority) -> None:
    async with FakeCluster(password="right", context=tls) as cluster:
        told = await run_check(sasl(cluster.brokers[0].server, ca=authority), login=False)
        assert not cluster.logins
    assert told.verdict.code is Code.AUTH_FAILED
    assert told.verdict.sentence == "Everything up to the login of alice works; the login was not tried again."


async def test_a_connection_that_cannot_even_be_tried() -> None:
    connection = Connection(
        "insights", (Server("127.0.0.1", 1),), ConnectionType.SASL_SSL, Mechanism.PLAIN, "alice", Secret("x"), "no PEM"
    )
    told = await run_check(connection)
    assert not told.steps
    assert told.verdict.code is Code.TLS_FAILED
    assert told.verdict.sentence == "The settings of the connection cannot be used."


async def test_dead_servers_hold_up_nobody() -> None:
    async with FakeCluster(6) as cluster:
        cluster.create("insights", 4)
        with blackhole() as first, blackhole() as second:
            dead = (first, second)
            for broker, server in zip(cluster.brokers[4:], dead, strict=True):
                broker.advertised = server
            servers = (*dead, *(broker.server for broker in cluster.brokers[:4]))
            told = await run_check(Connection("insights", servers), limits=replace(PATIENT, tcp_s=2.5))
    assert {step.server for step in told.failures()} == {str(server) for server in dead}
    assert told.verdict.failed == 2
    assert told.verdict.servers == 6
    assert told.verdict.sentence == (
        f"2 of 6 servers do not work: {first} and {second}. The other 4 do. Broker 5 at {first} does not answer."
    )
    at = [number for number, step in enumerate(told.steps) if step.state is StepState.FAILED]
    last_good = max(
        number for number, step in enumerate(told.steps) if step.server not in {str(server) for server in dead}
    )
    assert last_good < min(at), "those that work are through before anyone waits for the dead"
