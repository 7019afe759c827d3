"""Gate R9: spool files with flipped bits, zeroed pages, cut and grown ends. Never a crash, never an altered payload.

    python -m benchmarks.fuzz_spool [--rounds 60] [--payloads 2000] [--seed N]

The spool is filled while there is no connection, and the agent ended by SIGKILL or SIGTERM. Each round damages a copy
of the files, starts an agent on it with a connection, and holds what reaches Kafka, byte by byte and id by id, against
what an agent delivers from an undamaged copy. What is missing must be counted as damaged, one by one.
"""

import argparse
import random
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness import payloads
from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.answers import Answers
from benchmarks.harness.load import Loader
from benchmarks.harness.sample import FINAL, PENDING
from tests.kafka_cluster import Cluster

PAGE = 4096
Delivered = dict[int, tuple[str, bytes]]
"""Id and value by number."""


@dataclass
class Outcome:
    """What came of a run."""

    rounds: int = 0
    kinds: list[str] = field(default_factory=list)
    delivered: int = 0
    damaged: int = 0
    died: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)
    """Rounds in which the counts did not add up, or were not what Kafka holds."""
    duplicates: int = 0
    slowest_start_s: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether nothing crashed, nothing was altered, and everything missing was counted."""
        return not (self.died or self.altered or self.unbalanced)


class _Fuzz:
    def __init__(self, cluster: Cluster, topic: str, count: int, seed: int) -> None:
        self.cluster = cluster
        self.topic = topic
        self.count = count
        self.rng = random.Random(seed)  # noqa: S311 - the same damage for the same seed
        # a long run must not outlive what was accepted at its beginning
        self.agent = Agent(cluster.plaintext, topic, {"INSIGHTS_DELIVERY__DEADLINE_S": "86400"})
        self.outcome = Outcome()

    def fill(self, *, clean: bool) -> Path:
        """Fill a spool without a connection and end the agent; gives the state directory."""
        agent, answers = self.agent, Answers()
        state = agent.home / f"filled-{'clean' if clean else 'killed'}"
        servers = agent.env.pop("INSIGHTS_CONNECTION__SERVERS")
        topic = agent.env.pop("INSIGHTS_CONNECTION__TOPIC")
        agent.env["INSIGHTS_STATE_DIR"] = str(state)
        agent.launch()
        agent.wait_listening()
        with Loader(agent.address, answers, lines=20, connections=2, may=lambda: answers.taken < self.count):
            while answers.accepted + answers.refused.total() < self.count:
                time.sleep(0.01)
        self.count = answers.taken
        if clean:
            agent.terminate()
        else:
            agent.end()
        agent.env |= {"INSIGHTS_CONNECTION__SERVERS": servers, "INSIGHTS_CONNECTION__TOPIC": topic}
        return state

    def deliver(self, state: Path, number: int, what: str) -> tuple[Delivered, dict[str, int]] | None:
        """Start an agent on a state directory and read what it delivers; `None` where it died."""
        agent, topic = self.agent, f"{self.topic}-{number}"
        self.cluster.create_topic(topic, 2)
        agent.env |= {"INSIGHTS_STATE_DIR": str(state), "INSIGHTS_CONNECTION__TOPIC": topic}
        began = agent.launch()
        try:
            if not agent.wait_listening(20):
                self.outcome.died.append(f"{what}: {agent.log_tail(8)}")
                return None
            self.outcome.slowest_start_s = max(self.outcome.slowest_start_s, time.monotonic() - began)
            counts = self._settled()
            if not agent.alive:
                self.outcome.died.append(f"{what}: {agent.log_tail(8)}")
                return None
        finally:
            agent.end()
        found: Delivered = {}
        for record in self.cluster.read_all(topic):
            each = payloads.number_of(record.value)
            if each is None:
                self.outcome.altered.append(f"{what}: a foreign record {record.value[:80]!r}")
                continue
            self.outcome.duplicates += each in found
            found[each] = (record.header("insights-id"), record.value)
        self.cluster.delete_topic(topic)
        return found, counts

    def _settled(self) -> dict[str, int]:
        """Wait until nothing is pending and the counts stand still; gives them."""
        last: dict[str, int] = {}
        since = time.monotonic()
        until = since + 30
        while self.agent.alive and time.monotonic() < until:
            counts: dict[str, int] = self.agent.snapshot()["counts"]
            if counts != last:
                last, since = counts, time.monotonic()
            elif (
                counts["accepted"] and not any(counts[name] for name in PENDING) and time.monotonic() - since > 0.5
            ) or time.monotonic() - since > 4:
                break
            time.sleep(0.05)
        return last

    def hold(self, what: str, original: Delivered, delivered: Delivered, counts: dict[str, int]) -> None:
        """Hold one round against the undamaged one."""
        outcome = self.outcome
        outcome.delivered += len(delivered)
        outcome.damaged += counts["damaged"]
        wrong = [number for number, record in delivered.items() if original.get(number) != record]
        outcome.altered += [f"{what}: number {number}" for number in wrong]
        missing = len(original.keys() - delivered.keys())
        whole = sum(counts[name] for name in (*PENDING, *FINAL))
        if counts["accepted"] != whole or any(counts[name] for name in PENDING):
            outcome.unbalanced.append(f"{what}: {counts}")
        elif not _mark_gone(what) and (counts["delivered"] != len(delivered) or counts["damaged"] != missing):
            outcome.unbalanced.append(f"{what}: {len(delivered)} delivered, {missing} missing, but {counts}")


def _mark_gone(what: str) -> bool:
    """Tell whether both copies in the mark may be hit: then nobody can know how much is gone."""
    hits = [one for one in what.split("; ") if ".mark" in one]
    return len(hits) > 1 or any(": cut at" in hit for hit in hits)


def damage(rng: random.Random, folder: Path) -> str:
    """Damage the spool's files; say how."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    done = []
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        # By size: the pages with the rows are the most likely to be hit, as they are on a disk; every file may be.
        path = (
            rng.choice(files) if rng.random() < 0.4 else rng.choices(files, [each.stat().st_size for each in files])[0]
        )
        data = bytearray(path.read_bytes())
        if not data:
            continue
        at = rng.randrange(len(data))
        match rng.randrange(5):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
                how = f"bit at {at}"
            case 1:
                start = at // PAGE * PAGE
                data[start : start + PAGE] = bytes(len(data[start : start + PAGE]))
                how = f"zeroed page at {start}"
            case 2:
                del data[at:]
                how = f"cut at {at}"
            case 3:
                data += rng.randbytes(rng.randint(1, 9000))
                how = "grown"
            case _:
                length = rng.randint(1, 600)
                data[at : at + length] = rng.randbytes(len(data[at : at + length]))
                how = f"{length} random bytes at {at}"
        path.write_bytes(data)
        done.append(f"{path.name} ({path.stat().st_size}): {how}")
    return "; ".join(done)


def run(
    cluster: Cluster, topic: str, *, rounds: int, count: int, seed: int, say: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Fill, damage copies, deliver, compare."""
    fuzz = _Fuzz(cluster, topic, count, seed)
    agent, outcome = fuzz.agent, fuzz.outcome
    try:
        for clean in (False, True):
            filled = fuzz.fill(clean=clean)
            whole = agent.home / "whole"
            shutil.copytree(filled, whole)
            undamaged = fuzz.deliver(whole, outcome.rounds, "undamaged")
            assert undamaged is not None, outcome.died
            original, counts = undamaged
            if len(original) != fuzz.count:
                outcome.unbalanced.append(f"undamaged: {len(original)} of {fuzz.count} delivered, {counts}")
                return outcome
            shutil.rmtree(whole)
            for _ in range(rounds // 2):
                outcome.rounds += 1
                state = agent.home / "state-now"
                shutil.copytree(filled, state)
                what = f"round {outcome.rounds} {'SIGTERM' if clean else 'SIGKILL'} {damage(fuzz.rng, state / 'spool')}"
                outcome.kinds.append(what)
                came = fuzz.deliver(state, outcome.rounds, what)
                if came is not None:
                    fuzz.hold(what, original, *came)
                shutil.rmtree(state)
                if outcome.rounds % 10 == 0:
                    say(f"{outcome.rounds} rounds, {outcome.damaged} damaged payloads counted")
            outcome.rounds += 1
    finally:
        agent.close()
    return outcome


def main() -> int:
    """Run at full size and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--payloads", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    cluster = Cluster.start(1)
    try:
        outcome = run(
            cluster, "spool", rounds=given.rounds, count=given.payloads, seed=given.seed,
            say=lambda text: print(text, flush=True),
        )  # fmt: skip
    finally:
        cluster.stop()
    print(
        f"{outcome.rounds} rounds (seed {given.seed}): {outcome.delivered:,} delivered as they were, "
        f"{outcome.damaged:,} counted as damaged, {len(outcome.altered)} ALTERED, {len(outcome.died)} crashed, "
        f"{len(outcome.unbalanced)} rounds with counts that differ; duplicates {outcome.duplicates}; "
        f"slowest start {outcome.slowest_start_s:.2f} s; load {load_now()}"
    )
    for what in (*outcome.died, *outcome.altered[:10], *outcome.unbalanced[:20]):
        print(f"  {what}")
    print(f"R9 {'passed' if outcome.passed else 'FAILED'}")
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
