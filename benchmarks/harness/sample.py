"""Hold the agent's word against itself and against the answers, every second: gate R6."""

import json
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from benchmarks.harness.agent import Agent
from benchmarks.harness.answers import Answers
from benchmarks.harness.wire import Wire

PENDING = ("queued", "in_flight", "retrying")
FINAL = ("delivered", "rejected", "expired_unsent", "expired_unknown", "damaged")
_KEPT = 50


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the agent."""

    looked: float
    """When it was asked (monotonic)."""
    at: float
    """When it had answered."""
    counts: dict[str, int]
    oldest_age_s: float | None
    rss: int
    state: str

    @property
    def pending(self) -> int:
        """Payloads whose outcome is open."""
        return sum(self.counts[name] for name in PENDING)


@dataclass
class Watched:
    """What all looks together found."""

    samples: int = 0
    missed: int = 0
    """Seconds in which the agent did not answer."""
    violations: list[str] = field(default_factory=list)
    """What was wrong; bounded."""
    wrong: int = 0
    max_rss: int = 0

    def say(self, what: str) -> None:
        """Keep a violation."""
        self.wrong += 1
        if len(self.violations) < _KEPT:
            self.violations.append(what)


class Sampler:
    """Looks at `/v1/snapshot` and `/metrics` once a second until the `with` ends."""

    def __init__(self, agent: Agent, answers: Answers | None, every_s: float = 1.0, *, durable: bool = True) -> None:
        self.watched = Watched()
        self.history: list[Sample] = []
        self._agent = agent
        self._answers = answers
        self._every_s = every_s
        self._durable = durable
        self._last: dict[str, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due = max(due + self._every_s, time.monotonic())
            self.look()

    def look(self) -> Sample | None:
        """Look once; `None` where it did not answer."""
        answered = self._answers.accepted if self._answers is not None else 0
        looked = time.monotonic()
        try:
            with Wire(str(self._agent.socket), 10.0) as wire:
                snapshot = json.loads(wire.get("/v1/snapshot").body)
                scrape = wire.get("/metrics").body.decode()
        except (OSError, ValueError):
            self.watched.missed += 1
            return None
        sample = Sample(
            looked, time.monotonic(), snapshot["counts"], snapshot["oldest_age_s"], self._agent.rss(), snapshot["state"]
        )
        self._hold(snapshot, answered)
        self._hold_metrics(scrape)
        self.watched.samples += 1
        self.watched.max_rss = max(self.watched.max_rss, sample.rss)
        self.history.append(sample)
        return sample

    def _hold(self, snapshot: dict[str, Any], answered: int) -> None:
        counts: dict[str, int] = snapshot["counts"]
        whole = sum(counts[name] for name in (*PENDING, *FINAL))
        if counts["accepted"] != whole or not snapshot["balanced"] or min(counts.values()) < 0:
            self.watched.say(f"snapshot: {counts}, balanced {snapshot['balanced']}")
        if not self._durable:
            return
        if counts["accepted"] < answered:
            self.watched.say(f"snapshot: accepted {counts['accepted']}, but {answered} were answered 2xx before")
        for name in ("accepted", *FINAL):
            if counts[name] < self._last.get(name, 0):
                self.watched.say(f"snapshot: {name} fell from {self._last[name]} to {counts[name]}")
        self._last = counts

    def _hold_metrics(self, scrape: str) -> None:
        values = metric_sums(scrape)
        accepted = values.get("insights_payloads_accepted_total", 0)
        whole = sum(
            values.get(name, 0)
            for name in (
                "insights_queue_payloads", "insights_in_flight_payloads", "insights_retrying_payloads",
                "insights_payloads_delivered_total", "insights_payloads_rejected_total",
                "insights_payloads_expired_total", "insights_payloads_damaged_total",
            )
        )  # fmt: skip
        if accepted != whole:
            self.watched.say(f"metrics: accepted {accepted}, the parts make {whole}")


def metric_sums(scrape: str) -> dict[str, float]:
    """Sum each metric of a scrape over its labels."""
    sums: dict[str, float] = {}
    for row in scrape.splitlines():
        if row and not row.startswith("#"):
            name, _, value = row.rpartition(" ")
            name = name.partition("{")[0]
            sums[name] = sums.get(name, 0) + float(value)
    return sums
