"""Reading a topic in single requests: where it begins and ends, and what stands in between.

aiokafka's own consumer is left out: its metadata requests allow the topic to be created, its fetcher retries behind
our back, and it takes whatever comes. Protocol: https://kafka.apache.org/protocol#The_Messages_Fetch.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record.memory_records import MemoryRecords

from insights_tui.domain.tail import Seen

LATEST, EARLIEST = -1, -2
MAX_PARTITION_BYTES = 128 * 1024
MAX_BYTES = 512 * 1024
"""Bytes asked for in one request; a broker gives one whole batch even where it is larger."""
_CONSUMER = -1
_UNCOMMITTED = 0


class Fetched(NamedTuple):
    """What one partition answered."""

    partition: int
    code: int
    end: int
    """The offset behind its last record."""
    raw: bytes
    """Record batches; the last one may be incomplete."""


def ends_request(topic: str, partitions: Iterable[int], at: int) -> OffsetRequest:
    """Ask where partitions begin (`EARLIEST`) or end (`LATEST`)."""
    return OffsetRequest(_CONSUMER, _UNCOMMITTED, [(topic, [(partition, at) for partition in partitions])])


def read_ends(answer: Any) -> dict[int, tuple[int, int]]:
    """Read partition, error code and offset."""
    return {part[0]: (part[1], part[3]) for _, parts in answer.topics for part in parts}


def fetch_request(topic: str, positions: Mapping[int, int], *, wait_s: float) -> FetchRequest:
    """Ask for records from these positions on; the broker answers after `wait_s` seconds where there is none."""
    asked = [(partition, position, MAX_PARTITION_BYTES) for partition, position in positions.items()]
    return FetchRequest(int(wait_s * 1000), 1, MAX_BYTES, _UNCOMMITTED, [(topic, asked)])


def read_fetch(answer: Any) -> list[Fetched]:
    """Read what each partition answered, without looking into its records yet."""
    return [Fetched(part[0], part[1], part[2], bytes(part[-1] or b"")) for _, parts in answer.topics for part in parts]


class Batches:
    """The records of a partition's answer from a position on; `next` is where to go on."""

    def __init__(self, fetched: Fetched, position: int) -> None:
        self._fetched = fetched
        self.next = position
        """The position behind the last record that was read."""
        self.damaged = False
        """Whether something could not be read; `next` is then behind all that was fetched."""

    def __iter__(self) -> Iterator[Seen]:
        try:
            yield from self._records()
        except Exception:  # noqa: BLE001 - a broken batch or codec of another producer must not end the tail
            self.damaged = True
            self.next = max(self.next, self._fetched.end)

    def _records(self) -> Iterator[Seen]:
        records = MemoryRecords(self._fetched.raw)
        while records.has_next():
            batch = records.next_batch()
            if not batch.is_control_batch and batch.validate_crc():
                for record in batch:
                    if record.offset >= self.next:
                        self.next = record.offset + 1
                        yield _seen(self._fetched.partition, record)
            self.next = max(self.next, batch.next_offset)


def _seen(partition: int, record: Any) -> Seen:
    name = next((value for header, value in record.headers or () if header == "insights-id"), None) or b""
    return Seen(
        at_ms=record.timestamp if record.timestamp is not None else 0,
        id=bytes(name[:200]).decode("utf-8", "replace"),
        value=bytes(record.value or b""),
        key=None if record.key is None else bytes(record.key),
        partition=partition,
        offset=record.offset,
    )
