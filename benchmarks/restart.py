"""Gate R8: a start with a million payloads in the spool. Seconds until it accepts and until the first is sent.

    python -m benchmarks.restart [--payloads 1000000] [--end kill|term|both]

Fills the spool while Kafka hangs, ends the agent by SIGKILL or SIGTERM, brings Kafka back, starts the agent, and
watches from outside: the first 2xx to a payload, the first new record in the topic. Then everything must arrive.
"""

import argparse
import sys
import time
from dataclasses import dataclass

from benchmarks.harness import payloads
from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.answers import Answers
from benchmarks.harness.kafka import ends, make_topic, running
from benchmarks.harness.load import Loader
from benchmarks.harness.reader import DISTINCT, TopicReader
from benchmarks.harness.sample import PENDING, Sampler, Watched
from benchmarks.harness.verdict import Verdict, judge
from benchmarks.harness.wire import Wire
from tests.kafka_cluster import Cluster


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    verdict: Verdict
    watched: Watched
    counts: dict[str, int]
    spooled: int
    fill_per_s: float
    end_s: float
    """To end, for SIGTERM."""
    accepting_s: float
    """From the start of the process to the first 2xx, imports and all."""
    sending_s: float
    """… to the first record in the topic."""
    drained_s: float
    """… until nothing was pending."""

    @property
    def passed(self) -> bool:
        """Whether the topic holds exactly what was accepted."""
        return (
            self.verdict.sound
            and not self.verdict.missing
            and self.counts["accepted"] == self.counts["delivered"] == self.verdict.delivered
            and not self.watched.wrong
        )


def run(cluster: Cluster, topic: str, *, count: int, clean: bool, drain_s: float = 600.0) -> Outcome:
    """Fill, end, start, watch, compare."""
    agent = Agent(
        cluster.plaintext,
        topic,
        {
            "INSIGHTS_DELIVERY__DEADLINE_S": "7200",
            "INSIGHTS_QUEUE__MAX_PAYLOADS": str(count * 2),
            "INSIGHTS_QUEUE__MAX_BYTES": str(8 * 1024**3),
            "INSIGHTS_SPOOL__MAX_BYTES": str(8 * 1024**3),
        },
    )
    answers = Answers()
    try:
        cluster.freeze(1)
        agent.launch()
        agent.wait_listening()
        began = time.monotonic()
        lines = min(500, max(1, count // 10))
        with Loader(agent.address, answers, lines=lines, connections=4, may=lambda: answers.taken < count):
            while answers.accepted + answers.refused.total() < count:
                time.sleep(0.02)
        fill_per_s = answers.accepted / (time.monotonic() - began)
        began = time.monotonic()
        if clean:
            agent.terminate(timeout_s=120)
        else:
            agent.end()
        end_s = time.monotonic() - began
        cluster.thaw(1)
        with TopicReader(cluster.plaintext, topic, capacity=count * 2 + 100_000) as reader:
            time.sleep(1)  # the reader is up, and Kafka is awake
            began = agent.launch()
            with Sampler(agent, answers) as sampler:
                accepting_s = _accepted(agent, answers) - began
                while not reader[DISTINCT]:
                    time.sleep(0.01)
                sending_s = time.monotonic() - began
                agent.wait_until(
                    lambda seen: not any(seen["counts"][name] for name in PENDING), "all is delivered", drain_s
                )
                drained_s = time.monotonic() - began
            counts: dict[str, int] = agent.snapshot()["counts"]
            reader.wait_end(ends(cluster.plaintext, topic))
            return Outcome(
                judge(answers, reader), sampler.watched, counts, count, fill_per_s, end_s, accepting_s, sending_s,
                drained_s,
            )  # fmt: skip
    finally:
        agent.close()
        cluster.heal()


def _accepted(agent: Agent, answers: Answers) -> float:
    """Post one payload until it is answered 2xx; gives the time of that (monotonic)."""
    while True:
        try:
            with Wire(agent.address) as wire:
                numbers = answers.take(1)
                answer = wire.post("/v1/payloads", payloads.body(numbers))
                answers.answered(numbers, answer.status)
                if answer.accepted:
                    return time.monotonic()
        except OSError:
            assert agent.alive, agent.log_tail()
        time.sleep(0.005)


def main() -> int:
    """Run at full size and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--payloads", type=int, default=1_000_000)
    parser.add_argument("--end", choices=("kill", "term", "both"), default="both")
    given = parser.parse_args()
    passed = True
    with running(1) as cluster:
        for end in ("kill", "term") if given.end == "both" else (given.end,):
            topic = f"restart-{end}"
            make_topic(cluster, topic)
            outcome = run(cluster, topic, count=given.payloads, clean=end == "term")
            verdict, watched = outcome.verdict, outcome.watched
            print(
                f"{outcome.spooled:,} spooled at {outcome.fill_per_s:,.0f}/s, ended by SIG{end.upper()} in "
                f"{outcome.end_s:.2f} s: accepting after {outcome.accepting_s:.2f} s, first record in the topic after "
                f"{outcome.sending_s:.2f} s, all delivered after {outcome.drained_s:.1f} s\n"
                f"  LOST {verdict.missing}, duplicates {verdict.duplicates}, altered {verdict.altered}, "
                f"counts {outcome.counts}\n"
                f"  equation: {watched.samples} samples, {watched.wrong} wrong {watched.violations[:3] or ''}; "
                f"highest RSS {watched.max_rss / 1e6:.0f} MB; load {load_now()}",
                flush=True,
            )
            passed = passed and outcome.passed
    print(f"R8 sets {'equal' if passed else 'DIFFER'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
