"""Bytes a second to the terminal, processor and memory of every view, beside a stock Textual dashboard in the same run.

    python -m benchmarks.screen_bytes [--seconds 8] [--size 80x24] [--per-s 1000]

A real agent takes `--per-s` payloads a second and delivers them to a mock Kafka; each size gets a screen of its own on
a pty (truecolor). The first seconds of a view (its first painting) are left out. Memory is the most it had.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.agent import load_now
from benchmarks.harness.screen import Screen, terminal_environment
from benchmarks.screen import Flow, working_agent
from insights_tui.tui.views.registry import VIEWS
from tests.support.agent_process import COMMAND

SIZES = ((80, 24), (120, 40), (200, 60))
_STOCK = [sys.executable, str(Path(__file__).parent / "harness" / "stock.py"), "dashboard"]
_SETTLE_S = 3.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What a view costs."""

    bytes_per_s: float
    cpu: float
    """Share of a core."""
    frozen_bytes: int | None = None
    """In the time that it stood still; `None` where it cannot."""

    def __str__(self) -> str:
        frozen = "-" if self.frozen_bytes is None else f"{self.frozen_bytes:,}"
        return f"{self.bytes_per_s:>7,.0f} B/s {100 * self.cpu:>5.1f} % of a core   frozen {frozen:>3} B"


def cost(screen: Screen, seconds: float) -> Cost:
    """Watch it for so many seconds."""
    began, cpu = time.perf_counter(), screen.cpu_s()
    sent = screen.drain(seconds)
    took = time.perf_counter() - began
    return Cost(sent / took, (screen.cpu_s() - cpu) / took)


def views(environment: Mapping[str, str], size: tuple[int, int], seconds: float) -> None:
    """Print a row for each view, Payloads with both of its sources."""
    with Screen([COMMAND], environment, size) as screen:
        screen.until(b"CONNECTED")
        screen.drain(_SETTLE_S)
        most = 0
        for name, keys in [(one.title, one.key) for one in VIEWS] + [("Payloads: topic", "4s")]:
            for key in keys:
                screen.press(key.encode())
            screen.drain(_SETTLE_S)
            running = cost(screen, seconds)
            screen.press(b" ")
            screen.drain(1.5)
            frozen = screen.drain(seconds / 2)
            screen.press(b" ")
            most = max(most, screen.rss())
            told = Cost(running.bytes_per_s, running.cpu, frozen)
            print(f"{size[0]}x{size[1]:<5} {name:<18} {told}", flush=True)
        print(f"{size[0]}x{size[1]:<5} memory {most / 1e6:.0f} MB", flush=True)
    with Screen(_STOCK, environment, size) as screen:
        screen.until(b"CONNECTED")
        screen.drain(_SETTLE_S)
        print(f"{size[0]}x{size[1]:<5} {'stock dashboard':<18} {cost(screen, seconds)}", flush=True)
        print(f"{size[0]}x{size[1]:<5} memory of the stock dashboard {screen.rss() / 1e6:.0f} MB", flush=True)


def main() -> None:
    """Run the agent, attach, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--size", help="one of 80x24, 120x40, 200x60; all of them without it")
    parser.add_argument("--per-s", type=float, default=1000.0)
    arguments = parser.parse_args()
    sizes = [size for size in SIZES if arguments.size in (None, f"{size[0]}x{size[1]}")]
    print(f"load before: {load_now()}")
    with working_agent(arguments.per_s) as agent:
        flow = Flow(agent)
        for size in sizes:
            views(terminal_environment(agent.env), size, arguments.seconds)
        print(f"meanwhile {flow}")


if __name__ == "__main__":
    main()
