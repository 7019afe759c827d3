"""librdkafka's mock cluster, and reading back what it holds."""

import logging
from collections.abc import Sequence
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from insights_tui.domain.connection import Connection, Server

_QUIET = logging.getLogger("librdkafka")  # without a logger librdkafka writes to stderr
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


class MockCluster:
    """Brokers inside this process; the producer that holds them also makes topics exist."""

    def __init__(self, brokers: int = 3) -> None:
        self._holder = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": brokers}, logger=_QUIET)
        self._holder.list_topics(timeout=10)
        self.servers: Sequence[str] = tuple(
            f"{broker.host}:{broker.port}" for broker in self._holder.list_topics(timeout=10).brokers.values()
        )

    def create(self, topic: str) -> None:
        """Make a topic: the mock does so on the first question for it (4 partitions)."""
        self._holder.list_topics(topic, timeout=10)

    def connection(self, topic: str) -> Connection:
        """Describe how to connect to it."""
        servers = (server.rsplit(":", 1) for server in self.servers)
        return Connection(topic=topic, servers=tuple(Server(host, int(port)) for host, port in servers))

    def read(self, topic: str, count: int) -> list[Any]:
        """Read `count` records of a topic from its beginning."""
        consumer = Consumer(
            {
                "bootstrap.servers": ",".join(self.servers),
                "group.id": "reader",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
            },
            logger=_QUIET,
        )
        try:
            partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
            consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
            records: list[Any] = []
            while len(records) < count:
                found = consumer.consume(count - len(records), timeout=20)
                assert found, f"{len(records)} of {count} records"
                assert all(record.error() is None for record in found)
                records += found
            return records
        finally:
            consumer.close()

    def close(self) -> None:
        """End the brokers."""
        self._holder.flush(1)
        del self._holder
