"""Faults that need no Kafka of their own: each is named right, with the repair that helps first."""

import asyncio
import socket
import ssl
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from insights_tui.domain.check import Role, Step, StepState
from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from insights_tui.domain.trouble import Code
from tests.check.running import PATIENT, Checked, run_check
from tests.check.servers import (
    Serve,
    blackhole,
    closed_port,
    dripping,
    greeting,
    saying,
    server_context,
    serving,
    silent,
    wanting_certificates,
)
from tests.fakes.broker import FakeCluster
from tests.kafka_cluster.certificates import Authority

DROPPED = replace(PATIENT, tcp_s=0.5)
SILENT = replace(PATIENT, tls_s=0.5, answer_s=0.5, look_s=0.5)
QUIET = replace(PATIENT, answer_s=0.5)
"""For one that is silent at first, and speaks when it is looked at again."""
HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create("check test CA")


@pytest.fixture
def tls(authority: Authority, tmp_path: Path) -> ssl.SSLContext:
    return server_context(authority, tmp_path)


def sasl(*servers: Server, ca: Authority | None, mechanism: Mechanism = Mechanism.PLAIN) -> Connection:
    pem = ca.pem.decode() if ca is not None else None
    return Connection("insights", servers, ConnectionType.SASL_SSL, mechanism, "alice", Secret("right"), pem)


async def test_all_is_well() -> None:
    async with FakeCluster(3) as cluster:
        cluster.create("insights", 4)
        told = await run_check(cluster.connection())
        assert (told.verdict.verdict, told.verdict.failed, told.verdict.servers) == ("ok", 0, 3)
        assert told.verdict.sentence == (
            "All 3 servers work, 3 members of the cluster among them, and the topic insights is there."
        )
        assert not told.verdict.findings
        assert "write_unproven" in told.hints
        for broker in cluster.brokers:
            both = told.of(broker.server)
            assert {(member.id, member.server) for member in both[Step.METADATA].members} == {
                (other.id, str(other.server)) for other in cluster.brokers
            }
            assert both[Step.WRITE].node_id == broker.id
            assert not told.of(broker.server, Role.MEMBER), "one that is both is told once"
        assert [broker.connections for broker in cluster.brokers] == [1, 1, 1], "no second connection to a member"
        assert cluster.creations == 0


async def test_nothing_listens() -> None:
    server = Server("127.0.0.1", closed_port())
    told = await run_check(Connection("insights", (server,)))
    assert told.failure.step is Step.TCP
    assert told.verdict.code is Code.KAFKA_UNREACHABLE
    assert told.verdict.sentence == f"Nothing listens at {server}."
    assert told.verdict.fix == "Check the port, and whether the broker is running."
    assert [step.state for step in told.steps].count(StepState.SKIPPED) == 6


async def test_packets_are_dropped() -> None:
    with blackhole() as server:
        told = await run_check(Connection("insights", (server,)), limits=DROPPED)
    assert told.failure.step is Step.TCP
    assert told.verdict.sentence == f"{server} does not answer."
    assert "firewall" in told.verdict.fix


async def test_a_name_that_does_not_resolve() -> None:
    told = await run_check(Connection("insights", (Server("kafka.invalid", 9092),)))
    assert told.failure.step is Step.DNS
    assert told.verdict.code is Code.NAME_NOT_RESOLVED
    assert told.verdict.sentence.startswith("The name kafka.invalid cannot be resolved")


def resolve_to(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[tuple[str, int]]]) -> None:
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        if host not in names:
            return list(real(host, port, *args, **kwargs))
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, at))
            for address, at in names[host]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


async def test_a_name_with_a_dead_and_a_live_address(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        port = cluster.brokers[0].port
        with blackhole("127.0.0.2", port):
            resolve_to(monkeypatch, {"kafka.test": [("127.0.0.2", port), ("127.0.0.1", port)]})
            server = cluster.brokers[0].advertised = Server("kafka.test", port)
            told = await run_check(Connection("insights", (server,)))
        assert told.verdict.verdict == "ok"
        assert told.of(server)[Step.DNS].found == "127.0.0.2, 127.0.0.1"
        assert told.of(server)[Step.TCP].found == "127.0.0.2 does not answer, 127.0.0.1 answers"
        what = told.findings["address_dead"].what
        assert what == (f"{server} has an address that does not answer (127.0.0.2), and one that works (127.0.0.1).")
        assert "DNS" in told.findings["address_dead"].fix


async def test_a_dead_ipv6_address_beside_a_live_ipv4_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        port = cluster.brokers[0].port
        resolve_to(monkeypatch, {"kafka.test": [("::1", port), ("127.0.0.1", port)]})
        server = cluster.brokers[0].advertised = Server("kafka.test", port)
        told = await run_check(Connection("insights", (server,)))
        assert told.verdict.verdict == "ok"
        assert told.findings["ipv6_dead"].what.startswith(f"{server} cannot be reached over IPv6 (::1 ")
        assert "AAAA" in told.findings["ipv6_dead"].fix


OTHERS: dict[str, tuple[Serve, bool, Code, str]] = {
    "an HTTP server, plaintext client": (saying(HTTP), False, Code.KAFKA_UNREACHABLE, "is an HTTP server, not Kafka."),
    "an HTTP server that waits for its request": (
        saying(HTTP, after=b"\r\n\r\n"), False, Code.KAFKA_UNREACHABLE, "is an HTTP server, not Kafka.",
    ),
    "an HTTP server, TLS client": (saying(HTTP), True, Code.KAFKA_UNREACHABLE, "is an HTTP server, not Kafka."),
    "an SSH server": (
        greeting(b"SSH-2.0-OpenSSH_9.2\r\n"), False, Code.KAFKA_UNREACHABLE, "is an SSH server, not Kafka.",
    ),
    "an SSH server, TLS client": (
        greeting(b"SSH-2.0-OpenSSH_9.2\r\n"), True, Code.KAFKA_UNREACHABLE, "is an SSH server, not Kafka.",
    ),
    "a length of 2 GiB": (
        saying(b"\x7f\xff\xff\xff" + bytes(64)), False, Code.KAFKA_UNREACHABLE,
        "answers with something that is not Kafka's protocol.",
    ),
    "a negative length": (
        saying(b"\x80\0\0\0" + bytes(64)), False, Code.KAFKA_UNREACHABLE,
        "answers with something that is not Kafka's protocol.",
    ),
    "garbage of a fair length": (
        saying(struct.pack(">i", 32) + bytes(range(32))), False, Code.KAFKA_UNREACHABLE,
        "answers with something that is not Kafka's protocol.",
    ),
    "the right number, then garbage": (
        saying(struct.pack(">iih", 64, 1, 0) + b"\x7f\xff\xff\xff" * 20), False, Code.KAFKA_UNREACHABLE,
        "answers with something that is not Kafka's protocol.",
    ),
    "an answer that drips": (
        dripping(struct.pack(">ii", 60, 1) + bytes(60)), False, Code.KAFKA_UNREACHABLE,
        "accepts connections and does not answer as Kafka does.",
    ),
    "silence": (silent, False, Code.KAFKA_UNREACHABLE, "accepts connections and does not answer as Kafka does."),
    "silence, TLS client": (silent, True, Code.KAFKA_UNREACHABLE, "accepts connections and does not answer to TLS."),
}  # fmt: skip


LIMITS = {
    "an HTTP server that waits for its request": QUIET,
    "an answer that drips": SILENT,
    "silence": SILENT,
    "silence, TLS client": SILENT,
}


@pytest.mark.parametrize("kind", OTHERS)
async def test_a_port_that_is_not_kafka(kind: str) -> None:
    serve, encrypted, code, words = OTHERS[kind]
    async with serving(serve) as server:
        connection = sasl(server, ca=None) if encrypted else Connection("insights", (server,))
        told = await run_check(connection, limits=LIMITS.get(kind))
    assert told.failure.step is (Step.TLS if encrypted else Step.API)
    assert (told.verdict.code, told.verdict.sentence) == (code, f"{server} {words}")


async def test_a_plaintext_client_on_a_tls_port_that_says_nothing(tls: ssl.SSLContext) -> None:
    async with serving(silent, tls) as server:
        told = await run_check(Connection("insights", (server,)), limits=QUIET)
    assert told.verdict.sentence == f"{server} speaks TLS, and this connection is plaintext."
    assert told.verdict.fix.startswith("Set the connection type to SASL over TLS")


async def test_a_tls_client_on_a_plaintext_port() -> None:
    async with FakeCluster(2) as cluster:
        servers = [broker.server for broker in cluster.brokers]
        told = await run_check(sasl(*servers, ca=None))
    assert {step.step for step in told.failures()} == {Step.TLS}
    assert told.verdict.code is Code.TLS_FAILED
    assert told.verdict.sentence == (
        f"All 2 servers speak plain Kafka at these ports, and the connection type says SASL over TLS: "
        f"{servers[0]} and {servers[1]}."
    )


@pytest.mark.parametrize(
    ("version", "step"),
    [
        (ssl.TLSVersion.TLSv1_3, Step.API),
        (ssl.TLSVersion.TLSv1_2, Step.TLS),  # it just refuses, but it has asked for one before
    ],
)
async def test_openssl_that_wants_a_client_certificate(
    tls: ssl.SSLContext, authority: Authority, version: ssl.TLSVersion, step: Step
) -> None:
    tls.minimum_version = tls.maximum_version = version
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(cadata=authority.pem.decode())
    with wanting_certificates(tls) as server:
        told = await run_check(sasl(server, ca=authority))
    assert told.failure.step is step
    assert told.verdict.sentence == f"{server} asks for a client certificate, which is not supported."
    assert told.verdict.fix == "Use a listener that logs clients in by SASL alone (ssl.client.auth=none)."


async def test_a_server_that_breaks_off_the_handshake() -> None:
    async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async with serving(hang_up) as server:
        told = await run_check(sasl(server, ca=None))
    assert told.failure.step is Step.TLS
    assert told.verdict.sentence == f"{server} breaks off the TLS handshake."


async def test_mechanisms_that_this_client_does_not_speak(tls: ssl.SSLContext, authority: Authority) -> None:
    async with FakeCluster(password="right", context=tls) as cluster:
        cluster.mechanisms = ["GSSAPI", "OAUTHBEARER"]
        told = await run_check(sasl(cluster.brokers[0].server, ca=authority))
        assert not cluster.logins
    assert told.failure.step is Step.SASL
    assert told.verdict.code is Code.MECHANISM_REFUSED
    assert told.verdict.sentence.endswith(
        "does not offer the mechanism PLAIN, only GSSAPI and OAUTHBEARER, which this client does not speak."
    )


async def test_a_server_that_cannot_prove_that_it_knows_the_password(
    tls: ssl.SSLContext, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeCluster(password="right", context=tls) as cluster:
        cluster.mechanisms = ["SCRAM-SHA-256"]
        broker = cluster.brokers[0]
        real = broker._answer

        def answer(key: int, request: Any, asked: Any, login: Any) -> Any:
            if key != 36:
                return real(key, request, asked, login)
            told = bytes(asked.sasl_auth_bytes).decode()
            if told.startswith("n,,"):
                nonce = told.partition("r=")[2]
                return request.RESPONSE_TYPE(0, None, f"r={nonce}x,s=c2FsdA==,i=4096".encode())
            return request.RESPONSE_TYPE(0, None, b"v=bm90IHRoZSBzaWduYXR1cmU=")

        monkeypatch.setattr(broker, "_answer", answer)
        told_ = await run_check(sasl(broker.server, ca=authority, mechanism=Mechanism.SCRAM_SHA_256))
    assert told_.failure.step is Step.SASL
    assert told_.verdict.sentence.endswith("could not prove that it knows the password of alice.")
    assert "may not be the cluster it claims to be" in told_.verdict.fix


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
