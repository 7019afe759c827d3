"""Gate R16, Kafka's answers: flipped, cut and stuffed under load. No crash, nothing lost, back by itself.

    python -m benchmarks.fuzz_kafka [--seconds 60] [--share 0.3] [--seed N]

A proxy alters a share of what the broker answers, in turns with moments of peace. The agent must live, go on answering
its own clients, and deliver in each peace; at the end the topic holds what was answered 2xx.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.answers import Answers
from benchmarks.harness.kafka import ends, make_topic, running
from benchmarks.harness.load import Loader
from benchmarks.harness.reader import DISTINCT, TopicReader
from benchmarks.harness.sample import PENDING, Sampler, Watched
from benchmarks.harness.verdict import Verdict, judge
from tests.kafka_cluster import Cluster


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    verdict: Verdict
    watched: Watched
    counts: dict[str, int]
    mangled: int
    alive: bool
    turns: int
    recoveries_s: list[float]
    """From each peace to the next new record in the topic."""
    slowest_answer_s: float
    log: str

    @property
    def passed(self) -> bool:
        """Whether it lived and lost nothing."""
        return (
            self.alive
            and self.mangled > 0
            and self.verdict.sound
            and not self.verdict.missing
            and not self.watched.wrong
            and self.counts["rejected"] == 0
        )


def run(
    cluster: Cluster, topic: str, *, seconds: float, share: float, seed: int, rate: int = 1_000,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:  # fmt: skip
    """Mangle in turns, compare."""
    agent = Agent(cluster.proxied, topic, {"INSIGHTS_DELIVERY__DEADLINE_S": "3600"})
    answers, recoveries, turns = Answers(), [], 0
    proxy = cluster.proxy(1)
    before = proxy.mangled
    try:
        agent.launch()
        agent.wait_listening()
        agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")
        with TopicReader(cluster.plaintext, topic, capacity=round(rate * (seconds + 120) * 2)) as reader:
            with Sampler(agent, answers) as sampler:
                loader = Loader(agent.address, answers, lines=max(1, min(50, rate // 20)), connections=2, per_s=rate)
                with loader:
                    until = time.monotonic() + seconds
                    while time.monotonic() < until and agent.alive:
                        proxy.mangle_answers(share, seed + turns)
                        time.sleep(min(3.0, seconds / 4))
                        proxy.mangle_answers(0)
                        recoveries.append(_recovered(reader))
                        turns += 1
                        say(f"turn {turns}: {proxy.mangled - before} answers mangled, back in {recoveries[-1]:.2f} s")
                alive = agent.alive
                if alive:
                    agent.wait_until(
                        lambda seen: not any(seen["counts"][name] for name in PENDING), "all is delivered", 90
                    )
                sampler.look()
            counts: dict[str, int] = agent.snapshot()["counts"] if alive else {"rejected": 0}
            reader.wait_end(ends(cluster.plaintext, topic))
            return Outcome(
                judge(answers, reader), sampler.watched, counts, proxy.mangled - before, alive, turns, recoveries,
                loader.slowest_s, agent.log_tail(),
            )  # fmt: skip
    finally:
        proxy.mangle_answers(0)
        agent.close()


def _recovered(reader: TopicReader, timeout_s: float = 60.0) -> float:
    had, began = reader[DISTINCT], time.monotonic()
    while reader[DISTINCT] == had and time.monotonic() - began < timeout_s:
        time.sleep(0.02)
    return time.monotonic() - began


def tell(outcome: Outcome) -> str:
    """Write the report."""
    verdict, watched = outcome.verdict, outcome.watched
    return "\n".join(
        [
            (
                f"{outcome.mangled} answers mangled in {outcome.turns} turns; the agent lives: {outcome.alive}; back "
                f"after at most {max(outcome.recoveries_s, default=0):.2f} s; slowest answer to a client "
                f"{outcome.slowest_answer_s * 1e3:.0f} ms; highest RSS {watched.max_rss / 1e6:.0f} MB"
            ),
            (
                f"accepted {verdict.accepted:,}, LOST {verdict.missing}, duplicates {verdict.duplicates} "
                f"(other id {verdict.duplicates_other_id}), altered {verdict.altered}, counts {outcome.counts}"
            ),
            f"equation: {watched.samples} samples, {watched.wrong} wrong {watched.violations[:3]}; load {load_now()}",
            f"R16 (Kafka) {'passed' if outcome.passed else 'FAILED'}",
        ]
    )


def main() -> int:
    """Run at full size and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with running(1) as cluster:
        make_topic(cluster, "mangled")
        outcome = run(
            cluster, "mangled", seconds=given.seconds, share=given.share, seed=given.seed,
            say=lambda text: print(text, flush=True),
        )  # fmt: skip
    print(tell(outcome))
    if not outcome.passed:
        print(outcome.log, file=sys.stderr)
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
