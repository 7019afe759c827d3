"""Gate R4: every payload ends within its deadline and a second, none before it, restart or not.

    python -m benchmarks.deadlines [--deadline 20] [--seconds 60] [--rate 2000] [--restarts 2]

Kafka hangs, load goes on for so long, the agent is killed meanwhile, and deadlines pass. What the agent says at every
look is held against the times of the calls, as the loader measured them: at most what had been posted a deadline ago
may have ended, at least what had been answered a deadline and a second ago must have. Then Kafka comes back, and what
it holds is held against what the agent says of each outcome.
"""

import argparse
import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.answers import Answers
from benchmarks.harness.kafka import ends, make_topic, running
from benchmarks.harness.load import Loader
from benchmarks.harness.reader import TopicReader
from benchmarks.harness.sample import Sample, Sampler, Watched
from benchmarks.harness.verdict import Verdict, judge
from tests.kafka_cluster import Cluster

LATE_S = 1.0
"""After its deadline a payload may still be pending for so long."""
_ENDED = ("rejected", "expired_unsent", "expired_unknown", "damaged")


@dataclass(frozen=True, slots=True)
class Options:
    """How long, how much, how bad."""

    deadline_s: float = 20.0
    seconds: float = 60.0
    """Of load with Kafka hung."""
    rate: int = 2_000
    restarts: int = 2
    """SIGKILL and start, spread over the run."""
    durability: str = "full"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    verdict: Verdict
    watched: Watched
    counts: dict[str, int]
    early: list[str]
    late: list[str]
    looks: int
    worst_late_s: float
    """The longest that a look found a payload pending beyond its deadline."""

    @property
    def passed(self) -> bool:
        """Whether each outcome came in time too."""
        return self.right and not self.late

    @property
    def right(self) -> bool:
        """Whether none came early, and the topic agrees with the counts."""
        counts = self.counts
        return (
            self.verdict.sound
            and not self.early
            and not self.watched.wrong
            and counts["delivered"] <= self.verdict.delivered <= counts["delivered"] + counts["expired_unknown"]
            and not counts["rejected"]
            and not counts["damaged"]
        )


def run(cluster: Cluster, topic: str, options: Options, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Hang Kafka, load, restart, wait for the deadlines, compare."""
    agent = Agent(
        cluster.plaintext, topic, {"INSIGHTS_DELIVERY__DEADLINE_S": f"{options.deadline_s:g}"},
        durability=options.durability,
    )  # fmt: skip
    answers = Answers()
    lines = max(1, min(100, options.rate // 20))
    capacity = round(options.rate * (options.seconds + 30) * 2) + 100_000
    try:
        agent.launch()
        agent.wait_listening()
        agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")
        with TopicReader(cluster.plaintext, topic, capacity=capacity) as reader:
            loader = Loader(agent.address, answers, lines=lines, connections=2, per_s=options.rate)
            with Sampler(agent, answers, every_s=0.25) as sampler:
                with loader:
                    time.sleep(1)
                    cluster.freeze(1)
                    for each in range(options.restarts + 1):
                        time.sleep(options.seconds / (options.restarts + 1))
                        if each < options.restarts:
                            agent.end()
                            agent.launch()
                            agent.wait_listening()
                            say(f"the agent was killed and is back; {answers.accepted:,} accepted")
                time.sleep(options.deadline_s + LATE_S + 0.5)
                sampler.look()
                cluster.heal()
                # A few that Kafka takes, so that both outcomes are there.
                with Loader(agent.address, answers, lines=lines, connections=1, per_s=options.rate):
                    time.sleep(1)
                agent.wait_until(
                    lambda seen: not any(seen["counts"][name] for name in ("queued", "in_flight", "retrying")),
                    "nothing is pending",
                )
            counts: dict[str, int] = agent.snapshot()["counts"]
            reader.wait_end(ends(cluster.plaintext, topic))
            early, late = _hold(sampler.history, loader, options.deadline_s)
            ages = [sample.oldest_age_s for sample in sampler.history if sample.oldest_age_s is not None]
            return Outcome(
                judge(answers, reader), sampler.watched, counts, early, late, len(sampler.history),
                max(0.0, max(ages, default=0.0) - options.deadline_s),
            )  # fmt: skip
    finally:
        agent.close()


def _hold(history: Sequence[Sample], loader: Loader, deadline_s: float) -> tuple[list[str], list[str]]:
    """Hold what had ended at each look against the times of the calls."""
    posted = _Steps([(call.began, call.lines) for call in loader.calls])
    answered = _Steps([(call.answered, call.lines) for call in loader.calls if call.accepted])
    early, late = [], []
    for sample in history:
        ended = sum(sample.counts[name] for name in _ENDED)
        over = ended + sample.counts["delivered"]
        at_most = posted.at(sample.at - deadline_s)
        at_least = answered.at(sample.looked - deadline_s - LATE_S)
        if ended > at_most:
            early.append(f"{ended} ended, but only {at_most} were posted {deadline_s:g} s before")
        if over < at_least:
            late.append(f"{over} ended, but {at_least} were answered over {deadline_s + LATE_S:g} s before")
    return early, late


class _Steps:
    """A sum that grows with time."""

    def __init__(self, steps: list[tuple[float, int]]) -> None:
        self._times: list[float] = []
        self._sums = [0]
        for at, count in sorted(steps):
            self._times.append(at)
            self._sums.append(self._sums[-1] + count)

    def at(self, time_: float) -> int:
        """Tell what had come by then."""
        return self._sums[bisect_right(self._times, time_)]


def tell(outcome: Outcome, options: Options) -> str:
    """Write the report."""
    verdict, watched = outcome.verdict, outcome.watched
    rows = (
        (
            f"deadline {options.deadline_s:g} s, Kafka hung for {options.seconds:g} s at {options.rate}/s, "
            f"{options.restarts} kills, durability={options.durability}"
        ),
        (
            f"looks {outcome.looks}: {len(outcome.early)} saw an early end, {len(outcome.late)} a late one "
            f"(worst {outcome.worst_late_s:.2f} s after the deadline)"
        ),
        *outcome.early[:3],
        *outcome.late[:3],
        (
            f"accepted {verdict.accepted:,}, in the topic {verdict.delivered:,}, duplicates {verdict.duplicates}, "
            f"counts {outcome.counts}"
        ),
        f"equation: {watched.samples} samples, {watched.wrong} wrong {watched.violations[:3] or ''}; load {load_now()}",
        f"R4 {'passed' if outcome.passed else 'FAILED'}",
    )
    return "\n".join(rows)


def main() -> int:
    """Run at full size and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deadline", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=int, default=2_000)
    parser.add_argument("--restarts", type=int, default=2)
    parser.add_argument("--durability", choices=("full", "memory"), default="full")
    given = parser.parse_args()
    options = Options(given.deadline, given.seconds, given.rate, given.restarts, given.durability)
    with running(1) as cluster:
        make_topic(cluster, "deadlines")
        outcome = run(cluster, "deadlines", options, lambda text: print(text, flush=True))
    print(tell(outcome, options))
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
