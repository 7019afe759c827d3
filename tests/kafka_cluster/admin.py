"""Administration of the cluster and reading it back, by librdkafka: a client that is not the one under test."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it re-exports these without saying so
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

if TYPE_CHECKING:
    from concurrent.futures import Future

_ANSWER_S = 30.0
_SILENT = logging.getLogger("tests.kafka_cluster.librdkafka")  # else librdkafka writes to stderr, over the terminal
_SILENT.propagate = False
_SILENT.addHandler(logging.NullHandler())

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands in the topic."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]

    def header(self, name: str) -> str:
        """The one header of that name, as text; `KeyError` where it is missing or repeated."""
        found = [value for key, value in self.headers if key == name]
        if len(found) != 1:
            raise KeyError(f"{len(found)} headers named {name} in {self.headers}")
        return found[0].decode()


class Admin:
    """Topics, ACLs, passwords, records: everything through the PLAINTEXT listener, which administers."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._client = AdminClient({"bootstrap.servers": bootstrap}, logger=_SILENT)

    def brokers(self) -> set[int]:
        """The members that the cluster now names; empty while it does not answer."""
        try:
            return set(self._client.list_topics(timeout=1).brokers)
        except KafkaException:
            return set()

    def topics(self) -> set[str]:
        """Every topic there is."""
        return set(self._client.list_topics(timeout=_ANSWER_S).topics)

    def leaders(self, topic: str) -> dict[int, int]:
        """The leader of each partition, -1 for none."""
        partitions = self._client.list_topics(topic, timeout=_ANSWER_S).topics[topic].partitions
        return {number: partition.leader for number, partition in partitions.items()}

    def create_topic(self, name: str, partitions: int, replication: int, config: dict[str, str]) -> None:
        """Create a topic and wait until every partition has a leader."""
        topic = NewTopic(name, partitions, replication, config=config)
        _answer(self._client.create_topics([topic], operation_timeout=_ANSWER_S)[name])

        def led() -> bool:
            leaders = self.leaders(name)
            return len(leaders) == partitions and all(leader >= 0 for leader in leaders.values())

        _wait(led, f"topic {name} has leaders")

    def delete_topic(self, name: str) -> None:
        """Delete a topic; returns when it is gone."""
        _answer(self._client.delete_topics([name], operation_timeout=_ANSWER_S)[name])
        _wait(lambda: name not in self.topics(), f"topic {name} is gone")

    def grant(self, user: str, topic: str, operations: tuple[str, ...]) -> None:
        """Allow a user operations on one topic; returns when the brokers go by it."""
        for future in self._client.create_acls([_acl(user, topic, operation) for operation in operations]).values():
            _answer(future)
        self._wait_acls(user, topic, lambda allowed: set(operations) <= allowed)

    def revoke(self, user: str, topic: str, operations: tuple[str, ...]) -> None:
        """Take the permissions away again; returns when the brokers go by it."""
        filters = [_acl_filter(user, topic, AclOperation[operation]) for operation in operations]
        for future in self._client.delete_acls(filters).values():
            _answer(future)
        self._wait_acls(user, topic, lambda allowed: not set(operations) & allowed)

    def _wait_acls(self, user: str, topic: str, condition: Callable[[set[str]], bool]) -> None:
        """Wait for what the brokers believe: they learn of a change a moment after the controller has made it.

        The client asks whichever broker it likes, so several answers in a row have to agree.
        """
        asked = 3 * max(1, len(self.brokers()))

        def settled() -> bool:
            found = (
                _answer(self._client.describe_acls(_acl_filter(user, topic, AclOperation.ANY))) for _ in range(asked)
            )
            return all(condition({binding.operation.name for binding in bindings}) for bindings in found)

        _wait(settled, f"the brokers know the permissions of {user} on {topic}")

    def configure_node(self, node: int, name: str, value: str) -> None:
        """Set one of the settings of a node that can be changed while it runs."""
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.BROKER, str(node), incremental_configs=[entry])
        _answer(self._client.incremental_alter_configs([resource])[resource])

    def set_scram_password(self, user: str, mechanism: str, password: str) -> None:
        """Set a SCRAM password. A connection that is already authenticated outlives it."""
        kind = {"SCRAM-SHA-256": ScramMechanism.SCRAM_SHA_256, "SCRAM-SHA-512": ScramMechanism.SCRAM_SHA_512}[mechanism]
        change = UserScramCredentialUpsertion(user, ScramCredentialInfo(kind, 4096), password.encode())
        _answer(self._client.alter_user_scram_credentials([change])[user])

    def read(
        self, topic: str, count: int | None, until: Callable[[list[Record]], bool] | None, timeout_s: float
    ) -> list[Record]:
        """Read a topic from its beginning: see `Cluster.read_all`."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": "insights-tests",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 50,
            },
            logger=_SILENT,
        )
        try:
            return _read(consumer, sorted(self.leaders(topic)), topic, count, until, time.monotonic() + timeout_s)
        finally:
            consumer.close()


def _read(
    consumer: Consumer,
    partitions: list[int],
    topic: str,
    count: int | None,
    until: Callable[[list[Record]], bool] | None,
    deadline: float,
) -> list[Record]:
    ends = {number: _end(consumer, TopicPartition(topic, number), deadline) for number in partitions}
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    open_ended = count is not None or until is not None
    records: list[Record] = []
    reached = dict.fromkeys(partitions, 0)

    def done() -> bool:
        if count is not None and len(records) < count:
            return False
        if until is not None and not until(records):
            return False
        # With a count or a condition too: what already stands behind it is read as well, so that one record too many
        # is seen.
        return all(reached[number] >= ends[number] for number in partitions)

    while not done():
        if time.monotonic() > deadline:
            wanted = f"{count} records" if count is not None else "the condition" if open_ended else f"offsets {ends}"
            raise TimeoutError(f"{topic}: read {len(records)} records to {reached}, but not {wanted}")
        for message in consumer.consume(1000, timeout=0.1):
            record = _record(message)
            records.append(record)
            reached[record.partition] = record.offset + 1
    return records


def _end(consumer: Consumer, partition: TopicPartition, deadline: float) -> int:
    """The offset behind the last record; asks again while the broker is still finding its leaders after a restart."""
    while True:
        try:
            return int(consumer.get_watermark_offsets(partition, timeout=_ANSWER_S)[1])
        except KafkaException:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.02)


def _record(message: Message) -> Record:
    error = message.error()
    if error is not None:
        raise KafkaException(error)
    partition, offset, value = message.partition(), message.offset(), message.value()
    assert partition is not None
    assert offset is not None
    assert value is not None
    headers = tuple(_header(*each) for each in message.headers() or ())
    return Record(partition, offset, message.timestamp()[1], message.key(), value, headers)


def _header(name: str, value: str | bytes | None) -> tuple[str, bytes]:
    return name, value.encode() if isinstance(value, str) else value or b""


def _acl(user: str, topic: str, operation: str) -> AclBinding:
    return AclBinding(
        ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, f"User:{user}", "*", AclOperation[operation],
        AclPermissionType.ALLOW,
    )  # fmt: skip


def _acl_filter(user: str, topic: str, operation: AclOperation) -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, f"User:{user}", "*", operation, AclPermissionType.ALLOW
    )


def _answer(future: "Future[T]") -> T:
    return future.result(timeout=_ANSWER_S)


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _ANSWER_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {_ANSWER_S:g} s: {what}")
        time.sleep(0.02)
