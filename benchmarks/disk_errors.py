"""Gate R10, the rest: a disk that answers EIO to the real process. A shim in front of the C library plays the disk.

    python -m benchmarks.disk_errors [--seconds 3] [--payloads 3000]          (needs a C compiler)

Writes that fail while Kafka hangs: refused at once, no 2xx, back by itself. Pages that cannot be read after a kill,
for good: what is in them ends as damaged, each counted once, and everything else is delivered; for a while: nothing
is lost.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.disk import Scene, Troubled
from benchmarks.harness import payloads
from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.answers import Answers
from benchmarks.harness.kafka import ends, make_topic, running
from benchmarks.harness.reader import TopicReader
from benchmarks.harness.sample import PENDING, Sampler
from benchmarks.harness.verdict import Verdict, judge
from benchmarks.harness.wire import Wire
from tests.kafka_cluster import Cluster

_SHIM = Path(__file__).parent / "harness" / "eio.c"
PAGE = 4096


class CompilerMissingError(RuntimeError):
    """No C compiler here."""


class BadDisk:
    """The disk of one agent."""

    def __init__(self, agent: Agent) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            raise CompilerMissingError("no `cc` here")
        shim = agent.home / "eio.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", shim, _SHIM], check=True)
        self._control = agent.home / "eio"
        agent.env |= {
            "LD_PRELOAD": str(shim),
            "EIO_UNDER": str(agent.state_dir.resolve()),
            "EIO_CONTROL": str(self._control),
        }

    def break_(self, what: str) -> None:
        """Fail: `w`, or `r FROM TO`."""
        fresh = self._control.with_suffix(".new")
        fresh.write_text(what)
        fresh.replace(self._control)

    def mend(self) -> None:
        """Work again."""
        self._control.unlink(missing_ok=True)


@dataclass
class Outcome:
    """What came of a run."""

    writes: Scene | None = None
    verdict: Verdict | None = None
    lasting: str = ""
    passing: str = ""
    wrong: list[str] = field(default_factory=list)


@contextmanager
def _agent(cluster: Cluster, topic: str) -> Iterator[tuple[Agent, BadDisk, Answers]]:
    agent = Agent(cluster.plaintext, topic, {"INSIGHTS_DELIVERY__DEADLINE_S": "3600"})
    try:
        disk = BadDisk(agent)
        agent.launch()
        agent.wait_listening()
        agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")
        yield agent, disk, Answers()
    finally:
        cluster.heal()
        agent.close()


def _settled(agent: Agent) -> dict[str, int]:
    seen = agent.wait_until(lambda seen: not any(seen["counts"][name] for name in PENDING), "all has ended", 90)
    counts: dict[str, int] = seen["counts"]
    return counts


def writes(cluster: Cluster, topic: str, outcome: Outcome, *, seconds: float) -> None:
    """Have writes fail under load."""
    with _agent(cluster, topic) as (agent, disk, answers), TopicReader(cluster.plaintext, topic) as reader:
        with Sampler(agent, answers) as sampler:
            cluster.freeze(1)
            posting = Troubled(agent, answers)
            outcome.writes = posting.scene("EIO on writes", seconds, lambda: disk.break_("w"), disk.mend)
            cluster.thaw(1)
            counts = _settled(agent)
        reader.wait_end(ends(cluster.plaintext, topic))
        verdict = outcome.verdict = judge(answers, reader)
    scene = outcome.writes
    outcome.wrong += sampler.watched.violations
    if verdict.missing or not verdict.sound or counts["delivered"] != counts["accepted"]:
        outcome.wrong.append(f"writes: {verdict}, {counts}")
    if not scene.refused or scene.accepted_in_it or scene.without_retry_after or set(scene.statuses) - {503, 507}:
        outcome.wrong.append(f"writes: {scene}")


def reads(cluster: Cluster, topic: str, outcome: Outcome, *, count: int, lasting: bool) -> str:
    """Kill an agent with payloads in its spool, and have some pages of it never come back, or only after a while."""
    name = "lasting" if lasting else "passing"
    with _agent(cluster, topic) as (agent, disk, answers), TopicReader(cluster.plaintext, topic) as reader:
        cluster.freeze(1)
        while answers.accepted < count:
            numbers = answers.take(100)
            with Wire(agent.address) as wire:
                answers.answered(numbers, wire.post("/v1/payloads", payloads.body(numbers)).status)
        agent.wait_until(lambda _: _database(agent).stat().st_size > 100 * PAGE, "the WAL is checkpointed", 20)
        agent.end()
        middle = _database(agent).stat().st_size // PAGE // 2 * PAGE
        disk.break_(f"r {middle} {middle + 3 * PAGE} {_database(agent).stat().st_ino}")
        cluster.thaw(1)
        agent.launch()
        agent.wait_listening()
        began = time.monotonic()
        with Sampler(agent, answers) as sampler:
            with Wire(agent.address) as wire:
                numbers = answers.take(1)
                answers.answered(numbers, wire.post("/v1/payloads", payloads.body(numbers)).status)
            if not lasting:
                agent.wait_until(lambda seen: bool(seen["counts"]["queued"]), "pages are missed")
                time.sleep(1)  # far less than what is waited for
                disk.mend()
            counts = _settled(agent)
            took = time.monotonic() - began
        reader.wait_end(ends(cluster.plaintext, topic))
        verdict = judge(answers, reader)
    outcome.wrong += sampler.watched.violations
    if verdict.missing != counts["damaged"] or counts["damaged"] + counts["delivered"] != counts["accepted"]:
        outcome.wrong.append(f"{name}: {verdict.missing} missing, but {counts}")
    if lasting is not bool(counts["damaged"]) or counts["accepted"] != answers.accepted:
        outcome.wrong.append(f"{name}: {counts} of {answers.accepted} accepted")
    return (
        f"EIO on reads, {name}: of {answers.accepted:,} accepted {counts['delivered']:,} delivered, "
        f"{counts['damaged']} damaged ({verdict.missing} missing, {verdict.duplicates} twice), all ended after "
        f"{took:.1f} s"
    )


def _database(agent: Agent) -> Path:
    return agent.state_dir / "spool" / "000000.db"


def run(cluster: Cluster, topic: str, *, seconds: float, count: int, make: Callable[[str], None]) -> Outcome:
    """Go through the scenes, each with a topic of its own."""
    outcome = Outcome()
    for part in ("w", "l", "p"):
        make(f"{topic}-{part}")
    writes(cluster, f"{topic}-w", outcome, seconds=seconds)
    outcome.lasting = reads(cluster, f"{topic}-l", outcome, count=count, lasting=True)
    outcome.passing = reads(cluster, f"{topic}-p", outcome, count=count, lasting=False)
    return outcome


def main() -> int:
    """Run at full size and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of failing writes")
    parser.add_argument("--payloads", type=int, default=3_000)
    given = parser.parse_args()
    with running(1) as cluster:
        outcome = run(
            cluster, "errors", seconds=given.seconds, count=given.payloads,
            make=lambda topic: make_topic(cluster, topic),
        )  # fmt: skip
    scene = outcome.writes
    assert scene is not None
    print(
        f"{scene.name}: answers {dict(scene.statuses)}, 2xx after the first refusal {scene.accepted_in_it}, "
        f"slowest {scene.slowest_s * 1e3:.0f} ms; back after {scene.back_s:.2f} s\n"
        f"{outcome.lasting}\n{outcome.passing}"
    )
    for what in outcome.wrong:
        print(f"  {what}")
    print(f"R10 (EIO) {'FAILED' if outcome.wrong else 'passed'}; load {load_now()}")
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
