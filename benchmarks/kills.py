"""Gate R1: what was accepted and is lost when the agent is killed again and again, under load. Must be nothing.

    python -m benchmarks.kills [--payloads 5000000] [--kills 500] [--seconds 3600] [--nodes 1] [--seed N]

Runs an Apache Kafka and an agent of its own. Loaders post numbered payloads; the agent is ended by SIGKILL at random
instants, while it starts, and at named points in its code, and started again on the same state directory and port.
A process of its own reads the topic as it fills. Exits 1 where a number answered 2xx is not in the topic, a record
differs from what was posted, or the counts were ever out of balance. Gates R5 (duplicates) and R6 are in the report.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.answers import Answers
from benchmarks.harness.brokers import BrokerFaults
from benchmarks.harness.kafka import ends as end_offsets
from benchmarks.harness.kafka import make_topic, running
from benchmarks.harness.lives import POINTS, Ends, Life, live, plan
from benchmarks.harness.load import Loader
from benchmarks.harness.reader import DISTINCT, RECORDS, TopicReader
from benchmarks.harness.sample import PENDING, Sampler, Watched
from benchmarks.harness.verdict import Verdict, judge, missing_numbers
from tests.kafka_cluster import Cluster

_LOOK_S = 0.1
"""Between two looks at the counts: often, for a figure that a kill takes back must have been seen just before it."""


@dataclass(frozen=True, slots=True)
class Options:
    """How much, and how bad."""

    payloads: int = 5_000_000
    kills: int = 500
    seconds: float = 3600.0
    """No kill after that; the run then drains and judges what there is."""
    seed: int = 1
    lines: int = 100
    connections: int = 4
    backlog: int = 100_000
    """Posting pauses while more than this is accepted and not yet in the topic."""
    broker_faults: bool = False
    """Freeze, kill and restart brokers meanwhile."""
    window: int = 4_000
    """Payloads in memory: small, so that paging happens under every load."""
    drain_s: float = 300.0
    durability: str = "full"
    lives: Sequence[Life] = ()
    """These lives in turn, instead of random ones."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    verdict: Verdict
    ends: Ends
    watched: Watched
    counts: dict[str, int]
    """The agent's own, when everything was over."""
    missing: list[int]
    run_s: float
    drain_s: float
    log: str

    @property
    def lost_counted(self) -> int:
        """What the agent itself tells as lost."""
        return sum(self.counts[name] for name in ("rejected", "expired_unsent", "expired_unknown", "damaged"))

    @property
    def told_right(self) -> bool:
        """Whether the agent's counts are what the topic and the answers say."""
        return self.counts["accepted"] == self.verdict.delivered + self.verdict.missing and (
            self.counts["delivered"] == self.verdict.delivered
        )

    @property
    def passed(self) -> bool:
        """Nothing lost, altered or out of balance."""
        return (
            self.verdict.sound
            and not self.verdict.missing
            and not self.verdict.torn_calls
            and not self.watched.wrong
            and not self.ends.by_itself
            and not self.lost_counted
            and self.told_right
        )


def run(cluster: Cluster, topic: str, options: Options, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Kill and restart until payloads and kills are done, drain, compare."""
    rng = random.Random(options.seed)  # noqa: S311 - the same lives for the same seed
    agent = Agent(
        cluster.plaintext,
        topic,
        {
            "INSIGHTS_DELIVERY__DEADLINE_S": "7200",
            "INSIGHTS_QUEUE__WINDOW_PAYLOADS": str(options.window),
            "INSIGHTS_SPOOL__MAX_BYTES": str(8 * 1024**3),
        },
        durability=options.durability,
    )
    answers, lived = Answers(), Ends()
    mean = max(options.lines, options.payloads // max(1, options.kills))
    open_ = False

    def ready(now: bool) -> None:
        nonlocal open_
        open_ = now

    capacity = options.payloads * 2 + 1_000_000
    began = time.monotonic()
    with TopicReader(cluster.plaintext, topic, capacity=capacity) as reader:

        def may() -> bool:
            return (
                open_
                and answers.accepted - reader[DISTINCT] < options.backlog
                and answers.taken < capacity - options.lines * options.connections
            )

        loader = Loader(agent.address, answers, lines=options.lines, connections=options.connections, may=may)
        faults = BrokerFaults(cluster, rng.randrange(2**32), active=options.broker_faults)
        try:
            with Sampler(agent, answers, _LOOK_S) as sampler:
                with faults, loader:
                    for life in options.lives or _random_lives(rng, mean):
                        if not options.lives and answers.accepted >= options.payloads and lived.kills >= options.kills:
                            break
                        if time.monotonic() - began > options.seconds:
                            say("out of time")
                            break
                        live(agent, life, lived, lambda: answers.taken, ready)
                        if lived.kills % 25 == 0:
                            say(_progress(lived, answers, reader, time.monotonic() - began))
                run_s = time.monotonic() - began
                cluster.heal()
                agent.launch()
                agent.wait_listening()
                counts = _drain(agent, options.drain_s)
                drain_s = time.monotonic() - began - run_s
                reader.wait_end(end_offsets(cluster.plaintext, topic))
                sampler.look()
            verdict = judge(answers, reader)
            return Outcome(
                verdict, lived, sampler.watched, counts, missing_numbers(answers, reader), run_s, drain_s,
                agent.log_tail(30),
            )  # fmt: skip
        finally:
            agent.close()


def _random_lives(rng: random.Random, mean_load: int) -> Iterator[Life]:
    while True:
        yield plan(rng, mean_load, POINTS)


def _drain(agent: Agent, timeout_s: float) -> dict[str, int]:
    """Wait until nothing is pending and nothing more arrives from old files; or as long as allowed."""
    deadline = time.monotonic() + timeout_s
    last: dict[str, int] = {}
    still_since = time.monotonic()
    while time.monotonic() < deadline:
        counts: dict[str, int] = agent.snapshot()["counts"]
        if counts != last:
            last, still_since = counts, time.monotonic()
        elif not any(counts[name] for name in PENDING) and time.monotonic() - still_since > 2:
            break
        time.sleep(0.1)
    return last


def _progress(lived: Ends, answers: Answers, reader: TopicReader, seconds: float) -> str:
    return (
        f"{seconds:6.0f} s  {lived.kills} kills, {answers.accepted:,} accepted, {reader[DISTINCT]:,} delivered, "
        f"{reader[RECORDS] - reader[DISTINCT]} duplicates"
    )


def tell(outcome: Outcome, options: Options) -> str:
    """Write the report."""
    verdict, ends, watched = outcome.verdict, outcome.ends, outcome.watched
    rows = [
        (
            f"kills {ends.kills}: {ends.random} at random instants, {ends.starting} while starting, "
            f"{ends.points.total()} at crash points {dict(ends.points)}; armed and not met {dict(ends.unmet)}"
        ),
        (
            f"accepted (2xx) {verdict.accepted:,} of {verdict.posted:,} posted; refused {verdict.refused:,}, "
            f"without an answer {verdict.unanswered:,} ({verdict.unanswered_there:,} of them in the topic)"
        ),
        f"LOST {verdict.missing:,} (counted by the agent: {outcome.lost_counted:,}) {outcome.missing or ''}",
        (
            f"duplicates {verdict.duplicates:,}, of them under another insights-id {verdict.duplicates_other_id}; "
            f"{verdict.duplicates / max(1, ends.kills):.1f} a kill"
        ),
        (
            f"altered {verdict.altered}, foreign {verdict.foreign}, torn calls {verdict.torn_calls}, "
            f"refused yet delivered {verdict.refused_yet_there}, deleted unread {verdict.deleted_unread}"
        ),
        (
            f"equation: {watched.samples} samples of snapshot and metrics, {watched.wrong} wrong, "
            f"{watched.missed} without an answer (dead or starting)"
        ),
        f"the agent's counts agree with the topic: {outcome.told_right} {outcome.counts}",
        (
            f"run {outcome.run_s:.0f} s, drain {outcome.drain_s:.0f} s, slowest start {ends.slowest_start_s:.2f} s, "
            f"highest RSS {watched.max_rss / 1e6:.0f} MB, seed {options.seed}, load {load_now()}"
        ),
        *(f"WRONG {what}" for what in watched.violations[:10]),
        *(f"ENDED BY ITSELF {what}" for what in ends.by_itself),
        f"R1 {'passed' if outcome.passed else 'FAILED'}",
    ]
    return "\n".join(rows)


def main() -> int:
    """Run at full size and print the report."""
    default = Options()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("payloads", "kills", "seed", "lines", "connections", "backlog", "window"):
        parser.add_argument(f"--{name}", type=int, default=getattr(default, name))
    for name in ("seconds", "drain_s"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=getattr(default, name))
    parser.add_argument("--nodes", type=int, choices=(1, 3), default=1)
    parser.add_argument("--broker-faults", action="store_true", help="freeze, kill and restart brokers meanwhile")
    parser.add_argument("--json", action="store_true", help="print the verdict as one JSON line too")
    given = vars(parser.parse_args())
    nodes, as_json = given.pop("nodes"), given.pop("json")
    options = Options(**given)
    with running(nodes) as cluster:
        make_topic(cluster, "kills")
        outcome = run(cluster, "kills", options, lambda text: print(text, flush=True))
    print(tell(outcome, options))
    if as_json:
        print(json.dumps({**outcome.verdict.as_dict(), "kills": outcome.ends.kills, "passed": outcome.passed}))
    if not outcome.passed:
        print(outcome.log, file=sys.stderr)
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
