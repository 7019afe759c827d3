"""A terminal that stops reading: the agent, the memory, how soon the interface is back, and how it ends meanwhile.

    python -m benchmarks.screen_stall [--seconds 60] [--per-s 1000]

A real agent takes `--per-s` payloads a second. The screen's pty is not read, so that writing to it really blocks (the
bytes that wait in it no longer grow); keys are pressed all the while. Then it is read again, until the page shows the
time of now. In two more runs SIGTERM and SIGHUP come while the terminal does not read.
"""

import argparse
import array
import fcntl
import os
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import pyte

from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.screen import Screen, terminal_environment
from benchmarks.screen import Flow, working_agent
from tests.support.agent_process import COMMAND

_SIZE = (120, 40)
_AS_OF = re.compile(r"as of (\d\d):(\d\d):(\d\d)")
_CURRENT_S = 2.0
"""A page whose time is this near to now is current: it is asked for once a second."""
_BACK_S = 30.0
_KEYS = (b"2", b"3", b"1")


class Eyes:
    """What a terminal would show of the bytes it gets."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(*_SIZE)
        self._stream = pyte.ByteStream(self._screen)

    def feed(self, data: bytes) -> None:
        r"""Take bytes; `\x1b[>25u` (a keyboard protocol) is unknown to the emulator and would be shown."""
        self._stream.feed(re.sub(rb"\x1b\[[<>=?]\d*u", b"", data))

    def age_s(self) -> float | None:
        """Give the seconds between the page's own time and now; `None` where it shows none."""
        found = _AS_OF.search(self._screen.display[0])
        if found is None:
            return None
        now = datetime.now(UTC)
        shown = now.replace(hour=int(found[1]), minute=int(found[2]), second=int(found[3]), microsecond=0)
        return abs((now - shown).total_seconds())


def waiting(screen: Screen) -> int:
    """Give the bytes that wait in the pty."""
    count = array.array("i", [0])
    fcntl.ioctl(screen.master, termios.FIONREAD, count)
    return count[0]


def read_until_current(screen: Screen, eyes: Eyes) -> tuple[float, int]:
    """Read until the page shows the time of now; give the seconds and bytes that took."""
    began, read = time.perf_counter(), 0
    while time.perf_counter() - began < _BACK_S:
        if select.select([screen.master], [], [], 0.05)[0]:
            data = os.read(screen.master, 65536)
            read += len(data)
            eyes.feed(data)
        age = eyes.age_s()
        if age is not None and age <= _CURRENT_S and not select.select([screen.master], [], [], 0)[0]:
            return time.perf_counter() - began, read
    raise TimeoutError(f"not current within {_BACK_S:g} s of reading again")


def stall(screen: Screen, agent: Agent, seconds: float) -> None:
    """Do not read for so long, and say what that does to the agent."""
    flow, most, slowest = Flow(agent), screen.rss(), 0.0
    blocked_at = before = 0.0
    began = time.perf_counter()
    number = 0
    while (now := time.perf_counter() - began) < seconds:
        os.write(screen.master, _KEYS[number % len(_KEYS)])
        number += 1
        asked = time.perf_counter()
        agent.snapshot()
        slowest = max(slowest, time.perf_counter() - asked)
        most = max(most, screen.rss())
        time.sleep(0.5)
        held = waiting(screen)
        blocked_at = blocked_at or (now if held and held == before else 0.0)
        before = held
    print(f"  not read for {seconds:g} s: blocked after {blocked_at:.1f} s with {before:,.0f} B in the pty")
    print(f"  the agent meanwhile: {flow}; its slowest answer {1000 * slowest:.0f} ms")
    print(f"  memory of the interface: at most {most / 1e6:.0f} MB", flush=True)


def ended_by(environment: Mapping[str, str], number: signal.Signals, seconds: float) -> None:
    """Send a signal while the terminal does not read; print when and how it ended."""
    with Screen([COMMAND], environment, _SIZE) as screen:
        screen.until(b"CONNECTED")
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            for key in _KEYS:
                os.write(screen.master, key)
            time.sleep(0.2)
        began = time.perf_counter()
        screen.process.send_signal(number)
        try:
            code = screen.process.wait(_BACK_S)
            print(f"  {number.name}: ended after {time.perf_counter() - began:.1f} s, exit code {code}", flush=True)
        except subprocess.TimeoutExpired:
            print(f"  {number.name}: NOT ended within {_BACK_S:g} s", flush=True)


def main() -> None:
    """Run the agent, attach, stop reading."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--per-s", type=float, default=1000.0)
    arguments = parser.parse_args()
    print(f"load before: {load_now()}")
    with working_agent(arguments.per_s) as agent:
        environment = terminal_environment(agent.env)
        with Screen([COMMAND], environment, _SIZE) as screen:
            eyes = Eyes()
            took, _ = read_until_current(screen, eyes)
            print(f"  current {took:.2f} s after its start; memory {screen.rss() / 1e6:.0f} MB")
            stall(screen, agent, arguments.seconds)
            took, read = read_until_current(screen, eyes)
            print(f"  read again: current after {took:.2f} s and {read:,} B; memory {screen.rss() / 1e6:.0f} MB")
        for number in (signal.SIGTERM, signal.SIGHUP):
            ended_by(environment, number, 5.0)


if __name__ == "__main__":
    main()
