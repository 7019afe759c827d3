"""Faults that need no Kafka of their own: each is named right, with the repair that helps first."""

import asyncio
import ssl
import struct
from typing import Any

import pytest

from insights_tui.domain.check import Role, Step, StepState
from insights_tui.domain.connection import Connection, Mechanism, Server
from insights_tui.domain.trouble import Code
from tests.check.faults import DROPPED, QUIET, SILENT, resolve_to, sasl
from tests.check.running import run_check
from tests.check.servers import (
    Serve,
    blackhole,
    closed_port,
    dripping,
    greeting,
    saying,
    serving,
    silent,
    wanting_certificates,
)
from tests.fakes.broker import FakeCluster
from tests.kafka_cluster.certificates import Authority

HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


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
