"""Read the `insights-id` of every record in a topic: for loads whose payloads carry no number."""

from collections import Counter

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from benchmarks.harness.kafka import PARTITIONS, ends
from tests.kafka_cluster.admin import _SILENT


def read_ids(bootstrap: str, topic: str, partitions: int = PARTITIONS) -> Counter[str]:
    """Read the topic from its beginning to its present end; how often each id is in it."""
    open_until = dict(enumerate(ends(bootstrap, topic, partitions)))
    reached = dict.fromkeys(open_until, 0)
    found: Counter[str] = Counter()
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "insights-ids", "enable.auto.commit": False}, logger=_SILENT
    )
    try:
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in open_until])
        while any(reached[number] < end for number, end in open_until.items()):
            for message in consumer.consume(5000, timeout=0.5):
                if message.error() is None:
                    partition, offset = message.partition(), message.offset()
                    assert partition is not None
                    assert offset is not None
                    reached[partition] = offset + 1
                    headers = dict(message.headers() or ())
                    found[_text(headers.get("insights-id"))] += 1
    finally:
        consumer.close()
    return found


def _text(value: str | bytes | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""
