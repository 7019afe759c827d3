"""Very many executions that nobody finished, published all at once: none lost, none twice, and ingest goes on.

    python -m benchmarks.silence [--executions 200000] [--kills 0] [--seconds 600]

Writes a file of executions that went silent more than ten minutes ago, then starts an agent on it beside an Apache
Kafka: it publishes them all, while a client posts plain reports one after the other. With `--kills` the agent is ended
by SIGKILL so often meanwhile; then a payload may be in the topic again, but under the same `insights-id`. Exits 1
where an execution or a report is not in the topic, is in it under two ids, or twice in a run without kills.
"""

import argparse
import asyncio
import json
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from benchmarks.harness import payloads
from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.kafka import ends, make_topic, running
from benchmarks.harness.reader import ALTERED, DISTINCT, DUPLICATES, FOREIGN, OTHER_ID, TopicReader
from benchmarks.harness.wire import Wire
from insights_tui.agent.executions.ops import Opening, Reporting
from insights_tui.agent.executions.store import Store
from insights_tui.domain.clock import Moment, SystemClock
from insights_tui.domain.execution import SILENCE_S, Begin
from insights_tui.domain.report import Names, read_report

NAMES = [Names("acme", f"score-{number}", "1.0.6") for number in range(20)]
_TOGETHER = 2000
_PAUSE_S = 0.005


class Earlier(SystemClock):
    """The machine's clocks as they were, so that what is written now has been silent for long enough."""

    def now(self) -> Moment:
        """Tell both clocks."""
        now = super().now()
        return Moment(now.wall - 2 * SILENCE_S, now.boot - 2 * SILENCE_S)

    def boot(self) -> float:
        """Tell the boot-time clock."""
        return super().boot() - 2 * SILENCE_S


async def fill(state_dir: Path, count: int) -> None:
    """Begin executions and report a number to each, without an agent."""
    state_dir.mkdir(mode=0o700)  # noqa: ASYNC240 - nothing else runs
    store = Store(state_dir / "executions.db", Earlier())
    await store.start()
    for first in range(0, count, _TOGETHER):
        asked = []
        for number in range(first, min(count, first + _TOGETHER)):
            key = uuid4().bytes
            report = read_report(json.loads(payloads.line(number)))
            asked.append(store.ask(Opening(key, Begin(NAMES[number % len(NAMES)]))))
            asked.append(store.ask(Reporting(key, report.metrics, report.kinds)))
        await asyncio.gather(*asked)
    await store.stop()


@dataclass
class Watcher:
    """Posts a plain report, looks at the agent, and so on, in a thread of its own."""

    agent: Agent
    next: int
    """Number of the next report."""
    posted: list[int] = field(default_factory=list)
    """Those answered 2xx."""
    slowest_s: float = 0.0
    took: list[float] = field(default_factory=list)
    max_rss: int = 0
    refused: int = 0

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(_PAUSE_S):
            number, self.next = self.next, self.next + 1
            began = time.monotonic()
            try:
                with Wire(self.agent.address, 30.0) as wire:
                    accepted = wire.post("/v1/payloads", payloads.line(number)).accepted
            except OSError:
                continue  # killed: nobody knows
            self.took.append(time.monotonic() - began)
            self.refused += not accepted
            if accepted:
                self.posted.append(number)
            self.max_rss = max(self.max_rss, self.agent.rss())


def told(agent: Agent) -> tuple[int, int, int]:
    """Ask how many executions are open, how many were published unfinished, and how many payloads are pending."""
    snapshot = agent.snapshot()
    counts = snapshot["counts"]
    pending = counts["queued"] + counts["in_flight"] + counts["retrying"]
    return snapshot["executions_open"], snapshot["executions_unfinished"], pending


def run(count: int, kills: int, seconds: float) -> bool:
    """Run it; tells whether all is as it must be."""
    with running(1) as cluster:
        make_topic(cluster, "silence")
        agent = Agent(cluster.plaintext, "silence", {"INSIGHTS_DELIVERY__DEADLINE_S": "7200"})
        try:
            began = time.monotonic()
            asyncio.run(fill(agent.state_dir, count))
            size = (agent.state_dir / "executions.db").stat().st_size
            print(
                f"{count:,} open executions, {size / 1e6:.0f} MB, written in {time.monotonic() - began:.0f} s",
                flush=True,
            )
            with TopicReader(cluster.plaintext, "silence", capacity=count + 10_000_000) as reader:
                began = agent.launch()
                assert agent.wait_listening()
                print(f"answers {time.monotonic() - began:.1f} s after its start, RSS {agent.rss() / 1e6:.0f} MB")
                with Watcher(agent, count) as watcher:
                    swept_s = _sweep(agent, count, kills, began, seconds)
                agent.wait_until(lambda seen: bool(seen["balanced"]) and not told(agent)[2], "all is delivered", 120)
                drained_s = time.monotonic() - began
                agent.terminate()
                reader.wait_end(ends(cluster.plaintext, "silence"))
                seen = reader.counts
                lost = sum(1 for number in (*range(count), *watcher.posted) if not seen[number])
                rows = {
                    "executions published after": f"{swept_s:.0f} s, all delivered after {drained_s:.0f} s",
                    "plain reports": _times(watcher),
                    "RSS at most": f"{watcher.max_rss / 1e6:.0f} MB",
                    "LOST": f"{lost}",
                    "in the topic": f"{reader[DISTINCT]:,} payloads, {reader[DUPLICATES]:,} of them again, "
                    f"{reader[OTHER_ID]} under another id, {reader[ALTERED]} altered, {reader[FOREIGN]} foreign",
                    "kills": f"{kills}, load {load_now()}",
                }
                print("\n".join(f"{name}: {value}" for name, value in rows.items()))
                wrong = lost + reader[OTHER_ID] + reader[ALTERED] + reader[FOREIGN] + watcher.refused
                return not wrong and (bool(kills) or not reader[DUPLICATES])
        finally:
            agent.close()


def _sweep(agent: Agent, count: int, kills: int, began: float, seconds: float) -> float:
    """Wait until none is open, killing meanwhile; tells how long it took."""
    due = [count * (nth + 1) // (kills + 1) for nth in range(kills)]
    said = time.monotonic()
    open_ = count
    while open_:
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{open_:,} executions are still open after {seconds:g} s")
        time.sleep(0.05)
        open_, unfinished, pending = told(agent)
        if due and count - open_ >= due[0]:
            due.pop(0)
            agent.end()
            agent.launch()
            assert agent.wait_listening()
        if time.monotonic() - said > 5:
            said = time.monotonic()
            what = f"{open_:,} open, {unfinished:,} published in this life, {pending:,} payloads pending"
            print(f"{said - began:6.0f} s  {what}, RSS {agent.rss() / 1e6:.0f} MB", flush=True)
    return time.monotonic() - began


def _times(watcher: Watcher) -> str:
    took = sorted(watcher.took)
    p50, p99, last = (took[min(len(took) - 1, int(len(took) * share))] for share in (0.5, 0.99, 1.0))
    asked = f"{len(took):,} answered, {watcher.refused} refused"
    return f"{asked}, p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, slowest {last * 1000:.0f} ms"


def main() -> int:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executions", type=int, default=200_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=600.0, help="for which the sweep is waited for")
    options = parser.parse_args()
    passed = run(options.executions, options.kills, options.seconds)
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
