"""Read numbered payloads from a topic while it fills, in a process of its own: `TopicReader`.

What it has seen is in a file that both processes map: a byte a number for how often, eight for its `insights-id`.
"""

import argparse
import logging
import mmap
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from benchmarks.harness import payloads

RECORDS, DISTINCT, DUPLICATES, OTHER_ID, ALTERED, FOREIGN, GAPS, MOVED_MS = range(8)
"""Places in the head: records read, numbers seen, records beyond the first of a number, those of them under another
id, records whose metrics are not those of their number, records without a number, records that Kafka had already
deleted, and the wall time of the last record in milliseconds. Behind them the position in each partition."""
_POSITIONS = 64
_HEAD = 4096
_ROOT = Path(__file__).parents[2]


class TopicReader:
    """Reads a topic from its beginning until the `with` ends; `capacity` bounds the numbers."""

    def __init__(self, bootstrap: str, topic: str, *, partitions: int = 4, capacity: int = 10_000_000) -> None:
        descriptor, name = tempfile.mkstemp(prefix="insights-reader-")
        os.close(descriptor)
        self._file = Path(name)
        self.map = Map(self._file, capacity, create=True)
        self._partitions = partitions
        self._command = [
            sys.executable, "-m", "benchmarks.harness.reader", bootstrap, topic, str(partitions), str(capacity), name,
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, cwd=_ROOT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()
        self.close()

    def close(self) -> None:
        """Remove the file; what was seen stays readable."""
        self._file.unlink()

    def __getitem__(self, place: int) -> int:
        """Read a figure of the head."""
        return int(self.map.head[place])

    @property
    def counts(self) -> Sequence[int]:
        """How often each number was read (at most 255 times)."""
        return self.map.counts

    def wait_end(self, ends: Sequence[int], timeout_s: float = 120.0) -> None:
        """Wait until it has read up to these end offsets; `TimeoutError` where it does not get there."""
        deadline = time.monotonic() + timeout_s
        while any(self.map.head[_POSITIONS + number] < end for number, end in enumerate(ends)):
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError(f"the reader ended with exit code {self._process.returncode}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"the reader did not reach {ends}, but {list(self.map.head[_POSITIONS:][:8])}")
            time.sleep(0.05)


class Map:
    """The mapped file."""

    def __init__(self, file: Path, capacity: int, *, create: bool = False) -> None:
        size = _HEAD + capacity * 8 + capacity
        with file.open("r+b") as opened:
            if create:
                opened.truncate(size)  # sparse: only what is used takes room
            view = memoryview(mmap.mmap(opened.fileno(), size))
        self.capacity = capacity
        self.head = view[:_HEAD].cast("q")
        self.ids = view[_HEAD : _HEAD + capacity * 8].cast("Q")
        self.counts = view[_HEAD + capacity * 8 :]


def _read(bootstrap: str, topic: str, partitions: int, seen: Map) -> None:
    quiet = logging.getLogger("benchmarks.reader")
    quiet.propagate = False
    quiet.addHandler(logging.NullHandler())
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "insights-reader",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
            "queued.max.messages.kbytes": 65536,
            # a leader that hangs is left for the new one before the reader is taken to have read all
            "socket.timeout.ms": 5000,
            "topic.metadata.refresh.interval.ms": 2000,
        },
        logger=quiet,
    )
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(partitions)])
    over = False

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal over
        over = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program, which ends this process
    parent = os.getppid()
    while not over and os.getppid() == parent:
        messages = consumer.consume(5000, timeout=0.2)
        if messages:
            note(messages, seen)
    consumer.close()


def note(messages: Sequence[Any], seen: Map) -> None:
    """Note messages of librdkafka."""
    head, counts, ids = seen.head, seen.counts, seen.ids
    for message in messages:
        error = message.error()
        if error is not None:
            continue  # it goes on by itself; what Kafka deleted shows as a gap
        place = _POSITIONS + message.partition()
        offset = message.offset()
        head[GAPS] += max(0, offset - head[place])
        head[place] = offset + 1
        head[RECORDS] += 1
        value = message.value() or b""
        number = payloads.number_of(value)
        if number is None or number >= seen.capacity:
            head[FOREIGN] += 1
            continue
        if not value.startswith(payloads.metrics(number)):
            head[ALTERED] += 1
        identity = _identity(message.headers())
        if counts[number]:
            head[DUPLICATES] += 1
            if ids[number] != identity:
                head[OTHER_ID] += 1
            if counts[number] < 255:
                counts[number] += 1
        else:
            head[DISTINCT] += 1
            counts[number] = 1
            ids[number] = identity
    head[MOVED_MS] = int(time.time() * 1000)


def _identity(headers: Any) -> int:
    """Read the random end of the `insights-id`; 0 where there is none."""
    for name, value in headers or ():
        if name == "insights-id":
            return int(value[-17:].replace(b"-", b""), 16)
    return 0


def main() -> None:
    """Read until SIGTERM, or until the process that started this one is gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bootstrap")
    parser.add_argument("topic")
    parser.add_argument("partitions", type=int)
    parser.add_argument("capacity", type=int)
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    _read(given.bootstrap, given.topic, given.partitions, Map(given.file, given.capacity))


if __name__ == "__main__":
    main()
