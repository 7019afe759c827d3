"""Reads the demo's topic back as it fills: the mock keeps about 5 MB a partition and forgets the rest."""

import threading
from types import TracebackType
from typing import Any, Self

import msgspec

from insights_tui.cli.demo.mock_kafka import TOPIC, silent_logger

_BATCH = 1_000
_WAIT_S = 0.2


class _Value(msgspec.Struct):
    demo_number: int = 0


class TopicReader:
    """A thread that collects the numbers of the payloads in the topic; started and ended by `with`."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, name="demo-reader", daemon=True)
        self.numbers: set[int] = set()
        self.doubled = 0
        """Payloads that were there before with the same number."""
        self.forgotten = 0
        """Records that the mock forgot before they were read: of these nothing can be said."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _read(self) -> None:
        from confluent_kafka import Consumer, TopicPartition

        config = {
            "bootstrap.servers": self._bootstrap,
            "group.id": "insights-demo",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
        }
        consumer: Any = Consumer(config, logger=silent_logger())
        try:
            partitions = consumer.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions
            consumer.assign([TopicPartition(TOPIC, partition, 0) for partition in partitions])
            following = dict.fromkeys(partitions, 0)
            decode = msgspec.json.Decoder(_Value).decode
            while not self._over.is_set():
                for message in consumer.consume(_BATCH, _WAIT_S):
                    if message.error() is None:
                        partition, offset = message.partition(), message.offset()
                        self.forgotten += max(0, offset - following[partition])
                        following[partition] = offset + 1
                        self._take(decode(message.value()).demo_number)
        finally:
            consumer.close()

    def _take(self, number: int) -> None:
        if number in self.numbers:
            self.doubled += 1
        elif number:  # a test payload sent by hand has none
            self.numbers.add(number)
