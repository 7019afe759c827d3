"""The cluster itself: what later tests take for granted about the broker and about its faults."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from tests.kafka_cluster import MECHANISMS, Cluster, Fault
from tests.support import wait_for

_SILENT = logging.getLogger("tests.kafka_cluster.test_cluster")
_SILENT.propagate = False
_SILENT.addHandler(logging.NullHandler())


def plain_producer(servers: str, **settings: object) -> Producer:
    return Producer({"bootstrap.servers": servers, "linger.ms": 0, **settings}, logger=_SILENT)


def sasl_producer(
    cluster: Cluster, mechanism: str, *, user: str = "insights", password: str | None = None,
    listener: str = "SASL_SSL", on_error: Callable[[KafkaError], None] | None = None, **settings: object,
) -> Producer:  # fmt: skip
    return plain_producer(
        cluster.bootstrap(listener),
        **{
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": mechanism,
            "sasl.username": user,
            "sasl.password": password or cluster.users[user],
            "ssl.ca.location": str(cluster.ca_file),
            "error_cb": on_error or (lambda _error: None),
            **settings,
        },
    )


def send(producer: Producer, topic: str, value: bytes, timeout_s: float = 20.0) -> None:
    """Produce one record and wait for its outcome; raises `KafkaException`."""
    outcomes: list[KafkaError | None] = []
    producer.produce(topic, value, on_delivery=lambda error, _message: outcomes.append(error))

    def known() -> bool:
        producer.poll(0.05)
        return bool(outcomes)

    wait_for(known, f"the outcome of {value!r}", timeout_s)
    if outcomes[0] is not None:
        raise KafkaException(outcomes[0])


def errors_of(cluster: Cluster, code: int, **settings: object) -> None:
    """Connect with something wrong and wait for that error of librdkafka."""
    seen: list[int] = []
    producer = sasl_producer(cluster, "PLAIN", on_error=lambda error: seen.append(error.code()), **settings)  # type: ignore[arg-type]  # forwarded as they are

    def noticed() -> bool:
        producer.poll(0.05)
        return code in seen

    wait_for(noticed, f"error {code}")
    producer.purge()


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_each_mechanism_writes_over_tls(kafka: Cluster, topic: str, mechanism: str) -> None:
    send(sasl_producer(kafka, mechanism), topic, mechanism.encode())
    assert [record.value for record in kafka.read_all(topic, count=1)] == [mechanism.encode()]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_wrong_password_is_refused(kafka: Cluster, mechanism: str) -> None:
    errors_of(kafka, KafkaError._AUTHENTICATION, password="wrong", **{"sasl.mechanism": mechanism})


def test_a_ca_that_did_not_sign_is_noticed(kafka: Cluster) -> None:
    errors_of(kafka, KafkaError._SSL, **{"ssl.ca.location": str(kafka.certificates.other_ca)})


@pytest.mark.parametrize("listener", ["EXPIRED", "WRONG_HOST"])
def test_a_bad_server_certificate_is_noticed(kafka: Cluster, listener: str) -> None:
    errors_of(kafka, KafkaError._SSL, listener=listener)


def test_writing_needs_a_permission_that_can_be_taken_away(kafka: Cluster, topic: str) -> None:
    producer = sasl_producer(kafka, "SCRAM-SHA-256")
    send(producer, topic, b"allowed")
    kafka.revoke("insights", topic)

    def refused() -> bool:  # the broker learns of it a moment after the controller
        try:
            send(producer, topic, b"forbidden")
        except KafkaException as error:
            return bool(error.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED)
        return False

    wait_for(refused, "the broker refuses the write")


def test_a_rotated_password_counts_at_the_next_login(kafka: Cluster, topic: str) -> None:
    producer = sasl_producer(kafka, "SCRAM-SHA-512", listener="SASL_PROXIED")
    send(producer, topic, b"before")
    old, new = kafka.users["insights"], "another-password"
    kafka.rotate_password("insights", "SCRAM-SHA-512", new)
    try:
        send(producer, topic, b"still logged in")
        send(sasl_producer(kafka, "SCRAM-SHA-512", password=new), topic, b"new password")
        errors_of(kafka, KafkaError._AUTHENTICATION, password=old, **{"sasl.mechanism": "SCRAM-SHA-512"})
    finally:
        kafka.rotate_password("insights", "SCRAM-SHA-512", old)
    assert {record.value for record in kafka.read_all(topic)} == {b"before", b"still logged in", b"new password"}


def test_a_killed_node_comes_back_with_its_records(kafka: Cluster, topic: str) -> None:
    send(plain_producer(kafka.plaintext), topic, b"kept")
    pid = kafka.pid(1)
    kafka.kill(1)
    assert kafka.pid(1) is None
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    kafka.restart(1)
    assert [record.value for record in kafka.read_all(topic, count=1)] == [b"kept"]


def test_a_frozen_node_answers_nothing_until_it_is_thawed(kafka: Cluster, topic: str) -> None:
    producer = plain_producer(kafka.plaintext)
    send(producer, topic, b"before")
    kafka.freeze(1)
    with pytest.raises(TimeoutError):
        send(producer, topic, b"meanwhile", timeout_s=1)
    kafka.thaw(1)
    assert {record.value for record in kafka.read_all(topic, count=2)} == {b"before", b"meanwhile"}


def test_a_lost_ack_means_that_the_record_is_there_all_the_same(kafka: Cluster, topic: str) -> None:
    proxy = kafka.proxy(1)
    lost = proxy.dropped_acks
    producer = plain_producer(kafka.proxied, **{"message.send.max.retries": 0})
    send(producer, topic, b"before")
    proxy.drop_acks(1)
    with pytest.raises(KafkaException):
        send(producer, topic, b"appended")
    assert proxy.dropped_acks == lost + 1
    assert {record.value for record in kafka.read_all(topic)} == {b"before", b"appended"}


def test_a_request_cut_in_the_middle_is_not_appended(kafka: Cluster, topic: str) -> None:
    proxy = kafka.proxy(1)
    cut = proxy.cut_requests
    producer = plain_producer(kafka.proxied, **{"message.send.max.retries": 0})
    send(producer, topic, b"before")
    proxy.cut_requests_mid_way(1)
    with pytest.raises(KafkaException):
        send(producer, topic, b"cut")
    assert proxy.cut_requests == cut + 1
    send(producer, topic, b"after")
    assert {record.value for record in kafka.read_all(topic)} == {b"before", b"after"}


@pytest.mark.parametrize("fault", [Fault.REFUSE, Fault.SILENT, Fault.RESET])
def test_a_fault_at_the_proxy_holds_until_it_is_healed(kafka: Cluster, topic: str, fault: Fault) -> None:
    producer = plain_producer(kafka.proxied)
    send(producer, topic, b"before")
    kafka.proxy(1).fault(fault)
    with pytest.raises(TimeoutError):
        send(producer, topic, b"meanwhile", timeout_s=1)
    assert [record.value for record in kafka.read_all(topic)] == [b"before"]
    kafka.proxy(1).heal()
    assert {record.value for record in kafka.read_all(topic, count=2)} == {b"before", b"meanwhile"}


def test_a_slow_proxy_still_delivers(kafka: Cluster, topic: str) -> None:
    kafka.proxy(1).fault(Fault.SLOW, delay_s=0.05)
    send(plain_producer(kafka.proxied), topic, b"late")
    assert [record.value for record in kafka.read_all(topic)] == [b"late"]


def test_three_nodes_go_on_without_one(kafka3: Cluster, topic3: str) -> None:
    producer = plain_producer(kafka3.plaintext)
    send(producer, topic3, b"before")
    kafka3.kill(2)
    wait_for(lambda: 2 not in kafka3.admin.leaders(topic3).values(), "other nodes lead")
    for partition in range(4):
        producer.produce(topic3, b"without", partition=partition)
    assert producer.flush(20) == 0
    kafka3.restart(2)
    assert len(kafka3.read_all(topic3, count=5)) == 5


@pytest.mark.parametrize(("end", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_the_development_command_tells_how_to_connect_and_leaves_nothing(
    kafka: Cluster, end: signal.Signals, code: int
) -> None:
    command = [sys.executable, "-m", "tests.kafka_cluster", "--json"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        send(plain_producer(told["plaintext"]), told["topic"], b"hello")
        process.send_signal(end)
        assert process.wait(20) == code
    node = int(told["node_pids"]["1"])
    wait_for(lambda: not Path(f"/proc/{node}").exists(), "the node has ended too")
    if end is signal.SIGKILL:  # nobody was left to tidy up
        shutil.rmtree(told["folder"])
    assert not Path(told["folder"]).exists()
