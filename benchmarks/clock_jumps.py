"""Gate R15: the wall clock jumps by an hour and by ten years, both ways. No early end, no negative age, no late end.

    python -m benchmarks.clock_jumps [--deadline 8]          (needs libfaketime: apt-get install faketime)

Only the agent's own wall clock is moved, while payloads wait for a Kafka that hangs; with `restart` the agent is
killed and started between. The boot-time clock goes on as it does on a real machine, and it is what must count: every
payload ends at its deadline, seen from outside, and what is posted after the jump is delivered by the Kafka that is
back.
The topic has Kafka's own settings: a record whose timestamp is over an hour ahead is refused, and must be delivered
all the same, once, with the problem `clock_jump` beside it.
"""

import argparse
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness import payloads
from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.answers import Answers
from benchmarks.harness.kafka import running
from benchmarks.harness.sample import PENDING, Sampler
from benchmarks.harness.wire import Wire
from tests.kafka_cluster import Cluster

HOUR, YEAR = 3_600, 31_557_600
JUMPS = {"+1 h": HOUR, "-1 h": -HOUR, "+10 y": 10 * YEAR, "-10 y": -10 * YEAR}
COUNT = 100
LATE_S = 1.5
"""After its deadline, seen from outside by looks of 50 ms."""
_LIBRARIES = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
)


class FaketimeMissingError(RuntimeError):
    """No libfaketime here."""


@dataclass
class Outcome:
    """What came of a run."""

    jumps: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether no jump did anything."""
        return bool(self.jumps) and not self.wrong


def library() -> str:
    """Find libfaketime; `FaketimeMissingError` where it is not."""
    for path in _LIBRARIES:
        if Path(path).exists():
            return path
    raise FaketimeMissingError("no libfaketime: install it (Debian: faketime)")


class Clock:
    """The wall clock of one agent."""

    def __init__(self, agent: Agent) -> None:
        self._file = agent.home / "faketime"
        self.jump(0)
        agent.env |= {
            "LD_PRELOAD": library(),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }

    def jump(self, seconds: int) -> None:
        """Move it by so much from the true time."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.replace(self._file)


def run(
    cluster: Cluster, topic: str, *, deadline_s: float, restart: bool, late_s: float = LATE_S,
    jumps: Collection[str] = JUMPS.keys(), say: Callable[[str], None] = lambda _: None,
) -> Outcome:  # fmt: skip
    """Jump once in each of several agents; what ends over `late_s` after its deadline ended late."""
    outcome = Outcome()
    for name in jumps:
        seconds = JUMPS[name]
        agent, answers = (
            Agent(cluster.plaintext, topic, {"INSIGHTS_DELIVERY__DEADLINE_S": f"{deadline_s:g}"}),
            Answers(),
        )
        try:
            clock = Clock(agent)
            agent.launch()
            agent.wait_listening()
            agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")
            with Sampler(agent, answers, every_s=0.2) as sampler:
                wrong = _one(cluster, agent, answers, clock, seconds, deadline_s, late_s, restart=restart)
            wrong += sampler.watched.violations
            negative = [one.oldest_age_s for one in sampler.history if (one.oldest_age_s or 0) < 0]
            wrong += [f"negative ages {negative[:3]}"] if negative else []
            outcome.wrong += [f"{name}{', restarted' if restart else ''}: {what}" for what in wrong]
            outcome.jumps.append(name)
            say(f"{name}: {'; '.join(wrong) or 'nothing moved'}")
        finally:
            cluster.heal()
            agent.close()
    return outcome


def _one(
    cluster: Cluster, agent: Agent, answers: Answers, clock: Clock, jump: int, deadline_s: float, late_s: float, *,
    restart: bool,
) -> list[str]:  # fmt: skip
    """Let payloads wait, jump, and see when they end."""
    wrong: list[str] = []
    cluster.freeze(1)
    began = time.monotonic()
    _post(agent, answers)
    posted = time.monotonic()
    time.sleep(deadline_s / 4)
    clock.jump(jump)
    if restart:
        agent.end()
        agent.launch()
        agent.wait_listening()
    ended = 0
    while ended < COUNT:
        asked = time.monotonic()
        counts = agent.snapshot()["counts"]
        ended = counts["expired_unsent"] + counts["expired_unknown"]
        if ended and (now := time.monotonic()) < began + deadline_s:  # the answer is here: it was so by now
            wrong.append(f"{ended} ended {now - began:.1f} s after they were posted")
            break
        if ended < COUNT and asked > posted + deadline_s + late_s:  # when it was asked, all should have ended
            wrong.append(f"{ended} of {COUNT} had ended {asked - posted - deadline_s:.1f} s after their deadline")
            break
        time.sleep(0.05)
    cluster.thaw(1)
    agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected again")
    _post(agent, answers)
    counts = agent.wait_until(lambda seen: not any(seen["counts"][one] for one in PENDING), "all has ended")["counts"]
    if counts["delivered"] != COUNT or counts["accepted"] != 2 * COUNT:
        wrong.append(f"after the jump: {counts}")
    told = [one["what"] for one in agent.snapshot()["problems"] if one["code"] == "clock_jump"]
    if (jump > HOUR) is not bool(told):
        wrong.append(f"after the jump people are told of the clock: {told}")
    return wrong


def _post(agent: Agent, answers: Answers) -> None:
    """Post until it is accepted: a busy machine may answer 503, and the commit land all the same."""
    wanted = agent.snapshot()["counts"]["accepted"] + COUNT
    for _ in range(5):
        numbers = answers.take(COUNT)
        with Wire(agent.address) as wire:
            answer = wire.post("/v1/payloads", payloads.body(numbers))
        answers.answered(numbers, answer.status)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            if answer.accepted or agent.snapshot()["counts"]["accepted"] >= wanted:
                return
            time.sleep(0.05)
    raise AssertionError(answer)


def main() -> int:
    """Run at full size and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deadline", type=float, default=8.0)
    given = parser.parse_args()
    passed = True
    with running(1) as cluster:
        cluster.create_topic("jumps")
        for restart in (False, True):
            print(f"{'killed and started after the jump' if restart else 'running through the jump'}:", flush=True)
            outcome = run(
                cluster, "jumps", deadline_s=given.deadline, restart=restart, say=lambda text: print(f"  {text}")
            )
            passed = passed and outcome.passed
    print(f"R15 {'passed' if passed else 'FAILED'}; load {load_now()}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
