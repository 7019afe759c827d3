"""Gate R10: the disk full, read-only, the spool's own limit reached. No 2xx, a clear refusal at once, and back again.

    python -m benchmarks.disk [--seconds 3]          (needs root: it mounts a small tmpfs for the state directory)

In each scene one call after the other is posted while the disk is in trouble; then the trouble ends and the time to
the first 2xx is taken. At the end Kafka is let go on, and the topic must hold exactly what was answered 2xx.
"""

import argparse
import contextlib
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness import payloads
from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.answers import Answers
from benchmarks.harness.kafka import ends, make_topic, running
from benchmarks.harness.reader import TopicReader
from benchmarks.harness.sample import PENDING, Sampler, Watched
from benchmarks.harness.verdict import Verdict, judge
from benchmarks.harness.wire import Wire
from tests.kafka_cluster import Cluster

LINES = 20


class DiskMissingError(RuntimeError):
    """No small disk can be made here."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What one trouble did."""

    name: str
    statuses: Counter[int]
    """Answers during the trouble, once it was noticed."""
    accepted_in_it: int
    """Calls answered 2xx during the trouble after the first refusal."""
    slowest_s: float
    without_retry_after: int
    refused: bool
    """Whether the agent refused at all."""
    back_s: float
    """From the end of the trouble to the next 2xx."""


@dataclass
class Outcome:
    """What came of a run."""

    scenes: list[Scene] = field(default_factory=list)
    verdict: Verdict | None = None
    counts: dict[str, int] = field(default_factory=dict)
    watched: Watched = field(default_factory=Watched)

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, and every refusal was 503 or 507 (429 for a limit of ours) with `Retry-After`."""
        assert self.verdict is not None
        return (
            self.verdict.sound
            and not self.verdict.missing
            and not self.watched.wrong
            and self.counts["delivered"] == self.counts["accepted"]
            and all(
                scene.refused and not scene.without_retry_after and set(scene.statuses) <= {200, 429, 503, 507}
                for scene in self.scenes
            )
        )


@contextmanager
def small_disk(at: Path, megabytes: int) -> Iterator[Path]:
    """Mount a tmpfs; `DiskMissingError` where that is not allowed."""
    at.mkdir(mode=0o700)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(at)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise DiskMissingError("no `mount` here") from error
    if done.returncode:
        raise DiskMissingError(f"no small disk can be mounted: {done.stderr.strip()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


class Troubled:
    """Posts to an agent whose disk is in trouble."""

    def __init__(self, agent: Agent, answers: Answers) -> None:
        self.agent = agent
        self.answers = answers

    def post(self) -> tuple[int, float, bool]:
        """Post one call; gives its status (0 for none), the seconds, and whether it says when to come back."""
        numbers = self.answers.take(LINES)
        began = time.monotonic()
        try:
            with Wire(self.agent.address, 10.0) as wire:
                answer = wire.post("/v1/payloads", payloads.body(numbers))
        except OSError:
            self.answers.silent(numbers)
            return 0, time.monotonic() - began, True
        self.answers.answered(numbers, answer.status)
        return answer.status, time.monotonic() - began, b"retry-after:" in answer.head

    def scene(self, name: str, seconds: float, begin: Callable[[], None], end: Callable[[], None]) -> Scene:
        """Post through one trouble and out of it."""
        statuses: Counter[int] = Counter()
        slowest, silent, refused, late = 0.0, 0, False, 0
        begin()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            status, took, retry = self.post()
            slowest = max(slowest, took)
            if status == 200:
                late += refused
                if not refused:
                    until = max(until, time.monotonic() + seconds / 2)  # a limit is reached in its own time
                    continue
            else:
                refused = True
                silent += not retry
            statuses[status] += 1
            time.sleep(0.005)
        end()
        ended = time.monotonic()
        while self.post()[0] != 200 and time.monotonic() - ended < 30:
            time.sleep(0.01)
        return Scene(name, statuses, late, slowest, silent, refused, time.monotonic() - ended)


class _Disk(Troubled):
    def __init__(self, agent: Agent, disk: Path, answers: Answers) -> None:
        super().__init__(agent, answers)
        self.disk = disk
        self.ballast = disk / "ballast"

    def fill(self) -> None:
        """Leave not one byte free."""
        with self.ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            for size in (65536, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def remount(self, how: str) -> None:
        """Make it read-only, or writable again."""
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.disk)], check=True, capture_output=True)


def run(cluster: Cluster, topic: str, *, seconds: float, megabytes: int = 48) -> Outcome:
    """Go through the scenes, compare."""
    outcome, answers = Outcome(), Answers()
    agent = Agent(
        cluster.plaintext,
        topic,
        {"INSIGHTS_DELIVERY__DEADLINE_S": "3600", "INSIGHTS_SPOOL__MAX_BYTES": str(megabytes * 10**6 // 2)},
    )
    try:
        with small_disk(agent.state_dir, megabytes) as disk:
            try:
                _scenes(cluster, topic, agent, _Disk(agent, disk, answers), seconds, outcome)
            finally:
                if agent.alive:
                    agent.end()
    finally:
        cluster.heal()
        agent.close()
    return outcome


def _scenes(cluster: Cluster, topic: str, agent: Agent, disk: _Disk, seconds: float, outcome: Outcome) -> None:
    agent.launch()
    agent.wait_listening()
    agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")
    with TopicReader(cluster.plaintext, topic) as reader, Sampler(agent, disk.answers) as sampler:
        outcome.scenes.append(disk.scene("disk full", seconds, disk.fill, disk.ballast.unlink))
        cluster.freeze(1)  # now with payloads that wait
        outcome.scenes.append(disk.scene("disk full, Kafka hung", seconds, disk.fill, disk.ballast.unlink))
        try:
            outcome.scenes.append(
                disk.scene("read-only", seconds, lambda: disk.remount("ro"), lambda: disk.remount("rw"))
            )
        except subprocess.CalledProcessError as error:
            outcome.watched.violations.append(f"read-only was not tried: {error.stderr.decode().strip()}")
        outcome.scenes.append(disk.scene("spool's limit", seconds, lambda: None, lambda: cluster.thaw(1)))
        agent.wait_until(lambda seen: not any(seen["counts"][name] for name in PENDING), "all is delivered", 120)
        reader.wait_end(ends(cluster.plaintext, topic))
        sampler.look()
        outcome.counts = agent.snapshot()["counts"]
        outcome.verdict = judge(disk.answers, reader)
        notes = outcome.watched.violations
        outcome.watched = sampler.watched
        outcome.watched.violations += notes


def tell(outcome: Outcome) -> str:
    """Write the report."""
    verdict, watched = outcome.verdict, outcome.watched
    assert verdict is not None
    return "\n".join(
        [
            *(
                f"{scene.name:22} answers {dict(scene.statuses)}, 2xx after the first refusal {scene.accepted_in_it}, "
                f"slowest {scene.slowest_s * 1e3:.0f} ms, without Retry-After {scene.without_retry_after}; "
                f"back after {scene.back_s:.2f} s"
                for scene in outcome.scenes
            ),
            (
                f"accepted {verdict.accepted:,}, refused {verdict.refused:,}, LOST {verdict.missing}, refused yet "
                f"delivered {verdict.refused_yet_there}, 503 or silent {verdict.unanswered} "
                f"({verdict.unanswered_there} in the topic), duplicates {verdict.duplicates}; counts {outcome.counts}"
            ),
            f"equation: {watched.samples} samples, {watched.wrong} wrong {watched.violations[:3]}; load {load_now()}",
            f"R10 {'passed' if outcome.passed else 'FAILED'}",
        ]
    )


def main() -> int:
    """Run at full size and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each trouble")
    given = parser.parse_args()
    with running(1) as cluster:
        make_topic(cluster, "disk")
        outcome = run(cluster, "disk", seconds=given.seconds)
    print(tell(outcome))
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
