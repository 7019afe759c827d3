"""Payloads per second of the engine beside confluent-kafka's `produce()` with a callback, in the same run.

    python -m benchmarks.engine [--kafka [--sasl-ssl] | --bootstrap HOST:PORT] [--payloads N] [--rounds N]
        [--compression zstd]

Both send the same values of 300 bytes with the same three headers and acks=all, take turns, and may have as many
payloads pending as librdkafka's default queue holds (100,000). `--kafka` starts an Apache Kafka of its own, with
`--sasl-ssl` both send over TLS with SCRAM-SHA-512; with neither it runs against librdkafka's mock cluster in a process
of its own. What arrived is counted at the brokers (end offsets). Gate R17: ratio >= 1.
"""

import argparse
import asyncio
import gc
import json
import logging
import random
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import uvloop
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from insights_tui.delivery.engine import Engine
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.domain.clock import SystemClock
from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from insights_tui.domain.payload import Draft
from insights_tui.spool.memory import MemorySpool

PENDING = 100_000
USER = "insights"
QUIET = logging.getLogger("librdkafka")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False


@dataclass(frozen=True)
class Figure:
    """What one turn measured."""

    per_s: float
    cpu_us: float
    p99_s: float | None = None


@dataclass(frozen=True)
class Way:
    """TLS with SCRAM-SHA-512."""

    bootstrap: str
    ca_pem: str
    password: str

    def connection(self, topic: str) -> Connection:
        """Give it as the engine takes it."""
        servers = tuple(Server(host, int(port)) for host, port in (one.rsplit(":", 1) for one in self._each()))
        return Connection(
            topic, servers, ConnectionType.SASL_SSL, Mechanism.SCRAM_SHA_512, USER, Secret(self.password), self.ca_pem
        )

    def options(self) -> dict[str, str]:
        """Give it as librdkafka takes it."""
        return {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": USER,
            "sasl.password": self.password,
            "ssl.ca.pem": self.ca_pem,
        }

    def _each(self) -> list[str]:
        return self.bootstrap.split(",")


def make_drafts(count: int, size: int) -> list[Draft]:
    """Make payloads as an algorithm reports them; random numbers, so that compression has work to do."""
    drafts = []
    rng = random.Random(7)  # noqa: S311 - the same payloads in every run
    for _ in range(count):
        value = {
            "risk_score": rng.random(),
            "duration_milliseconds": rng.randint(1, 900),
            "algorithm_owner": "demo",
            "algorithm_name": "CreditCardApproval",
            "algorithm_version": "1.0.0",
            "algorithmia_session_id": str(uuid.UUID(int=rng.getrandbits(128))),
            "request_id": f"req-{uuid.UUID(int=rng.getrandbits(128))}",
            "time": "2026-11-22T12:04:31.120Z",
        }
        text = json.dumps(value).encode()
        value["note"] = "x" * max(0, size - len(text) - 12)
        drafts.append(Draft(str(uuid.UUID(int=rng.getrandbits(128))), json.dumps(value).encode()))
    return drafts


async def engine_turn(bootstrap: str, topic: str, drafts: Sequence[Draft], args: argparse.Namespace) -> Figure:
    """Accept everything through the engine and wait for the last acknowledgement."""
    servers = tuple(Server(host, int(port)) for host, port in (one.rsplit(":", 1) for one in bootstrap.split(",")))
    settings = DeliverySettings(
        compression=args.compression, batch_bytes=args.batch_bytes, idempotent=not args.at_least_once
    )
    engine = Engine(spool=MemorySpool(), clock=SystemClock(), settings=settings, on_occurrence=lambda _: None)
    await engine.start()
    engine.use(args.way.connection(topic) if args.way else Connection(topic=topic, servers=servers))
    await engine.deliver(Draft("warm-up", b"{}"), 20)
    cpu, started = time.process_time(), time.perf_counter()
    chunk = args.chunk
    for first in range(0, len(drafts), chunk):
        await engine.accept(drafts[first : first + chunk])
        if first % 1000 == 0:
            await asyncio.sleep(0)
            while engine.pending > PENDING:  # noqa: ASYNC110 - as a producer polls
                await asyncio.sleep(0.001)
    while engine.pending:  # noqa: ASYNC110 - as a producer flushes
        await asyncio.sleep(0.001)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    status = engine.status()
    assert status.counts.delivered == len(drafts) + 1, status.counts
    assert status.counts.balanced
    await engine.stop(1)
    return Figure(len(drafts) / seconds, cpu / len(drafts) * 1e6, status.latency.p99)


def confluent_turn(bootstrap: str, topic: str, drafts: Sequence[Draft], args: argparse.Namespace) -> Figure:
    """Produce everything through librdkafka, a callback for each."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "acks": "all",
            "compression.type": args.compression,
            "queue.buffering.max.messages": PENDING,
            "topic.metadata.refresh.interval.ms": 60000,
            **(args.way.options() if args.way else {}),
        },
        logger=QUIET,
    )
    delivered = failed = 0

    def done(error: Any, _: Any) -> None:
        nonlocal delivered, failed
        if error is None:
            delivered += 1
        else:
            failed += 1

    content_type = ("content-type", b"application/json")
    producer.produce(topic, b"{}", on_delivery=done)
    producer.flush(20)
    cpu, started = time.process_time(), time.perf_counter()
    for number, draft in enumerate(drafts):
        if number % args.chunk == 0:
            accepted = ("insights-accepted-at", b"%d" % (time.time() * 1000))
            producer.poll(0)
        headers: list[tuple[str, str | bytes | None]] = [("insights-id", draft.id.encode()), accepted, content_type]
        while True:
            try:
                producer.produce(topic, draft.value, on_delivery=done, headers=headers)
                break
            except BufferError:
                producer.poll(0.001)
    producer.flush()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    assert (delivered, failed) == (len(drafts) + 1, 0), (delivered, failed)
    return Figure(len(drafts) / seconds, cpu / len(drafts) * 1e6)


def stored(bootstrap: str, topic: str) -> int:
    """Count what the brokers hold."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "count"}, logger=QUIET)
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        return sum(consumer.get_watermark_offsets(TopicPartition(topic, number), 10)[1] for number in partitions)
    finally:
        consumer.close()


def make_topic(bootstrap: str, topic: str, partitions: int, *, mock: bool) -> None:
    """Create a topic and wait until every partition has a leader."""
    admin = AdminClient({"bootstrap.servers": bootstrap}, logger=QUIET)
    if not mock:  # the mock creates a topic of 4 partitions when asked for it
        for created in admin.create_topics([NewTopic(topic, partitions, 1)]).values():
            created.result(20)
    while True:
        seen = admin.list_topics(topic, timeout=10).topics[topic].partitions
        if len(seen) >= (4 if mock else partitions) and all(part.leader >= 0 for part in seen.values()):
            return
        time.sleep(0.05)


def serve_mock() -> None:
    """Hold a mock cluster until standard input ends."""
    holder = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1}, logger=QUIET)
    brokers = holder.list_topics(timeout=10).brokers.values()
    print(",".join(f"{broker.host}:{broker.port}" for broker in brokers), flush=True)
    sys.stdin.read()


def measure(bootstrap: str, args: argparse.Namespace) -> None:
    """Take turns, and print what came of it."""
    drafts = make_drafts(args.payloads, args.size)
    gc.freeze()  # the input is not what is measured: the collector need not go through it again and again
    ours: list[Figure] = []
    theirs: list[Figure] = []
    for number in range(args.rounds):
        for name in ("engine", "confluent") if number % 2 == 0 else ("confluent", "engine"):
            topic = f"bench-{uuid.uuid4().hex[:8]}"
            make_topic(bootstrap, topic, args.partitions, mock=args.mock)
            if args.way:
                args.grant(topic)
            if name == "engine":
                figure = uvloop.run(engine_turn(bootstrap, topic, drafts, args))
                ours.append(figure)
            else:
                figure = confluent_turn(bootstrap, topic, drafts, args)
                theirs.append(figure)
            count = stored(bootstrap, topic)
            assert count == len(drafts) + 1, f"{count} stored of {len(drafts) + 1}"
            late = f"  p99 {figure.p99_s:.3f} s" if figure.p99_s is not None else ""
            print(f"round {number + 1} {name:9} {figure.per_s:9,.0f}/s  {figure.cpu_us:5.2f} us CPU/payload{late}")
    engine, confluent = (statistics.median(one.per_s for one in figures) for figures in (ours, theirs))
    print(
        f"median: engine {engine:,.0f}/s ({statistics.median(one.cpu_us for one in ours):.2f} us), "
        f"confluent {confluent:,.0f}/s ({statistics.median(one.cpu_us for one in theirs):.2f} us), "
        f"compression {args.compression}: ratio {engine / confluent:.2f}"
    )


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap", help="HOST:PORT of a plaintext listener; default: a mock cluster")
    parser.add_argument("--kafka", action="store_true", help="an Apache Kafka of its own")
    parser.add_argument("--sasl-ssl", action="store_true", help="with --kafka: over TLS, with SCRAM-SHA-512")
    parser.add_argument("--payloads", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--chunk", type=int, default=100, help="payloads in one accept()")
    parser.add_argument("--compression", default="zstd", choices=["none", "gzip", "snappy", "lz4", "zstd"])
    parser.add_argument("--batch-bytes", type=int, default=DeliverySettings.batch_bytes)
    parser.add_argument("--at-least-once", action="store_true", help="the engine without producer ids")
    parser.add_argument("--serve-mock", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.way, args.mock = None, not (args.bootstrap or args.kafka)
    if args.serve_mock:
        serve_mock()
    elif args.kafka:
        from tests.kafka_cluster import Cluster  # needed by this way alone

        cluster = Cluster.start(1)
        try:
            if args.sasl_ssl:
                args.way = Way(cluster.sasl_ssl, cluster.ca_pem, cluster.users[USER])
                args.grant = lambda topic: cluster.grant(USER, topic)
            measure(cluster.plaintext, args)
        finally:
            cluster.stop()
    elif args.bootstrap:
        measure(args.bootstrap, args)
    else:
        with subprocess.Popen(
            [sys.executable, __file__, "--serve-mock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as mock:
            assert mock.stdout is not None
            assert mock.stdin is not None
            try:
                measure(mock.stdout.readline().strip(), args)
            finally:
                mock.stdin.close()


if __name__ == "__main__":
    main()
