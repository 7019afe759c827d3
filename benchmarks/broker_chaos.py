"""Gate R5 for the engine alone: a three-node Apache Kafka broken at random under load. Nothing lost, nothing twice.

    python -m benchmarks.broker_chaos [--seconds 300] [--rate 2000] [--seed N] [--at-once 1] [--at-least-once]

The engine runs in this process with the spool in memory. Meanwhile one broker after the other is frozen, killed or
restarted, acknowledgements are dropped and requests cut in the middle at the fault proxies, connections are reset, and
brokers go silent for this client alone; with `--at-once 2` two of these overlap, at two brokers. The ids accepted are
held against the ids in the topic, duplicates included.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from insights_tui.delivery.engine import Engine
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.delivery.status import EngineStatus
from insights_tui.domain.clock import SystemClock
from insights_tui.domain.connection import Connection, Server
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.payload import Draft
from insights_tui.spool.memory import MemorySpool
from tests.kafka_cluster import Cluster

TOPIC = "broker-chaos"
TICK_S = 0.02
DRAIN_S = 120.0


@dataclass
class Outcome:
    """What came of a run."""

    accepted: int = 0
    missing: int = 0
    """Accepted, and neither in the topic nor counted as lost."""
    lost: int = 0
    duplicates: int = 0
    """Records beyond the first of the same id."""
    foreign: int = 0
    unbalanced: int = 0
    """Looks at which the equation did not hold."""
    seconds: float = 0.0
    drain_s: float = 0.0
    """From the end of the load and of the faults until nothing was pending."""
    p99_s: float | None = None
    """The worst p99 of any minute, acceptance to acknowledgement."""
    generations: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)

    @property
    def passed(self) -> bool:
        """Whether the sets are equal, each payload in the topic once."""
        return not (self.missing or self.lost or self.duplicates or self.foreign or self.unbalanced)


class Breaker:
    """Breaks one thing and mends it; several may be at it at once, each at another broker."""

    def __init__(
        self, cluster: Cluster, rng: random.Random, faults: Counter[str], busy: set[int] | None = None
    ) -> None:
        self._cluster, self._rng, self._faults = cluster, rng, faults
        self._busy = set() if busy is None else busy
        """Brokers at which something is broken."""
        self._acts: dict[str, tuple[int, Callable[[int], None]]] = {
            "acks dropped": (4, lambda node: cluster.proxy(node).drop_acks(rng.randint(1, 3))),
            "requests cut": (4, lambda node: cluster.proxy(node).cut_requests_mid_way(rng.randint(1, 3))),
            "connections reset": (3, lambda node: cluster.proxy(node).reset_all()),
            "frozen": (3, self._freeze),
            "killed": (2, self._kill),
            "silent": (2, self._silence),
        }

    def step(self) -> None:
        """Break one thing; returns when it is mended."""
        names = list(self._acts)
        (name,) = self._rng.choices(names, [self._acts[one][0] for one in names])
        node = self._rng.choice([one for one in self._cluster.nodes if one not in self._busy])
        self._faults[name] += 1
        if self._busy:
            self._faults["while another lasted"] += 1
        self._busy.add(node)
        try:
            self._acts[name][1](node)
        finally:
            self._busy.discard(node)
        time.sleep(self._rng.uniform(0.1, 2.0))

    def _freeze(self, node: int) -> None:
        self._cluster.freeze(node)
        time.sleep(self._rng.uniform(0.5, 14.0))
        self._cluster.thaw(node)

    def _kill(self, node: int) -> None:
        self._cluster.kill(node)
        time.sleep(self._rng.uniform(0.0, 4.0))
        self._cluster.restart(node)

    def _silence(self, node: int) -> None:
        proxy = self._cluster.proxy(node)
        proxy.fault("silent")
        time.sleep(self._rng.uniform(0.5, 14.0))
        proxy.heal()


def through_proxies(cluster: Cluster, topic: str = TOPIC) -> Connection:
    """Connect through the fault proxies."""
    servers = (one.rsplit(":", 1) for one in cluster.proxied.split(","))
    return Connection(topic, tuple(Server(host, int(port)) for host, port in servers))


async def run(
    cluster: Cluster,
    *,
    rate: int,
    until: Callable[[Outcome], bool],
    fault: Callable[[Outcome], None],
    topic: str = TOPIC,
    settings: DeliverySettings | None = None,
    connection: Connection | None = None,
    at_once: int = 1,
) -> Outcome:
    """Send `rate` payloads a second while `fault` breaks one thing after the other, until `until` holds.

    `at_once` of them go on at a time, each in a thread of its own.
    """
    outcome = Outcome()
    engine = Engine(
        spool=MemorySpool(),
        clock=SystemClock(),
        settings=settings or DeliverySettings(),
        on_occurrence=lambda one: _note(outcome, one),
    )
    await engine.start()
    engine.use(connection or through_proxies(cluster, topic))
    accepted: set[str] = set()
    began = time.monotonic()
    breaking: set[asyncio.Task[None]] = set()
    try:
        while not until(outcome) or breaking:
            for one in [one for one in breaking if one.done()]:
                one.result()
                breaking.discard(one)
            while len(breaking) < at_once and not until(outcome):
                breaking.add(asyncio.create_task(asyncio.to_thread(fault, outcome)))
            due = int((time.monotonic() - began) * rate) - len(accepted)
            ids = [f"chaos-{number}" for number in range(len(accepted), len(accepted) + due)]
            if ids:
                await engine.accept(
                    [Draft(one, b'{"n": "%s", "pad": "%s"}' % (one.encode(), b"x" * 200)) for one in ids]
                )
                accepted.update(ids)
            _look(outcome, engine.status(), began)
            await asyncio.sleep(TICK_S)
        ended = time.monotonic()
        await asyncio.to_thread(cluster.heal)
        while engine.pending and time.monotonic() < ended + DRAIN_S:
            _look(outcome, engine.status(), began)
            await asyncio.sleep(TICK_S)
        outcome.drain_s = time.monotonic() - ended
    finally:
        status = engine.status()
        await engine.stop(1.0)
    records = Counter(
        dict(one.headers)["insights-id"].decode()
        for one in await asyncio.to_thread(cluster.read_all, topic, timeout_s=120.0)
    )
    outcome.accepted, outcome.lost = len(accepted), status.counts.lost
    outcome.missing = len(accepted - set(records))
    outcome.foreign = len(set(records) - accepted)
    outcome.duplicates = records.total() - len(records)
    return outcome


def _note(outcome: Outcome, occurrence: Occurrence) -> None:
    outcome.told[occurrence.code] += 1


def _look(outcome: Outcome, status: EngineStatus, began: float) -> None:
    outcome.seconds = time.monotonic() - began
    outcome.unbalanced += not status.counts.balanced
    outcome.generations = status.link.generation
    if status.latency.p99 is not None:
        outcome.p99_s = max(outcome.p99_s or 0.0, status.latency.p99)


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--rate", type=int, default=2000, help="payloads a second")
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--at-once", type=int, choices=(1, 2), default=1, help="faults that overlap")
    parser.add_argument("--at-least-once", action="store_true", help="without producer ids, to see the difference")
    args = parser.parse_args()
    cluster = Cluster.start(3)
    try:
        cluster.create_topic(TOPIC, args.partitions)
        breaker_rng = random.Random(args.seed)  # noqa: S311 - the same faults for the same seed
        busy: set[int] = set()
        outcome = asyncio.run(
            run(
                cluster,
                rate=args.rate,
                until=lambda so_far: so_far.seconds >= args.seconds,
                fault=lambda so_far: Breaker(cluster, breaker_rng, so_far.faults, busy).step(),
                settings=DeliverySettings(idempotent=not args.at_least_once),
                at_once=args.at_once,
            )
        )
    finally:
        cluster.stop()
    print(
        f"seed {args.seed}: {outcome.accepted:,} payloads in {outcome.seconds:.0f} s, "
        f"faults {dict(outcome.faults)}, clients {outcome.generations}, told {dict(outcome.told)}\n"
        f"missing {outcome.missing}, lost {outcome.lost}, duplicates {outcome.duplicates}, foreign {outcome.foreign}, "
        f"equation broken {outcome.unbalanced} times, drained in {outcome.drain_s:.1f} s, "
        f"worst p99 of a minute {outcome.p99_s} s: {'PASSED' if outcome.passed else 'FAILED'}"
    )
    sys.exit(0 if outcome.passed else 1)


if __name__ == "__main__":
    main()
