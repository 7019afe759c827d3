"""Is the set of payloads in the topic the set that was answered 2xx? Verified by ids, never by counters or offsets.

`python -m benchmarks.set_equality [--payloads 100000] [--broker apache|mock]` starts a Kafka and an agent of its own,
posts NDJSON to `/v1/payloads`, reads the topic back and prints the figures. Exits 1 where the sets differ.
"""

import argparse
import json
import logging
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Self

import httpx
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.kafka_cluster import Cluster
from tests.support import AgentProcess
from tests.support.connect import connect_plaintext, connect_sasl

_SILENT = logging.getLogger("benchmarks.librdkafka")  # else it writes to stderr
_SILENT.propagate = False
_SILENT.addHandler(logging.NullHandler())
_TOPIC = "set-equality"
_PARTITIONS = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one run."""

    posted: int
    accepted: int
    """Answered 2xx."""
    refused: int
    read: int
    """Different payloads in the topic."""
    missing: int
    """Answered 2xx and not in the topic."""
    foreign: int
    """In the topic and never answered 2xx."""
    duplicates: int
    """Records beyond the first of the same payload."""
    accept_s: float
    """Seconds from the first request to the last answer."""
    deliver_s: float
    """Seconds from the first request until the last payload was read from the topic."""
    equation_holds: bool

    @property
    def equal(self) -> bool:
        """Whether the sets are the same, with nothing twice and every count in balance."""
        return self.equation_holds and not (self.missing or self.foreign or self.duplicates)


class TopicReader:
    """Reads request ids from a topic while they come: librdkafka's mock broker soon forgets what it holds."""

    def __init__(self, servers: str, topic: str) -> None:
        self.seen: Counter[str] = Counter()
        self._consumer = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": "set-equality",
                "enable.auto.commit": False,
                # a leader that hangs is left for the new one before the reader is taken to have read all
                "socket.timeout.ms": 5000,
                "topic.metadata.refresh.interval.ms": 2000,
            },
            logger=_SILENT,
        )
        self._consumer.assign([TopicPartition(topic, number, 0) for number in range(_PARTITIONS)])
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, name="topic-reader")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._consumer.close()

    def _read(self) -> None:
        while not self._over.is_set():
            for message in self._consumer.consume(5000, timeout=0.1):
                value = message.value()
                if message.error() is None and value is not None:
                    self.seen[json.loads(value)["request_id"]] += 1


def run(agent: AgentProcess, reader: TopicReader, payloads: int, *, batch: int = 100, connections: int = 4) -> Outcome:
    """Post `payloads` in NDJSON batches over several connections, then hold the topic against the answers."""
    url = agent.url
    began = time.monotonic()
    batches = [[f"req-{uuid.uuid4()}" for _ in range(min(batch, payloads - at))] for at in range(0, payloads, batch)]
    with ThreadPoolExecutor(connections) as pool:
        answered = pool.map(lambda part: _post(url, part), [batches[each::connections] for each in range(connections)])
        accepted = set().union(*answered)
    accept_s = time.monotonic() - began
    _settle(agent, reader, accepted)
    deliver_s = time.monotonic() - began
    snapshot = agent.snapshot()
    read = set(reader.seen)
    return Outcome(
        posted=payloads,
        accepted=len(accepted),
        refused=payloads - len(accepted),
        read=len(read),
        missing=len(accepted - read),
        foreign=len(read - accepted),
        duplicates=reader.seen.total() - len(read),
        accept_s=accept_s,
        deliver_s=deliver_s,
        equation_holds=bool(snapshot["balanced"])
        and snapshot["counts"]["accepted"] == snapshot["counts"]["delivered"] == len(accepted),
    )


def _post(url: str, batches: list[list[str]]) -> set[str]:
    """Post batches one after the other over one connection; gives the ids answered 2xx."""
    accepted: set[str] = set()
    with httpx.Client(base_url=url, timeout=60) as client:
        for ids in batches:
            body = b"".join(_line(request_id, number) for number, request_id in enumerate(ids))
            answer = client.post("/v1/payloads", content=body, headers={"Content-Type": "application/x-ndjson"})
            if answer.is_success:
                accepted.update(ids)
    return accepted


def _line(request_id: str, number: int) -> bytes:
    payload = {
        "request_id": request_id,
        "algorithm_owner": "asli",
        "algorithm_name": "credit_card_approval",
        "algorithm_version": "1.0.6",
        "duration_milliseconds": number,
        "risk_score": number / 1000,
        "approved": number % 2,
    }
    return json.dumps(payload).encode() + b"\n"


def _settle(agent: AgentProcess, reader: TopicReader, accepted: set[str]) -> None:
    """Wait until everything accepted has an outcome and has been read, or nothing moves any more."""
    last, since = -1, time.monotonic()
    while len(reader.seen) < len(accepted) or _pending(agent):
        moved = reader.seen.total()
        if moved != last:
            last, since = moved, time.monotonic()
        elif time.monotonic() - since > 20:
            return
        time.sleep(0.02)


def _pending(agent: AgentProcess) -> int:
    counts = agent.snapshot()["counts"]
    return int(counts["queued"] + counts["in_flight"] + counts["retrying"])


@contextmanager
def _against(broker: str, agent: AgentProcess) -> Iterator[str]:
    """Connect the agent to a broker of that kind; gives servers to read from."""
    if broker == "mock":
        mock = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 3}, logger=_SILENT)
        mock.list_topics(_TOPIC, timeout=10)  # the mock creates a topic on first use, the agent never does
        servers = ",".join(f"{each.host}:{each.port}" for each in mock.list_topics(timeout=10).brokers.values())
        connect_plaintext(agent, servers, _TOPIC)
        yield servers
        mock.purge()
        return
    cluster = Cluster.start(1)
    try:
        cluster.create_topic(_TOPIC, _PARTITIONS)
        cluster.grant("insights", _TOPIC)
        connect_sasl(agent, cluster, _TOPIC)
        yield cluster.plaintext
    finally:
        cluster.stop()


def main() -> int:
    """Run it at full size and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payloads", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--broker", choices=("apache", "mock"), default="apache")
    arguments = parser.parse_args()
    agent = AgentProcess().start()
    try:
        with _against(arguments.broker, agent) as servers, TopicReader(servers, _TOPIC) as reader:
            outcome = run(agent, reader, arguments.payloads, batch=arguments.batch, connections=arguments.connections)
    finally:
        agent.close()
    print(json.dumps({"broker": arguments.broker, **asdict(outcome), "equal": outcome.equal}))
    return 0 if outcome.equal else 1


if __name__ == "__main__":
    sys.exit(main())
