"""Bytes a second that each view sends to the terminal, beside a stock Textual dashboard in the same run.

    python -m benchmarks.screen_bytes [--seconds 8] [--size 80x24]

Each run gets a pty of its own (truecolor) and an agent that answers from memory with 1,000 payloads a second
flowing; the first seconds (the first paint) are left out.
"""

import argparse
import asyncio
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Label, Sparkline

from insights_tui.domain.snapshot import Rates, Second, Snapshot
from insights_tui.tui.app import InsightsApp
from insights_tui.tui.views.registry import VIEWS
from tests.tui.fake_agent import FakeAgent
from tests.tui.samples import CONNECTED

SIZES = ((80, 24), (120, 40), (200, 60))
_ROOT = Path(__file__).resolve().parent.parent


class FlowingAgent(FakeAgent):
    """Every number that can move does: 1,000 payloads a second, give or take."""

    def __init__(self) -> None:
        super().__init__(CONNECTED)
        self._random = Random(7)  # noqa: S311 - made-up load, the same each run
        self._history: deque[Second] = deque(maxlen=300)
        self._started = time.time()
        self._moved = 0
        first = datetime.fromtimestamp(int(self._started), UTC)
        for back in range(300, 0, -1):
            self._history.append(self._second(first - timedelta(seconds=back)))

    def _second(self, at: datetime) -> Second:
        rate = self._random.randint(900, 1100)
        return Second(at, rate, rate, 0, self._random.randint(50, 300), self._random.uniform(0.01, 0.05))

    async def snapshot(self, history: int = 0) -> Snapshot:
        """Tell a state that has moved since the last one."""
        now = datetime.now(UTC)
        while int(self._history[-1].at.timestamp()) < int(now.timestamp()) - 1:
            self._history.append(self._second(self._history[-1].at + timedelta(seconds=1)))
            self._moved += self._history[-1].accepted
        random, queued, flying = self._random, self._random.randint(50, 300), self._random.randint(20, 90)
        delivered = 1_204_331 + self._moved
        return replace(
            CONNECTED,
            as_of=now,
            counts=replace(
                CONNECTED.counts,
                accepted=delivered + queued + flying,
                queued=queued,
                in_flight=flying,
                delivered=delivered,
            ),
            oldest_age_s=random.uniform(0.05, 0.4),
            next_loss_s=239.7,
            last_accepted_at=now,
            last_delivered_at=now,
            rates=Rates(float(self._history[-1].accepted), float(self._history[-1].delivered)),
            latency=replace(CONNECTED.latency, p50=random.uniform(0.003, 0.006), p99=random.uniform(0.02, 0.05)),
            brokers=tuple(replace(broker, rtt_s=random.uniform(0.002, 0.006)) for broker in CONNECTED.brokers),
            partitions=tuple(replace(partition, in_flight=random.randint(0, 9)) for partition in CONNECTED.partitions),
            history=tuple(self._history)[-history:] if history else (),
        )


class StockDashboard(App[None]):
    """The same content from the shelf: labels, sparklines, a table."""

    def compose(self) -> ComposeResult:
        """Build what the library offers."""
        yield Label(id="status")
        yield Label(id="funnel")
        yield Sparkline([0.0] * 300, id="accepted")
        yield Sparkline([0.0] * 300, id="delivered")
        yield DataTable(id="brokers", show_cursor=False)

    def on_mount(self) -> None:
        """Fill the table and start to tick."""
        self.agent = FlowingAgent()
        table = self.query_one("#brokers", DataTable)
        for name in ("server", "state", "rtt"):
            table.add_column(name, key=name)
        for broker in CONNECTED.brokers:
            table.add_row(f"{broker.host}:{broker.port}", broker.state, "", key=str(broker.id))
        self.set_interval(1.0, self.tick)

    async def tick(self) -> None:
        """Update everything, as the examples do."""
        snapshot = await self.agent.snapshot(300)
        self.query_one("#status", Label).update(f"CONNECTED as of {snapshot.as_of:%H:%M:%S}")
        self.query_one("#funnel", Label).update(str(snapshot.counts))
        self.query_one("#accepted", Sparkline).data = [second.accepted for second in snapshot.history]
        self.query_one("#delivered", Sparkline).data = [second.delivered for second in snapshot.history]
        for broker in snapshot.brokers:
            self.query_one("#brokers", DataTable).update_cell(str(broker.id), "rtt", f"{broker.rtt_s or 0:.4f}")


def measure(kind: str, size: tuple[int, int], seconds: float) -> dict[str, tuple[float, float]]:
    """Give bytes a second of each view with it running, and frozen; a stock dashboard is one view."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    environment.pop("NO_COLOR", None)
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.screen_bytes", "--child", kind],
        stdin=slave, stdout=slave, stderr=slave, cwd=_ROOT, env=environment, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    found: dict[str, tuple[float, float]] = {}
    try:
        count(master, 5.0)
        if kind == "stock":
            found["stock"] = (count(master, seconds) / seconds, -1.0)
            return found
        for entry in VIEWS:
            os.write(master, entry.key.encode())
            count(master, 3.0)
            running = count(master, seconds) / seconds
            os.write(master, b" ")
            count(master, 1.5)
            found[entry.title] = (running, count(master, seconds / 3) / (seconds / 3))
            os.write(master, b" ")
    finally:
        child.kill()
        child.wait()
        os.close(master)
    return found


def count(master: int, seconds: float) -> int:
    """Read for so many seconds; give the number of bytes."""
    total, end = 0, time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([master], [], [], left)[0]:
            total += len(os.read(master, 65536))
    return total


def main() -> None:
    """Measure, or be the thing that is measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--child", choices=("ours", "stock"))
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--size", help="one of 80x24, 120x40, 200x60; all of them without it")
    arguments = parser.parse_args()
    if arguments.child == "ours":
        asyncio.run(InsightsApp(FlowingAgent()).run_async())
        return
    if arguments.child == "stock":
        asyncio.run(StockDashboard().run_async())
        return
    print("size      view          B/s   frozen B/s")
    for size in SIZES:
        if arguments.size in (None, f"{size[0]}x{size[1]}"):
            for kind in ("ours", "stock"):
                for view, (running, frozen) in measure(kind, size, arguments.seconds).items():
                    still = f"{frozen:>12,.0f}" if frozen >= 0 else f"{'-':>12}"
                    print(f"{size[0]}x{size[1]:<6}{view:<12}{running:>6,.0f}{still}", flush=True)


if __name__ == "__main__":
    main()
