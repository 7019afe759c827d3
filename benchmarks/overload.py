"""Gate R11: ten times the load. What is accepted must not fall below 90 % of the peak, and memory stays bounded.

    python -m benchmarks.overload [--seconds 10]

Two scenes, each at its peak and then with ten times the clients, which do not wait as `Retry-After` asks:
`clients`: 64 and 640 connections with single payloads; `slow kafka`: Kafka takes little, the queue is full, 4 and 40
connections with NDJSON. Every answer that is not 2xx must be 429 with `Retry-After`. The ids answered 2xx are held
against the topic.
"""

import argparse
import sys
import time
from dataclasses import dataclass

from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.ids import read_ids
from benchmarks.harness.kafka import make_topic, running
from benchmarks.harness.sample import PENDING, Sampler
from benchmarks.harness.wrk import Call, Load, load
from benchmarks.http_rate import BATCH, SINGLE
from tests.kafka_cluster import Cluster, Fault


@dataclass(frozen=True, slots=True)
class Phase:
    """One load."""

    name: str
    load: Load
    payloads: int
    """Of one call."""
    seconds: float
    rss: int

    @property
    def accepted_per_s(self) -> float:
        """Payloads answered 2xx."""
        return self.load.statuses.get(200, 0) * self.payloads / self.seconds

    @property
    def offered_per_s(self) -> float:
        """Payloads posted."""
        return sum(self.load.statuses.values()) * self.payloads / self.seconds


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one scene."""

    peak: Phase
    overload: Phase
    missing: int
    duplicates: int
    unanswered: int
    given_up_at_most: int
    wrong: list[str]
    samples: int

    @property
    def ratio(self) -> float:
        """What is left of the peak."""
        return self.overload.accepted_per_s / max(1.0, self.peak.accepted_per_s)

    @property
    def odd(self) -> dict[int, int]:
        """Answers that are neither 200 nor 429, nor 503 for a slow commit."""
        return {
            code: count
            for phase in (self.peak, self.overload)
            for code, count in phase.load.statuses.items()
            if code not in {200, 429, 503}
        }

    @property
    def passed(self) -> bool:
        """Whether the sets are equal and every refusal said when to come back; the ratio is the gate's reader's."""
        silent = self.peak.load.without_retry_after + self.overload.load.without_retry_after
        return not (self.missing or self.odd or silent or self.wrong) and self.unanswered <= self.given_up_at_most


def run(
    cluster: Cluster, topic: str, *, slow: bool, seconds: float, clients: int, queue: int = 20_000,
    durability: str = "full", delay_s: float = 0.3,
) -> Outcome:  # fmt: skip
    """Load at the peak, load ten times as much, compare."""
    servers = cluster.proxied if slow else cluster.plaintext
    agent = Agent(servers, topic, {"INSIGHTS_QUEUE__MAX_PAYLOADS": str(queue)}, durability=durability)
    call = BATCH if slow else SINGLE
    try:
        agent.launch()
        agent.wait_listening()
        agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")
        if slow:
            cluster.proxy(1).fault(Fault.SLOW, delay_s=delay_s)
        with Sampler(agent, None) as sampler:
            ids: list[str] = []
            if slow:  # fill the queue first: what is measured is the steady state
                ids += _phase(agent, sampler, "fill", call, clients, min(3.0, seconds)).load.ids
            peak = _phase(agent, sampler, "peak", call, clients, seconds)
            overload = _phase(agent, sampler, "ten times", call, clients * 10, seconds)
            ids += peak.load.ids + overload.load.ids
            cluster.heal()
            agent.wait_until(lambda seen: not any(seen["counts"][name] for name in PENDING), "all is delivered", 120)
        stored = read_ids(cluster.plaintext, topic)
    finally:
        agent.close()
        cluster.heal()
    sent = set(ids)
    return Outcome(
        peak, overload, len(sent - stored.keys()), stored.total() - len(stored), len(stored.keys() - sent),
        clients * 12 * call.payloads + _perhaps(peak, overload), sampler.watched.violations, sampler.watched.samples,
    )  # fmt: skip


def _perhaps(*phases: Phase) -> int:
    """Payloads answered 503: the commit was slow, and may have landed all the same."""
    return sum(phase.load.statuses.get(503, 0) * phase.payloads for phase in phases)


def _phase(agent: Agent, sampler: Sampler, name: str, call: Call, connections: int, seconds: float) -> Phase:
    began = time.monotonic()
    measured = load(f"http://127.0.0.1:{agent.port}", call, connections, seconds)
    rss = max((sample.rss for sample in sampler.history if sample.at >= began), default=agent.rss())
    return Phase(name, measured, call.payloads, seconds, rss)


def tell(scene: str, outcome: Outcome) -> str:
    """Write the report of a scene."""
    rows = [
        f"{scene:11} {phase.name:9} offered {phase.offered_per_s:9,.0f}/s, accepted {phase.accepted_per_s:8,.0f}/s, "
        f"p99 {phase.load.p99_s * 1e3:.0f} ms, answers {phase.load.statuses}, without Retry-After "
        f"{phase.load.without_retry_after}, socket errors {phase.load.socket_errors}, RSS {phase.rss / 1e6:.0f} MB"
        for phase in (outcome.peak, outcome.overload)
    ]
    rows.append(
        f"{scene:11} left of the peak {outcome.ratio:.2f}; missing {outcome.missing}, duplicates {outcome.duplicates}, "
        f"odd answers {outcome.odd}; equation: {outcome.samples} samples, {len(outcome.wrong)} wrong "
        f"{outcome.wrong[:2] or ''}; load {load_now()}"
    )
    return "\n".join(rows)


def main() -> int:
    """Run at full size and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load")
    parser.add_argument("--durability", choices=("full", "memory"), default="full")
    given = parser.parse_args()
    passed = True
    with running(1) as cluster:
        for scene, slow, clients in (("clients", False, 64), ("slow kafka", True, 4)):
            topic = scene.replace(" ", "-")
            make_topic(cluster, topic)
            outcome = run(
                cluster, topic, slow=slow, seconds=given.seconds, clients=clients, durability=given.durability
            )
            print(tell(scene, outcome), flush=True)
            passed = passed and outcome.passed
    print(f"R11 sets {'equal, every refusal with Retry-After' if passed else 'or answers WRONG'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
