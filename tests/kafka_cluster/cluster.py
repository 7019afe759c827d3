"""A real Apache Kafka of one or three nodes, to test against and to break."""

import atexit
import base64
import functools
import secrets
import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.kafka_cluster.admin import Admin, Record
from tests.kafka_cluster.background import Background
from tests.kafka_cluster.certificates import write_certificates
from tests.kafka_cluster.fetch import jars
from tests.kafka_cluster.node import Node, StartError
from tests.kafka_cluster.ports import free_ports
from tests.kafka_cluster.properties import BEHIND_PROXY, LISTENERS, NodePlan, server_properties
from tests.kafka_cluster.proxy import Fault, FaultProxy

_START_S = 90.0
_WRITER = ("WRITE", "DESCRIBE")


class ProxyHandle:
    """A fault proxy, to be used from the thread of a test."""

    def __init__(self, proxy: FaultProxy, background: Background) -> None:
        self._proxy = proxy
        self._background = background

    def fault(self, fault: Fault | str, delay_s: float = 0.2) -> None:
        """Misbehave from now on: `refuse`, `silent`, `slow` (by `delay_s` a piece), `reset`."""
        self._background.run(self._proxy.set_fault(Fault(fault), delay_s))

    def heal(self) -> None:
        """Behave again."""
        self.fault(Fault.NONE)

    def reset_all(self) -> None:
        """Reset every open connection, once."""
        self._background.call(self._proxy.reset_all)

    def cut_requests_mid_way(self, count: int = 1) -> None:
        """Cut the next produce requests in the middle: the broker cannot append them (PROXIED only)."""
        self._background.call(functools.partial(self._proxy.cut_requests_mid_way, count))

    def drop_acks(self, count: int = 1) -> None:
        """Let the broker append the next produce requests and lose its answers (PROXIED only)."""
        self._background.call(functools.partial(self._proxy.drop_acks, count))

    def mangle_answers(self, share: float, seed: int | None = None) -> None:
        """Alter this share of the answers from now on, those with metadata excepted; 0 ends it (PROXIED only)."""
        self._background.call(functools.partial(self._proxy.mangle_answers, share, seed))

    @property
    def mangled(self) -> int:
        """Answers altered so far."""
        return self._proxy.mangled

    @property
    def accepted(self) -> int:
        """Connections accepted since the start."""
        return self._proxy.accepted

    @property
    def cut_requests(self) -> int:
        """Produce requests cut in the middle so far."""
        return self._proxy.cut_requests

    @property
    def dropped_acks(self) -> int:
        """Answers to produce requests lost so far."""
        return self._proxy.dropped_acks


class Cluster:
    """One running cluster. `Cluster.start()` makes it, `stop()` or the end of the process ends it.

    Nodes are numbered from 1. The PLAINTEXT listeners administer; users of the SASL listeners may do nothing until
    `grant`.
    """

    def __init__(self, folder: Path, count: int, libs: Path, names: Sequence[str] = ()) -> None:
        self.folder = folder
        self.users = {"insights": secrets.token_hex(12), "outsider": secrets.token_hex(12)}
        """Passwords by user name, the same for all three mechanisms at the start."""
        self.certificates = write_certificates(folder, names)
        self._background = Background()
        plans = _plan(count, names)
        self._nodes = {
            plan.id: Node(
                plan,
                folder / f"node-{plan.id}",
                libs,
                server_properties(plan, plans, folder / f"node-{plan.id}", self.certificates, self.users),
                self._background,
            )
            for plan in plans
        }
        self._proxies = {
            (plan.id, name): FaultProxy(plan.advertised[name], plan.ports[name], framed=name == "PROXIED")
            for plan in plans
            for name in BEHIND_PROXY
        }
        self._admin: Admin | None = None
        self._stopped = False
        self._presented = 0

    @classmethod
    def start(cls, nodes: int = 1, names: Sequence[str] = ()) -> "Cluster":
        """Fetch Kafka where needed, format and start the nodes; returns when all of them answer.

        `names`, one a node, are what `SASL_PROXIED` is advertised under: whoever connects there must resolve them.
        Raises `KafkaMissingError` without Java or Maven, `StartError` with the log of the node that did not come up.
        """
        libs = jars()
        cluster = cls(Path(tempfile.mkdtemp(prefix="insights-kafka-")), nodes, libs, names)
        atexit.register(cluster.stop)
        try:
            cluster._bring_up()
        except BaseException:  # Ctrl-C during the start too
            cluster.stop()
            raise
        return cluster

    def stop(self) -> None:
        """Kill every node and remove everything; a second call does nothing."""
        if self._stopped:
            return
        self._stopped = True
        atexit.unregister(self.stop)
        for node in self._nodes.values():
            node.kill()
        for proxy in self._proxies.values():
            self._background.run(proxy.stop())
        self._background.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # Where to connect

    def bootstrap(self, listener: str) -> str:
        """All nodes' `host:port` on a listener (`properties.LISTENERS`), by comma, proxies where it has them."""
        plans = [node.plan for node in self._nodes.values()]
        return ",".join(f"{plan.host(listener)}:{plan.advertised[listener]}" for plan in plans)

    @property
    def plaintext(self) -> str:
        """Bootstrap servers, PLAINTEXT: everything is allowed there."""
        return self.bootstrap("PLAINTEXT")

    @property
    def sasl_ssl(self) -> str:
        """Bootstrap servers, SASL_SSL: SCRAM-SHA-256, SCRAM-SHA-512, PLAIN; permissions by ACL."""
        return self.bootstrap("SASL_SSL")

    @property
    def proxied(self) -> str:
        """Bootstrap servers, plaintext through the fault proxies."""
        return self.bootstrap("PROXIED")

    @property
    def ca_file(self) -> Path:
        """The CA certificate to trust."""
        return self.certificates.ca

    @property
    def ca_pem(self) -> str:
        """The CA certificate to trust."""
        return self.certificates.ca.read_text()

    @property
    def nodes(self) -> list[int]:
        """The ids of the nodes."""
        return list(self._nodes)

    def pid(self, node: int) -> int | None:
        """The process of a node while it runs."""
        return self._nodes[node].pid

    def log(self, node: int) -> Path:
        """The log of a node."""
        return self._nodes[node].log

    # Faults

    def proxy(self, node: int, listener: str = "PROXIED") -> ProxyHandle:
        """The fault proxy in front of a node's `PROXIED` or `SASL_PROXIED` listener."""
        return ProxyHandle(self._proxies[node, listener], self._background)

    def kill(self, node: int) -> None:
        """SIGKILL a node."""
        self._nodes[node].kill()

    def freeze(self, node: int) -> None:
        """SIGSTOP a node: it hangs, its connections stay open."""
        self._nodes[node].freeze()

    def thaw(self, node: int) -> None:
        """SIGCONT a node."""
        self._nodes[node].thaw()

    def restart(self, node: int) -> None:
        """Kill a node where it runs and start it again on its data; returns when the cluster names it again."""
        self._nodes[node].kill()
        self._nodes[node].start()
        self._wait_up([node])

    def heal(self) -> None:
        """Undo every fault: thaw and restart nodes, heal proxies."""
        for proxy in self._proxies.values():
            self._background.run(proxy.set_fault(Fault.NONE))
        down = [node for node in self._nodes.values() if node.pid is None]
        for node in self._nodes.values():
            if node in down:
                node.start()
            else:
                node.thaw()
        self._wait_up([node.plan.id for node in down])

    # Administration

    @property
    def admin(self) -> Admin:
        """Everything else that can be administered."""
        if self._admin is None:
            self._admin = Admin(self.plaintext)
        return self._admin

    def create_topic(self, name: str, partitions: int = 4, replication: int | None = None, **config: str) -> None:
        """Create a topic; replicated to all nodes unless said otherwise, `config` as `max_message_bytes="100"`."""
        settings = {key.replace("_", "."): value for key, value in config.items()}
        self.admin.create_topic(name, partitions, replication or len(self._nodes), settings)

    def delete_topic(self, name: str) -> None:
        """Delete a topic."""
        self.admin.delete_topic(name)

    def grant(self, user: str, topic: str, operations: Collection[str] = _WRITER) -> None:
        """Allow a user to write to a topic, or other operations on it (`READ`, …)."""
        self.admin.grant(user, topic, tuple(operations))

    def revoke(self, user: str, topic: str, operations: Collection[str] = _WRITER) -> None:
        """Take the permissions away again."""
        self.admin.revoke(user, topic, tuple(operations))

    def rotate_password(self, user: str, mechanism: str, password: str) -> None:
        """Set another SCRAM password (PLAIN's is fixed).

        A connection that is already authenticated outlives it: cut it at the `SASL_PROXIED` proxy to force a login.
        """
        self.admin.set_scram_password(user, mechanism, password)

    def present(self, pem: bytes, listener: str = "SASL_PROXIED") -> None:
        """Have every node show another certificate (private key, certificate and CA in one PEM); returns when they do.

        What is connected stays connected: cut it at the proxies.
        """
        self._presented += 1
        file = self.folder / f"presented-{self._presented}.pem"
        file.touch(mode=0o600)
        file.write_bytes(pem)
        for node in self._nodes:
            self.admin.configure_node(node, f"listener.name.{listener.lower()}.ssl.keystore.location", str(file))
        shown = x509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE") :])
        der = shown.public_bytes(serialization.Encoding.DER)
        deadline = time.monotonic() + _START_S
        for member in self._nodes.values():
            port = member.plan.ports[listener]
            member.wait_until(functools.partial(_shows, port, der), deadline, "show its new certificate")

    def read_all(
        self,
        topic: str,
        count: int | None = None,
        until: Callable[[list[Record]], bool] | None = None,
        timeout_s: float = 30.0,
    ) -> list[Record]:
        """Read a topic from its beginning to its present end, and on until there are `count` records or `until` holds.

        Raises `TimeoutError` where they do not come.
        """
        return self.admin.read(topic, count, until, timeout_s)

    def _bring_up(self) -> None:
        cluster_id = "A" + base64.urlsafe_b64encode(secrets.token_bytes(16)).decode()[1:22]
        formatting = [(node, node.format(cluster_id, self.users)) for node in self._nodes.values()]
        for node, process in formatting:
            _wait_formatted(node, process)
        for proxy in self._proxies.values():
            self._background.run(proxy.start())
        for node in self._nodes.values():
            node.start()
        self._wait_up(self.nodes)

    def _wait_up(self, started: list[int]) -> None:
        deadline = time.monotonic() + _START_S
        for number in started:
            self._nodes[number].wait_listening(deadline)
        for number in started:
            node = self._nodes[number]
            node.wait_until(functools.partial(self._names, number), deadline, "join the cluster")

    def _names(self, number: int) -> bool:
        return number in self.admin.brokers()


def _shows(port: int, der: bytes) -> bool:
    # Each network thread of a listener takes the new one in its own time, and connections go to them in turn.
    shown = (ssl.get_server_certificate(("127.0.0.1", port), timeout=5) for _ in range(6))
    return all(ssl.PEM_cert_to_DER_cert(one) == der for one in shown)


def _plan(count: int, hosts: Sequence[str] = ()) -> list[NodePlan]:
    names = [*LISTENERS, "CONTROLLER"]
    width = len(names) + len(BEHIND_PROXY)
    ports = free_ports(count * width)
    plans = []
    for index in range(count):
        own = dict(zip(names, ports[index * width :], strict=False))
        proxies = dict(zip(BEHIND_PROXY, ports[index * width + len(names) :], strict=False))
        host = hosts[index] if hosts else "127.0.0.1"
        plans.append(NodePlan(index + 1, own, {**{name: own[name] for name in LISTENERS}, **proxies}, host))
    return plans


def _wait_formatted(node: Node, process: "subprocess.Popen[bytes]") -> None:
    try:
        code = process.wait(timeout=_START_S)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    if code != 0:
        raise StartError(f"node {node.plan.id} could not be formatted (exit {code}):\n{node.tail()}")
