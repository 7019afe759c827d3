"""Gate R7: SIGTERM under load, with Kafka up, hung and gone. The time to exit, and nothing lost by it.

    python -m benchmarks.stop [--rate 10000] [--seconds 5]

After each exit the agent is started again; at the end the topic must hold exactly what was answered 2xx.
"""

import argparse
import sys
import time
from dataclasses import dataclass

from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.answers import Answers
from benchmarks.harness.kafka import ends, make_topic, running
from benchmarks.harness.load import Loader
from benchmarks.harness.reader import TopicReader
from benchmarks.harness.verdict import Verdict, judge
from tests.kafka_cluster import Cluster

PENDING = ("queued", "in_flight", "retrying")
SCENES = ("up", "hung", "gone")


@dataclass(frozen=True, slots=True)
class Stop:
    """One SIGTERM."""

    kafka: str
    exit_s: float
    code: int
    said: str
    """Its last line."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    verdict: Verdict
    stops: list[Stop]
    counts: dict[str, int]

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, and every exit was an orderly one."""
        return (
            self.verdict.sound
            and not self.verdict.missing
            and self.counts["delivered"] == self.counts["accepted"]
            and all(stop.code == 0 for stop in self.stops)
        )


def run(cluster: Cluster, topic: str, *, rate: int, seconds: float, durability: str = "full") -> Outcome:
    """Stop it in each scene, start it again, compare."""
    agent = Agent(cluster.plaintext, topic, {"INSIGHTS_DELIVERY__DEADLINE_S": "3600"}, durability=durability)
    answers, stops = Answers(), []
    lines = max(1, min(100, rate // 20))
    try:
        with TopicReader(cluster.plaintext, topic, capacity=rate * 60 + 1_000_000) as reader:
            for scene in SCENES:
                agent.launch()
                agent.wait_listening()
                agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")
                with Loader(agent.address, answers, lines=lines, connections=4, per_s=rate):
                    time.sleep(seconds / 2)
                    if scene == "hung":
                        cluster.freeze(1)
                    elif scene == "gone":
                        cluster.kill(1)
                    time.sleep(seconds / 2)
                    began = time.monotonic()
                    code = agent.terminate(timeout_s=120)
                    stops.append(Stop(scene, time.monotonic() - began, code, agent.log_tail(1)))
                cluster.heal()
            agent.launch()
            agent.wait_listening()
            agent.wait_until(lambda seen: not any(seen["counts"][name] for name in PENDING), "all is delivered", 60)
            counts: dict[str, int] = agent.snapshot()["counts"]
            reader.wait_end(ends(cluster.plaintext, topic))
            return Outcome(judge(answers, reader), stops, counts)
    finally:
        agent.close()


def main() -> int:
    """Run at full size and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=5.0, help="of load in each scene")
    parser.add_argument("--durability", choices=("full", "memory"), default="full")
    given = parser.parse_args()
    with running(1) as cluster:
        make_topic(cluster, "stop")
        outcome = run(cluster, "stop", rate=given.rate, seconds=given.seconds, durability=given.durability)
    for stop in outcome.stops:
        print(f"Kafka {stop.kafka:5} exit in {stop.exit_s:.2f} s, code {stop.code}: {stop.said}")
    verdict = outcome.verdict
    print(
        f"accepted {verdict.accepted:,}, LOST {verdict.missing}, duplicates {verdict.duplicates} "
        f"(other id {verdict.duplicates_other_id}), without an answer {verdict.unanswered} "
        f"({verdict.unanswered_there} in the topic), counts {outcome.counts}, load {load_now()}"
    )
    print(f"R7 sets {'equal' if outcome.passed else 'DIFFER'}")
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
