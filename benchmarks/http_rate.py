"""Gate R2: what the agent takes over HTTP with the commit before the answer and Kafka beside, and a bare server.

    python -m benchmarks.http_rate [--seconds 10] [--rounds 3] [--durability full|memory]

`wrk` loads the agent and a bare uvicorn (reads the body, answers 200) in turn. The agent delivers to an Apache Kafka
of its own meanwhile; its CPU is counted until everything is delivered. The ids answered 2xx are held against the ids
in the topic. Exits 1 where they differ.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import payloads
from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.ids import read_ids
from benchmarks.harness.kafka import make_topic, running
from benchmarks.harness.sample import PENDING, Sampler
from benchmarks.harness.wrk import Call, Load, load
from tests.kafka_cluster import Cluster

LINES = 100
SINGLE = Call("/v1/payloads", "application/json", payloads.line(123456789).decode().strip())
BATCH = Call("/v1/payloads", "application/x-ndjson", payloads.body(range(10**8, 10**8 + LINES)).decode(), LINES)
LOADS = {
    "single, 64 connections": (SINGLE, 64),
    "single, 128 connections": (SINGLE, 128),
    "NDJSON of 100, 8 connections": (BATCH, 8),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One load on one server."""

    load: Load
    payloads_per_s: float
    delivered_per_s: float = 0.0
    """From the first request until the last was delivered."""
    cpu_us: float = 0.0
    """Of the agent, a payload, until the last was delivered."""


@contextmanager
def bare() -> Iterator[str]:
    """Run a bare uvicorn; gives its address."""
    command = [sys.executable, str(Path(__file__).with_name("ingest.py")), "--serve", "bare"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def on_agent(agent: Agent, call: Call, connections: int, seconds: float) -> Figure:
    """Load the agent and wait until all of it is delivered."""
    before, cpu, began = agent.snapshot()["counts"], agent.cpu_s(), time.monotonic()
    measured = load(f"http://127.0.0.1:{agent.port}", call, connections, seconds)
    while any((counts := agent.snapshot()["counts"])[name] for name in PENDING):
        time.sleep(0.05)
    taken = counts["delivered"] - before["delivered"]
    return Figure(
        measured,
        measured.requests_per_s * call.payloads * measured.statuses.get(200, 0) / sum(measured.statuses.values()),
        taken / (time.monotonic() - began),
        (agent.cpu_s() - cpu) / max(1, taken) * 1e6,
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    ours: dict[str, list[Figure]]
    theirs: dict[str, list[Figure]]
    missing: int
    """Ids answered 2xx and not in the topic."""
    foreign: int
    """Ids in the topic without an answer 2xx: calls that wrk gave up at its end."""
    given_up_at_most: int
    duplicates: int
    samples: int
    wrong: list[str]
    max_rss: int

    @property
    def passed(self) -> bool:
        """Whether the sets are equal and the counts always were in balance."""
        return not (self.missing or self.duplicates or self.wrong) and self.foreign <= self.given_up_at_most


def run(cluster: Cluster, topic: str, *, seconds: float, rounds: int, durability: str) -> Outcome:
    """Load both servers in turn."""
    agent = Agent(cluster.plaintext, topic, durability=durability)
    ours: dict[str, list[Figure]] = {name: [] for name in LOADS}
    theirs: dict[str, list[Figure]] = {name: [] for name in LOADS}
    answered: list[str] = []
    try:
        agent.launch()
        agent.wait_listening()
        agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")
        with bare() as url, Sampler(agent, None) as sampler:
            for _ in range(rounds):
                for name, (call, connections) in LOADS.items():
                    figure = on_agent(agent, call, connections, seconds)
                    answered += figure.load.ids
                    ours[name].append(figure)
                    measured = load(url, call, connections, seconds)
                    theirs[name].append(Figure(measured, measured.requests_per_s * call.payloads))
        stored = read_ids(cluster.plaintext, topic)
    finally:
        agent.close()
    sent, watched = set(answered), sampler.watched
    return Outcome(
        ours, theirs,
        missing=len(sent - stored.keys()),
        foreign=len(stored.keys() - sent),
        # Calls that were under way when wrk ended, and those answered 503 whose commit landed all the same.
        given_up_at_most=rounds * sum(call.payloads * connections for call, connections in LOADS.values())
        + sum(one.load.statuses.get(503, 0) * LOADS[name][0].payloads for name in LOADS for one in ours[name]),
        duplicates=stored.total() - len(stored),
        samples=watched.samples,
        wrong=watched.violations,
        max_rss=watched.max_rss,
    )  # fmt: skip


def tell(outcome: Outcome) -> str:
    """Write the report."""
    rows = []
    for name in LOADS:
        mine, peer = outcome.ours[name], outcome.theirs[name]
        rate, other = (statistics.median(one.payloads_per_s for one in figures) for figures in (mine, peer))
        p50, p99, other_p99 = (
            statistics.median(values) * 1e3
            for values in (
                [one.load.p50_s for one in mine], [one.load.p99_s for one in mine], [one.load.p99_s for one in peer],
            )
        )  # fmt: skip
        refused = {code: count for one in mine for code, count in one.load.statuses.items() if code != 200}
        rows.append(
            f"{name:29} accepted {rate:8,.0f}/s, bare {other:8,.0f}/s, ratio {rate / other:.2f}; "
            f"p50 {p50:.1f} p99 {p99:.1f} ms (bare p99 {other_p99:.1f}); "
            f"delivered {statistics.median(one.delivered_per_s for one in mine):,.0f}/s; "
            f"CPU {statistics.median(one.cpu_us for one in mine):.1f} us/payload"
            + (f"; not 200: {refused}" if refused else "")
        )
    rows += [
        (
            f"sets: missing {outcome.missing}, duplicates {outcome.duplicates}, without an answer {outcome.foreign} "
            f"(wrk gives up at most {outcome.given_up_at_most})"
        ),
        f"equation: {outcome.samples} samples, {len(outcome.wrong)} wrong {outcome.wrong[:3] or ''}",
        f"highest RSS {outcome.max_rss / 1e6:.0f} MB, load {load_now()}",
        f"R2 sets {'equal' if outcome.passed else 'DIFFER'}",
    ]
    return "\n".join(rows)


def main() -> int:
    """Run at full size and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--durability", choices=("full", "memory"), default="full")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON line too")
    given = parser.parse_args()
    with running(1) as cluster:
        make_topic(cluster, "http-rate")
        outcome = run(cluster, "http-rate", seconds=given.seconds, rounds=given.rounds, durability=given.durability)
    print(f"durability={given.durability}, median of {given.rounds} rounds of {given.seconds:g} s")
    print(tell(outcome))
    if given.json:
        rates = {name: [one.payloads_per_s for one in figures] for name, figures in outcome.ours.items()}
        print(json.dumps({"accepted_per_s": rates, "missing": outcome.missing, "passed": outcome.passed}))
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
