"""The same on Apache Kafka: what only a real broker, its TLS and its permissions can show."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from insights_tui.domain.check import Role, Step
from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret
from insights_tui.domain.servers import parse_servers
from insights_tui.domain.trouble import Code
from tests.check.running import PATIENT, Checked, run_check
from tests.kafka_cluster import Cluster

USER = "insights"


@dataclass(frozen=True)
class Setting:
    """A topic that `USER` may write to, and one that `outsider` may only see."""

    kafka: Cluster
    topic: str
    seen_only: str

    def plain(self, listener: str = "PLAINTEXT", topic: str | None = None) -> Connection:
        return Connection(topic or self.topic, parse_servers(self.kafka.bootstrap(listener)).servers)

    def sasl(self, listener: str = "SASL_SSL", topic: str | None = None) -> Connection:
        return replace(
            self.plain(listener, topic),
            type=ConnectionType.SASL_SSL,
            mechanism=Mechanism.SCRAM_SHA_256,
            username=USER,
            password=Secret(self.kafka.users[USER]),
            ca_pem=self.kafka.ca_pem,
        )

    def as_outsider(self, topic: str) -> Connection:
        return replace(self.sasl(topic=topic), username="outsider", password=Secret(self.kafka.users["outsider"]))


@pytest.fixture(scope="module")
def setting(kafka_session: Cluster) -> Setting:
    kafka_session.heal()
    topic, seen_only = (f"check-{uuid.uuid4().hex[:8]}" for _ in range(2))
    kafka_session.create_topic(topic)
    kafka_session.grant(USER, topic)
    kafka_session.grant(USER, topic, ("DESCRIBE_CONFIGS",))
    kafka_session.create_topic(seen_only)
    kafka_session.grant("outsider", seen_only, ("DESCRIBE",))
    return Setting(kafka_session, topic, seen_only)


async def test_all_is_well_and_everything_is_told(setting: Setting) -> None:
    told = await run_check(setting.sasl())
    (server,) = setting.sasl().servers
    assert told.verdict.verdict == "ok", told.verdict
    assert told.verdict.sentence == f"The server works, and the topic {setting.topic} may be written to."
    found = {step: one.found for step, one in told.of(server).items()}
    assert found[Step.TLS].startswith(
        "TLSv1.3, certificate 127.0.0.1 for 127.0.0.1, localhost, ::1, signed by insights"
    )
    assert found[Step.SASL].startswith("logged in as insights with SCRAM-SHA-256, it also offers ")
    assert found[Step.TOPIC] == "4 partitions, 1 replica, min.insync.replicas 1, max.message.bytes 1048588"
    assert found[Step.WRITE] == "writing is allowed"
    assert set(told.hints) == {"single_server", "single_replica"}


@dataclass(frozen=True)
class Fault:
    """A connection that does not work, and what the check is to say of it; `{server}` is the bootstrap server."""

    connection: Callable[[Setting], Connection]
    step: Step
    code: Code
    sentence: str
    fix: str


FAULTS = {
    "wrong password": Fault(
        lambda at: replace(at.sasl(), password=Secret("not the password")), Step.SASL, Code.AUTH_FAILED,
        "{server} refuses the login of insights: the password is wrong, or there is no such user.",
        "Check user name, password and mechanism, then edit the connection.",
    ),
    "wrong password, PLAIN": Fault(
        lambda at: replace(at.sasl(), password=Secret("not it"), mechanism=Mechanism.PLAIN),
        Step.SASL, Code.AUTH_FAILED,
        "{server} refuses the login of insights: the password is wrong, or there is no such user.",
        "Check user name, password and mechanism, then edit the connection.",
    ),
    "unknown user": Fault(
        lambda at: replace(at.sasl(), username="nobody"), Step.SASL, Code.AUTH_FAILED,
        "{server} refuses the login of nobody: the password is wrong, or there is no such user.",
        "Check user name, password and mechanism, then edit the connection.",
    ),
    "mechanism not enabled": Fault(
        lambda at: at.sasl("SCRAM_512"), Step.SASL, Code.MECHANISM_REFUSED,
        "{server} does not offer the mechanism SCRAM-SHA-256, it offers SCRAM-SHA-512.",
        "Choose the mechanism SCRAM-SHA-512.",
    ),
    "SASL against a listener without it": Fault(
        lambda at: at.sasl("TLS_ALONE"), Step.SASL, Code.MECHANISM_REFUSED,
        "{server} does not take a login on this port.", "Use the port of the broker's SASL_SSL listener.",
    ),
    "no SASL against a listener that wants it": Fault(
        lambda at: at.plain("LOGIN_ALONE"), Step.METADATA, Code.AUTH_FAILED,
        "{server} wants a login (",
        "Set the connection type to SASL over TLS and use the port of the SASL_SSL listener.",
    ),
    "unknown CA": Fault(
        lambda at: replace(at.sasl(), ca_pem=at.kafka.certificates.other_ca.read_text()), Step.TLS, Code.TLS_FAILED,
        "The certificate of {server} comes from a CA that is not trusted here: it is signed by insights-tui test CA, "
        "and the connection trusts just some other CA.",
        "Give the connection the CA certificate insights-tui test CA.",
    ),
    "no CA given": Fault(
        lambda at: replace(at.sasl(), ca_pem=None), Step.TLS, Code.TLS_FAILED,
        "The certificate of {server} comes from a CA that is not trusted here: it is signed by insights-tui test CA, "
        "and the connection trusts this machine's own CAs.",
        "Give the connection the CA certificate insights-tui test CA.",
    ),
    "hostname mismatch": Fault(
        lambda at: at.sasl("WRONG_HOST"), Step.TLS, Code.TLS_FAILED,
        "The certificate of {server} is not for the name 127.0.0.1: it is for kafka.elsewhere.test.",
        "Use a name that is in the certificate: kafka.elsewhere.test.",
    ),
    "expired": Fault(
        lambda at: at.sasl("EXPIRED"), Step.TLS, Code.TLS_FAILED,
        "The certificate of {server} has expired, on 20", "Renew the broker's certificate.",
    ),
    "not yet valid": Fault(
        lambda at: at.sasl("NOT_YET"), Step.TLS, Code.TLS_FAILED,
        "The certificate of {server} is not valid yet, only from 20", "Check this machine's clock: it says 20",
    ),
    "client certificate required": Fault(
        lambda at: at.sasl("MTLS"), Step.API, Code.TLS_FAILED,
        "{server} asks for a client certificate, which is not supported.",
        "Use a listener that logs clients in by SASL alone (ssl.client.auth=none).",
    ),
    "plaintext client on a TLS port": Fault(
        lambda at: at.plain("SASL_SSL"), Step.API, Code.TLS_FAILED,
        "{server} speaks TLS, and this connection is plaintext.",
        "Set the connection type to SASL over TLS, or use the port of the plaintext listener.",
    ),
    "TLS client on a plaintext port": Fault(
        lambda at: at.sasl("PLAINTEXT"), Step.TLS, Code.TLS_FAILED,
        "{server} speaks plain Kafka on this port and does not speak TLS.",
        "Use the port of the broker's SASL_SSL listener.",
    ),
    "no DESCRIBE": Fault(
        lambda at: at.as_outsider(at.topic), Step.TOPIC, Code.NOT_AUTHORIZED,
        "The topic {topic} does not exist, or the user outsider may not see it, says broker 1 at {server}.",
        "Check the spelling of the topic; if it is right, grant the user outsider the operations WRITE and DESCRIBE "
        "on it.",
    ),
    "no WRITE": Fault(
        lambda at: at.as_outsider(at.seen_only), Step.WRITE, Code.NOT_AUTHORIZED,
        "The user outsider may not write to the topic {topic}, says broker 1 at {server}.",
        "Grant the user outsider the operations WRITE and DESCRIBE on the topic.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_is_named_right(setting: Setting, name: str) -> None:
    fault = FAULTS[name]
    connection = fault.connection(setting)
    told = await run_check(connection)
    (server,) = connection.servers
    assert (told.failure.step, told.verdict.code) == (fault.step, fault.code), told.failure
    assert told.verdict.sentence.startswith(fault.sentence.format(server=server, topic=connection.topic))
    assert told.verdict.fix.startswith(fault.fix)
    assert told.verdict.failed == 1
    assert told.verdict.about == told.failure.about


async def test_a_missing_topic_is_still_missing_afterwards(setting: Setting) -> None:
    topic = f"missing-{uuid.uuid4().hex[:8]}"
    told = await run_check(setting.plain(topic=topic))  # this listener creates it for whoever asks
    assert (told.failure.step, told.verdict.code) == (Step.TOPIC, Code.TOPIC_MISSING)
    assert told.verdict.sentence.startswith(f"The topic {topic} does not exist, says broker 1 at 127.0.0.1:")
    assert told.verdict.fix == "Create the topic, or change the topic of the connection."
    assert topic not in setting.kafka.admin.topics()


async def test_a_topic_that_takes_less_than_a_batch(setting: Setting) -> None:
    topic = f"small-{uuid.uuid4().hex[:8]}"
    setting.kafka.create_topic(topic, max_message_bytes="20000")
    told = await run_check(setting.plain(topic=topic))
    assert told.verdict.verdict == "ok"
    assert told.hints["max_message_bytes"].what.startswith(f"max.message.bytes of the topic {topic} is 20,000, and")


async def test_one_reported_member_that_cannot_be_reached(kafka3: Cluster, topic3: str) -> None:
    servers = parse_servers(kafka3.proxied).servers
    kafka3.proxy(3).fault("refuse")
    told = await run_check(Connection(topic3, servers[:1]))
    assert [(step.node_id, step.step) for step in told.failures()] == [(3, Step.TCP)]
    assert told.verdict.code is Code.BROKER_UNREACHABLE
    assert told.verdict.sentence == f"Nothing listens at {servers[2]}, which broker 3 advertises."
    assert told.verdict.fix == "Look whether broker 3 is running.", "it refuses, and all others answer"
    assert set(told.of(servers[1], Role.MEMBER)) == set(Step)
    kafka3.proxy(3).fault("silent")
    told = await run_check(Connection(topic3, servers[:1]), limits=replace(PATIENT, answer_s=4, look_s=0.5))
    assert told.failure.node_id == 3
    assert told.verdict.sentence.endswith("accepts connections and does not answer as Kafka does.")


async def test_a_bootstrap_list_that_spans_two_clusters(setting: Setting, kafka3: Cluster, topic3: str) -> None:
    mine, theirs = setting.plain().servers, parse_servers(kafka3.plaintext).servers
    told: Checked = await run_check(Connection(topic3, (*theirs, *mine)))
    assert told.verdict.verdict == "failed"
    assert told.verdict.sentence.startswith("The servers belong to 2 clusters: ")
    assert str(mine[0]) in told.verdict.sentence
    assert told.verdict.fix.startswith("Keep the servers of one cluster only")
    assert told.findings["two_clusters"].servers == (str(mine[0]),)
