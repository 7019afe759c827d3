"""Executions that finish under load while the agent is killed: each is published, and under one id.

    python -m benchmarks.kills_executions [--executions 100000] [--kills 80] [--seconds 170] [--seed N]

Runs an Apache Kafka and an agent of its own. Clients begin an execution, report a number to it and finish it, and ask
again until each call is answered; the agent is ended by SIGKILL at random instants, while it starts, and at named
points between the end of an execution, its commit, its request to Kafka and the answer. Exits 1 where an execution
whose finish was answered is not in the topic with its number, where it is there under two ids or was accepted twice,
where anything else is there, or where a count was out of balance or taken back.
"""

import argparse
import json
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from benchmarks.harness import payloads
from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.kafka import ends as end_offsets
from benchmarks.harness.kafka import make_topic, running
from benchmarks.harness.lives import Ends, live, plan
from benchmarks.harness.reader import ALTERED, DISTINCT, DUPLICATES, FOREIGN, OTHER_ID, TopicReader
from benchmarks.harness.sample import PENDING, Sampler, Watched
from benchmarks.harness.wire import Wire
from tests.kafka_cluster import Cluster

POINTS = {
    "run_before_commit": 40,
    "run_after_commit": 40,
    "run_taken": 40,
    "run_accepted": 40,
    "run_closed": 40,
    "before_commit": 40,
    "after_commit": 40,
    "before_send": 20,
    "after_ack_before_delete": 20,
}
"""Crash points on the way of an execution, and the most times that one is let pass."""
_LOOK_S = 0.1
_CAPACITY = 5_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """How much, and how bad."""

    executions: int = 100_000
    kills: int = 80
    seconds: float = 170.0
    """No kill after that."""
    seed: int = 1
    clients: int = 8


@dataclass
class Clients:
    """Threads that live through executions; none gives one up before its finish was answered 2xx."""

    agent: Agent
    many: int
    finished: int = 0
    published: int = 0
    """Of them those whose answer said that this very call published it."""
    calls_again: int = 0
    """Calls that were not answered, or with an error."""
    wrong: list[str] = field(default_factory=list)
    _next: int = 0

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, name=f"client-{one}") for one in range(self.many)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Let each finish the execution it is at; the agent must run."""
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self) -> None:
        line = _Line(self)
        while not self._over.is_set():
            with self._lock:
                number, self._next = self._next, self._next + 1
            begun = line.ask("/v1/runs", b'{"owner":"acme","name":"score","version":"1.0.6"}')["request_id"]
            line.ask(f"/run/{begun}/v1/insights", payloads.line(number))
            ended = line.ask(f"/v1/runs/{begun}/finish", b"{}")
            with self._lock:
                self.finished += 1
                self.published += ended["published"]
        line.close()


class _Line:
    """One connection at a time, made anew as often as it takes."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._wire: Wire | None = None

    def close(self) -> None:
        """Close it."""
        if self._wire is not None:
            self._wire.close()
        self._wire = None

    def ask(self, path: str, body: bytes) -> Any:
        """Ask until it is answered 2xx."""
        while True:
            try:
                if self._wire is None:
                    self._wire = Wire(self._clients.agent.address, 10.0)
                answer = self._wire.post(path, body, "application/json")
            except OSError:
                self.close()
                time.sleep(0.01)
            else:
                if answer.accepted:
                    return json.loads(answer.body)
                if answer.status < 500:  # it is ours to ask again, but nothing may be unknown or refused
                    self._clients.wrong.append(f"{path} answered {answer.status}: {answer.body.decode()[:200]}")
                time.sleep(0.01)
            self._clients.calls_again += 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    clients: Clients
    ends: Ends
    watched: Watched
    counts: dict[str, int]
    """The agent's own, when everything was over."""
    missing: int
    seen: dict[str, int]
    run_s: float

    @property
    def passed(self) -> bool:
        """Whether each was published, once by its id, and nothing else."""
        finished = self.clients.finished
        return (
            not (self.missing or self.clients.wrong or self.watched.wrong or self.ends.by_itself)
            and self.seen["distinct"] == finished == self.counts["accepted"] == self.counts["delivered"]
            and not (self.seen["other id"] or self.seen["altered"] or self.seen["foreign"])
        )


def run(cluster: Cluster, topic: str, options: Options, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Kill and restart, let all finish and be delivered, compare."""
    rng = random.Random(options.seed)  # noqa: S311 - the same lives for the same seed
    mean = max(10, options.executions // max(1, options.kills))
    agent = Agent(cluster.plaintext, topic, {"INSIGHTS_DELIVERY__DEADLINE_S": "7200"})
    lived = Ends()
    began = time.monotonic()
    try:
        agent.launch()
        agent.wait_listening()
        with TopicReader(cluster.plaintext, topic, capacity=_CAPACITY) as reader:
            clients = Clients(agent, options.clients)
            with Sampler(agent, None, _LOOK_S) as sampler, clients:
                agent.end()
                while lived.kills < options.kills and time.monotonic() - began < options.seconds:
                    live(agent, plan(rng, mean, POINTS), lived, lambda: clients.finished, lambda _: None)
                    if lived.kills % 20 == 0:
                        say(f"{time.monotonic() - began:6.0f} s  {lived.kills} kills, {clients.finished:,} finished")
                agent.launch()
                agent.wait_listening()
                clients.stop()
                agent.wait_until(lambda seen: not any(seen["counts"][name] for name in PENDING), "delivered", 60)
                counts: dict[str, int] = agent.snapshot()["counts"]
            reader.wait_end(end_offsets(cluster.plaintext, topic))
            missing = sum(1 for number in range(clients.finished) if not reader.counts[number])
            places = {"distinct": DISTINCT, "again": DUPLICATES, "other id": OTHER_ID, "altered": ALTERED}
            seen = {name: reader[place] for name, place in {**places, "foreign": FOREIGN}.items()}
        return Outcome(clients, lived, sampler.watched, counts, missing, seen, time.monotonic() - began)
    finally:
        agent.close()


def tell(outcome: Outcome, options: Options) -> str:
    """Write the report."""
    clients, ends, watched = outcome.clients, outcome.ends, outcome.watched
    rows = [
        (
            f"kills {ends.kills}: {ends.random} at random instants, {ends.starting} while starting, "
            f"{ends.points.total()} at crash points {dict(ends.points)}; armed and not met {dict(ends.unmet)}"
        ),
        (
            f"executions finished {clients.finished:,}, {clients.published:,} of them told so by the call that "
            f"published; {clients.calls_again:,} calls asked again"
        ),
        f"MISSING {outcome.missing}; in the topic {outcome.seen}",
        f"the agent's counts {outcome.counts}",
        (
            f"{watched.samples} samples of snapshot and metrics, {watched.wrong} wrong; highest RSS "
            f"{watched.max_rss / 1e6:.0f} MB; run {outcome.run_s:.0f} s, seed {options.seed}, load {load_now()}"
        ),
        *(f"WRONG {what}" for what in (*watched.violations[:5], *clients.wrong[:5])),
        *(f"ENDED BY ITSELF {what}" for what in ends.by_itself),
        "passed" if outcome.passed else "FAILED",
    ]
    return "\n".join(rows)


def main() -> int:
    """Read the options and run."""
    default = Options()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("executions", "kills", "seed", "clients"):
        parser.add_argument(f"--{name}", type=int, default=getattr(default, name))
    parser.add_argument("--seconds", type=float, default=default.seconds)
    options = Options(**vars(parser.parse_args()))
    with running(1) as cluster:
        make_topic(cluster, "kills")
        outcome = run(cluster, "kills", options, lambda text: print(text, flush=True))
    print(tell(outcome, options))
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
