"""Gate R3: an outage under steady load, then the drain. All accepted must be delivered, memory flat, drain fast.

    python -m benchmarks.outage [--minutes 5] [--rate 2000] [--fault freeze|kill] [--restart]

Load goes on through the outage and the drain. Reports the drain rate (beside the load), resident memory before,
during and after, duplicates, and the equation at every second. `--restart` kills the agent in the middle of the outage
and starts it again. Exits 1 where the sets differ.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.answers import Answers
from benchmarks.harness.kafka import ends, make_topic, running
from benchmarks.harness.load import Loader
from benchmarks.harness.reader import DISTINCT, TopicReader
from benchmarks.harness.sample import Sample, Sampler, Watched
from benchmarks.harness.verdict import Verdict, judge
from tests.kafka_cluster import Cluster


@dataclass(frozen=True, slots=True)
class Options:
    """How long, how much, how bad."""

    seconds: float = 300.0
    """Of the outage."""
    rate: int = 2_000
    before_s: float = 10.0
    """Of load before the outage."""
    fault: str = "freeze"
    restart: bool = False
    deadline_s: float = 3600.0
    durability: str = "full"
    drain_s: float = 600.0
    """To drain at most."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    verdict: Verdict
    watched: Watched
    counts: dict[str, int]
    backlog: int
    """Pending when the outage ended."""
    first_s: float
    """From the end of the fault to the first delivery seen in the topic."""
    drain_s: float
    """From that delivery until nothing older than a second was pending."""
    drained: int
    """Payloads delivered in that time."""
    rss: dict[str, int]
    """Highest before, during and after the outage; and in the last tenth of it against its second tenth."""
    slowest_answer_s: float

    @property
    def passed(self) -> bool:
        """Whether the topic holds exactly what was accepted."""
        lost = sum(self.counts[name] for name in ("rejected", "expired_unsent", "expired_unknown", "damaged"))
        return (
            self.verdict.sound and not self.verdict.missing and not self.verdict.refused
            and not lost and not self.watched.wrong
        )  # fmt: skip


def run(cluster: Cluster, topic: str, options: Options, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Load, break, mend, drain, compare."""
    agent = Agent(
        cluster.plaintext,
        topic,
        {
            "INSIGHTS_DELIVERY__DEADLINE_S": f"{options.deadline_s:g}",
            "INSIGHTS_QUEUE__MAX_PAYLOADS": "20000000",
            "INSIGHTS_QUEUE__MAX_BYTES": str(16 * 1024**3),
            "INSIGHTS_SPOOL__MAX_BYTES": str(16 * 1024**3),
        },
        durability=options.durability,
    )
    answers = Answers()
    capacity = round((options.seconds + options.before_s + options.drain_s) * options.rate * 1.2) + 100_000
    lines = max(1, min(100, options.rate // 20))
    try:
        agent.launch()
        agent.wait_listening()
        agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")
        with TopicReader(cluster.plaintext, topic, capacity=capacity) as reader:
            loader = Loader(agent.address, answers, lines=lines, connections=2, per_s=options.rate)
            with Sampler(agent, answers) as sampler:
                with loader:
                    time.sleep(options.before_s)
                    broken = time.monotonic()
                    (cluster.freeze if options.fault == "freeze" else cluster.kill)(1)
                    say(f"Kafka is gone ({options.fault}); {answers.accepted:,} accepted so far")
                    _outage(agent, options)
                    backlog = answers.accepted - reader[DISTINCT]
                    cluster.heal()  # returns when it is up
                    mended = time.monotonic()
                    say(f"Kafka is back; {backlog:,} wait")
                    first_s, drain_s, drained = _drain(agent, reader, options.drain_s)
                    after = time.monotonic()
                    time.sleep(1)
                counts = _settle(agent)
                reader.wait_end(ends(cluster.plaintext, topic))
                sampler.look()
            return Outcome(
                judge(answers, reader), sampler.watched, counts, backlog, first_s, drain_s, drained,
                _rss(sampler.history, broken, mended, after), loader.slowest_s,
            )  # fmt: skip
    finally:
        agent.close()


def _outage(agent: Agent, options: Options) -> None:
    end = time.monotonic() + options.seconds
    if options.restart:
        time.sleep(options.seconds / 2)
        agent.end()
        agent.launch()
        agent.wait_listening()
    time.sleep(max(0.0, end - time.monotonic()))


def _drain(agent: Agent, reader: TopicReader, timeout_s: float) -> tuple[float, float, int]:
    began, had = time.monotonic(), reader[DISTINCT]
    while reader[DISTINCT] == had and time.monotonic() - began < timeout_s:
        time.sleep(0.02)
    first = time.monotonic()
    age: float | None = 1e9
    while age is not None and age > 1 and time.monotonic() - began < timeout_s:
        time.sleep(0.1)
        age = agent.snapshot()["oldest_age_s"]
    over = time.monotonic()
    return first - began, over - first, agent.snapshot()["counts"]["delivered"] - had


def _settle(agent: Agent) -> dict[str, int]:
    seen = agent.wait_until(
        lambda snapshot: not any(snapshot["counts"][name] for name in ("queued", "in_flight", "retrying")),
        "nothing is pending",
    )
    counts: dict[str, int] = seen["counts"]
    return counts


def _rss(history: Sequence[Sample], broken: float, mended: float, after: float) -> dict[str, int]:
    def highest(begin: float, end: float) -> int:
        return max((sample.rss for sample in history if begin <= sample.at < end), default=0)

    tenth = (mended - broken) / 10
    return {
        "before": highest(0, broken),
        "early": highest(broken + tenth, broken + 2 * tenth),
        "late": highest(mended - tenth, mended),
        "drain": highest(mended, after),
        "after": highest(after, float("inf")),
    }


def tell(outcome: Outcome, options: Options) -> str:
    """Write the report."""
    verdict, watched = outcome.verdict, outcome.watched
    megabytes = {name: f"{size / 1e6:.0f} MB" for name, size in outcome.rss.items()}
    rate = outcome.drained / outcome.drain_s if outcome.drain_s else 0.0
    return "\n".join(
        (
            (
                f"outage {options.seconds:g} s ({options.fault}{', agent killed in it' if options.restart else ''}) at "
                f"{options.rate}/s, durability={options.durability}: {outcome.backlog:,} waited"
            ),
            (
                f"drain {rate:,.0f}/s ({outcome.drained:,} in {outcome.drain_s:.1f} s, load going on); "
                f"first delivery {outcome.first_s:.2f} s after Kafka was back"
            ),
            f"RSS {megabytes}",
            (
                f"accepted {verdict.accepted:,}, refused {verdict.refused}, without an answer {verdict.unanswered}, "
                f"slowest answer {outcome.slowest_answer_s * 1e3:.0f} ms"
            ),
            (
                f"LOST {verdict.missing}, duplicates {verdict.duplicates} (other id {verdict.duplicates_other_id}), "
                f"altered {verdict.altered}"
            ),
            f"equation: {watched.samples} samples, {watched.wrong} wrong {watched.violations[:3] or ''}",
            f"counts {outcome.counts}; load {load_now()}",
            f"R3 sets {'equal' if outcome.passed else 'DIFFER'}",
        )
    )


def main() -> int:
    """Run at full size and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--rate", type=int, default=2_000)
    parser.add_argument("--fault", choices=("freeze", "kill"), default="freeze")
    parser.add_argument("--restart", action="store_true", help="kill the agent in the middle of the outage")
    parser.add_argument("--durability", choices=("full", "memory"), default="full")
    given = parser.parse_args()
    options = Options(
        seconds=given.minutes * 60, rate=given.rate, fault=given.fault, restart=given.restart,
        durability=given.durability,
    )  # fmt: skip
    with running(1) as cluster:
        make_topic(cluster, "outage")
        outcome = run(cluster, "outage", options, lambda text: print(text, flush=True))
    print(tell(outcome, options))
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
