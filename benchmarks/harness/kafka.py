"""A Kafka for a gate program: its own cluster, or one that runs already."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer, TopicPartition

from tests.kafka_cluster import Cluster
from tests.kafka_cluster.admin import _SILENT

PARTITIONS = 4


@contextmanager
def running(nodes: int) -> Iterator[Cluster]:
    """Run a cluster of its own."""
    cluster = Cluster.start(nodes)
    try:
        yield cluster
    finally:
        cluster.stop()


def make_topic(cluster: Cluster, topic: str, partitions: int = PARTITIONS) -> None:
    """Create the topic of a run; segments of 64 MB, nothing deleted before it was read."""
    cluster.create_topic(topic, partitions, segment_bytes=str(64 * 1024**2), retention_ms="-1", retention_bytes="-1")
    cluster.grant("insights", topic)


def ends(bootstrap: str, topic: str, partitions: int = PARTITIONS) -> list[int]:
    """Ask for the end offset of each partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "insights-ends"}, logger=_SILENT)
    try:
        return [
            int(consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30)[1])
            for number in range(partitions)
        ]
    finally:
        consumer.close()
