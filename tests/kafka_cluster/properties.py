"""The settings of one node, as `server.properties` (KRaft, broker and controller in one process)."""

from dataclasses import dataclass
from pathlib import Path

from tests.kafka_cluster.certificates import Certificates

MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN")
SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
PLAIN_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"

LISTENERS = {
    "PLAINTEXT": "PLAINTEXT",
    "SASL_SSL": "SASL_SSL",
    "EXPIRED": "SASL_SSL",  # its certificate has expired
    "NOT_YET": "SASL_SSL",  # its certificate is not valid yet
    "WRONG_HOST": "SASL_SSL",  # its certificate is for another name
    "MTLS": "SASL_SSL",  # asks for a client certificate
    "SCRAM_512": "SASL_SSL",  # takes SCRAM-SHA-512 alone
    "TLS_ALONE": "SSL",  # takes no login
    "LOGIN_ALONE": "SASL_PLAINTEXT",  # wants a login, in the clear
    "PROXIED": "PLAINTEXT",  # advertised at its fault proxy
    "SASL_PROXIED": "SASL_SSL",  # the same, encrypted
}
"""Every listener for clients and its protocol."""
BEHIND_PROXY = ("PROXIED", "SASL_PROXIED")


@dataclass(frozen=True, slots=True)
class NodePlan:
    """Where one node listens."""

    id: int
    ports: dict[str, int]
    """Of each listener, and of `CONTROLLER`."""
    advertised: dict[str, int]
    """The port that metadata names for each listener: its own, or its proxy's."""
    name: str = "127.0.0.1"
    """The host that metadata names for `SASL_PROXIED`."""

    def host(self, listener: str) -> str:
        """The host that metadata names for a listener."""
        return self.name if listener == "SASL_PROXIED" else "127.0.0.1"


def server_properties(
    node: NodePlan, nodes: list[NodePlan], folder: Path, certificates: Certificates, users: dict[str, str]
) -> str:
    """Write out the whole file for `node`, one of `nodes`, that keeps its data in `folder`."""
    replicas = min(3, len(nodes))
    voters = ",".join(f"{each.id}@127.0.0.1:{each.ports['CONTROLLER']}" for each in nodes)
    listening = [*LISTENERS, "CONTROLLER"]
    settings: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": node.id,
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "listeners": ",".join(f"{name}://127.0.0.1:{node.ports[name]}" for name in listening),
        "advertised.listeners": ",".join(
            f"{name}://{node.host(name)}:{port}" for name, port in node.advertised.items()
        ),
        "listener.security.protocol.map": ",".join(
            f"{name}:{protocol}" for name, protocol in {**LISTENERS, "CONTROLLER": "PLAINTEXT"}.items()
        ),
        "inter.broker.listener.name": "PLAINTEXT",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",  # who comes without SASL administers; SASL users need ACLs
        "auto.create.topics.enable": "true",  # the default: a client that asks carelessly is caught creating one
        "log.dirs": folder / "data",
        "broker.heartbeat.interval.ms": 500,
        "broker.session.timeout.ms": 2000,  # a killed broker is fenced in 2 s instead of 9
        "group.initial.rebalance.delay.ms": 0,
        "log.cleaner.dedupe.buffer.size": 2_097_152,  # or 256 MB of heap is not enough
        "num.network.threads": 2,
        "num.io.threads": 2,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.num.partitions": 4,
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": min(2, replicas),
        "default.replication.factor": replicas,
        "min.insync.replicas": min(2, replicas),
    }
    stores = {
        "EXPIRED": certificates.expired,
        "NOT_YET": certificates.not_yet,
        "WRONG_HOST": certificates.wrong_host,
    }
    for name, protocol in LISTENERS.items():
        prefix = f"listener.name.{name.lower()}"
        if name not in ("PLAINTEXT", "SASL_SSL", *BEHIND_PROXY):
            settings[f"{prefix}.num.network.threads"] = 1  # for a few connections of a few tests
        if protocol.startswith("SASL"):
            settings |= _sasl(prefix, MECHANISMS if name != "SCRAM_512" else ("SCRAM-SHA-512",), users)
        if protocol.endswith("SSL"):
            settings |= _ssl(prefix, stores.get(name, certificates.server))
        if name == "MTLS":
            settings |= {
                f"{prefix}.ssl.client.auth": "required",
                f"{prefix}.ssl.truststore.type": "PEM",
                f"{prefix}.ssl.truststore.location": certificates.ca,
            }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def _sasl(prefix: str, mechanisms: tuple[str, ...], users: dict[str, str]) -> dict[str, object]:
    known = " ".join(f'user_{user}="{password}"' for user, password in users.items())
    return {
        f"{prefix}.sasl.enabled.mechanisms": ",".join(mechanisms),
        f"{prefix}.scram-sha-256.sasl.jaas.config": SCRAM_LOGIN,
        f"{prefix}.scram-sha-512.sasl.jaas.config": SCRAM_LOGIN,
        f"{prefix}.plain.sasl.jaas.config": f"{PLAIN_LOGIN} {known};",
    }


def _ssl(prefix: str, keystore: Path) -> dict[str, object]:
    return {f"{prefix}.ssl.keystore.type": "PEM", f"{prefix}.ssl.keystore.location": keystore}
