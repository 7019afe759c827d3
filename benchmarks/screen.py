"""How quick the interface is: first content, and from key to paint while 50,000 payloads a second flow.

    python -m benchmarks.screen [--per-s 50000] [--runs 21] [--keys 100]

A real agent (a mock Kafka behind it, a process that posts NDJSON before it) works on the same processors; the screens
are attached to it on ptys of their own (120x40, truecolor). The peers, in the same run: the smallest Textual
application for the first content, a stock dashboard that talks to nobody for the keys. `first byte` is from writing a
key to the first byte that comes back, `all` to the last one of the painting.
"""

import argparse
import signal
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.flood import flooding
from benchmarks.harness.mock_kafka import mock_kafka
from benchmarks.harness.screen import Screen, terminal_environment
from insights_tui.cli.demo.mock_kafka import TOPIC
from insights_tui.tui.views.registry import VIEWS
from tests.support.agent_process import COMMAND

_STOCK = [sys.executable, str(Path(__file__).parent / "harness" / "stock.py")]
DOWN, UP, _ESCAPE = b"\x1b[B", b"\x1b[A", b"\x1b"
_DETAILS = b"\r"
_DIALOGS = (
    ("the form opens", b"c", b"Kafka broker URL"),
    ("help opens", b"?", b"Keys of every view"),
    ("the problems open", b"p", b"Problems"),
    ("the palette opens", b":", b"ype a part"),
    ("a payload opens", _DETAILS, b"A payload"),
)
"""What opens over the page, its key, and words of its own: the first of these counts, not a tick of the page."""
_SETTLE_S = 3.0


@contextmanager
def working_agent(per_s: float) -> Iterator[Agent]:
    """Run an agent that takes so many payloads a second and delivers them, while the `with` lasts."""
    # Ended by a signal, it must not leave screens behind: a stock one without its terminal takes a whole core.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    with mock_kafka() as bootstrap:
        agent = Agent(bootstrap, TOPIC, durability="memory")
        try:
            agent.launch()
            agent.wait_listening()
            with flooding(agent.port, per_s, agent.env):
                agent.wait_until(lambda snapshot: snapshot["counts"]["delivered"] > 0, "the first delivery")
                yield agent
        finally:
            agent.close()


class Flow:
    """What really flowed, by the agent's own counts."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._began, self._counts = time.monotonic(), agent.snapshot()["counts"]
        self._cpu = agent.cpu_s()

    def __str__(self) -> str:
        took, counts = time.monotonic() - self._began, self._agent.snapshot()["counts"]
        accepted, delivered = ((counts[name] - self._counts[name]) / took for name in ("accepted", "delivered"))
        busy = 100 * (self._agent.cpu_s() - self._cpu) / took
        return f"{accepted:,.0f} payloads/s accepted, {delivered:,.0f}/s delivered, the agent {busy:.0f} % of a core"


def quantile(values: list[float], share: float) -> float:
    """Give the value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def first_content(environment: Mapping[str, str], runs: int) -> None:
    """Print how long ours and the peer take, in turn."""
    taken: dict[str, list[float]] = {"insights-tui, attached": [], "the smallest Textual application": []}
    for _ in range(runs):
        for name, command in zip(taken, ([COMMAND], [*_STOCK, "hello"]), strict=True):
            with Screen(command, environment) as screen:
                taken[name].append(screen.until(b"CONNECTED"))
                screen.quiet()
    for name, values in taken.items():
        print(
            f"first content  {name:<34} median {statistics.median(values):.2f} s   "
            f"best {min(values):.2f}   worst of {runs} {max(values):.2f}",
            flush=True,
        )


def told(name: str, delays: list[tuple[float, float]]) -> None:
    """Print a row: how many keys, median and p99."""
    firsts, lasts = ([1000 * delay for delay in column] for column in zip(*delays, strict=True))
    print(
        f"{name:<44} {len(delays):>4}  first byte {statistics.median(firsts):>5.0f} {quantile(firsts, 0.99):>5.0f}   "
        f"all {statistics.median(lasts):>5.0f} {quantile(lasts, 0.99):>5.0f}",
        flush=True,
    )


def keys(environment: Mapping[str, str], count: int) -> None:
    """Print key to paint of each kind of key and of all of them, then the peer's."""
    print("key to paint, ms: number of keys, median and p99", flush=True)
    every: list[tuple[float, float]] = []

    def ours(name: str, delays: list[tuple[float, float]]) -> None:
        every.extend(delays)
        told(name, delays)

    with Screen([COMMAND], environment) as screen:
        screen.until(b"CONNECTED")
        screen.drain(_SETTLE_S)
        digits = [entry.key.encode() for entry in VIEWS]
        ours("a view opened for the first time", [screen.press(digit) for digit in [*digits[1:], digits[0]]])
        ours("another view", [screen.press(digit) for digit in islice(cycle(digits[1:] + digits[:1]), count)])
        screen.press(b"4")
        screen.drain(2.0)
        ours("the cursor of a table (Payloads)", [screen.press(key) for key in islice(cycle((DOWN, UP)), count)])
        for name, key, wanted in _DIALOGS:
            if key == _DETAILS:
                screen.press(b" ")  # else the row under the cursor leaves meanwhile
                screen.drain(1.5)
            opened = []
            for _ in range(max(2, count // 4)):
                opened.append(screen.press(key, wanted))
                screen.press(_ESCAPE)
            ours(f"{name}, the first time", opened[:1])
            ours(name, opened[1:])
        screen.press(b" ")
        screen.press(b"c")
        screen.press(b"\t")
        ours("a letter in the form", [screen.press(key) for key in islice(cycle((b"x", b"\x7f")), count)])
    told("every key", every)
    with Screen([*_STOCK, "dashboard"], environment) as screen:
        screen.until(b"CONNECTED")
        screen.drain(_SETTLE_S)
        told("stock dashboard: the cursor of a table", [screen.press(k) for k in islice(cycle((DOWN, UP)), count)])
        screen.press(b"\t")
        told("stock dashboard: a letter in a field", [screen.press(k) for k in islice(cycle((b"x", b"\x7f")), count)])


def main() -> None:
    """Run the agent, attach, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-s", type=float, default=50_000.0)
    parser.add_argument("--runs", type=int, default=21, help="starts, for the first content; 0: none")
    parser.add_argument("--keys", type=int, default=100, help="of each kind; 0: none")
    arguments = parser.parse_args()
    print(f"load before: {load_now()}")
    if arguments.runs:
        with working_agent(1000.0) as agent:
            flow = Flow(agent)
            first_content(terminal_environment(agent.env), arguments.runs)
            print(f"               meanwhile {flow}", flush=True)
    if arguments.keys:
        with working_agent(arguments.per_s) as agent:
            time.sleep(_SETTLE_S)
            flow = Flow(agent)
            keys(terminal_environment(agent.env), arguments.keys)
            print(f"meanwhile {flow}", flush=True)


if __name__ == "__main__":
    main()
