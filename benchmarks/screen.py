"""How quick and how light the interface is: first content, key to paint, processor and memory of an attached screen.

    python -m benchmarks.screen [--rate 50000] [--seconds 20]

An agent with a stand-in for Kafka (`insights-tui demo --headless`) takes `--rate` payloads a second; screens are
attached to it on ptys of their own (120x40, truecolor). `key to paint` is from writing a key (a view's digit) to the
first byte that comes back.
"""

import argparse
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

import psutil

from insights_tui.tui.views.registry import VIEWS

_ROOT = Path(__file__).resolve().parent.parent
_PROGRAM = str(Path(sys.executable).with_name("insights-tui"))
_SIZE = (120, 40)


class Attached:
    """A screen on a pty."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _SIZE[1], _SIZE[0], 0, 0))
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [_PROGRAM],
            stdin=slave, stdout=slave, stderr=slave, cwd=_ROOT, env=environment, start_new_session=True,
        )  # fmt: skip
        os.close(slave)

    def until(self, wanted: bytes, within_s: float = 30.0) -> float:
        """Read until these bytes have come; give the seconds since the start."""
        seen, end = b"", time.perf_counter() + within_s
        while wanted not in seen:
            if time.perf_counter() > end:
                raise TimeoutError(f"{wanted!r} did not come; the last bytes: {seen[-300:]!r}")
            if select.select([self.master], [], [], 0.05)[0]:
                seen += os.read(self.master, 65536)
        return time.perf_counter() - self.started

    def drain(self, seconds: float) -> int:
        """Read for so many seconds."""
        total, end = 0, time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if select.select([self.master], [], [], left)[0]:
                total += len(os.read(self.master, 65536))
        return total

    def quiet(self) -> None:
        """Read until nothing has come for a tenth of a second, at most two seconds long."""
        end = time.perf_counter() + 2.0
        while time.perf_counter() < end and select.select([self.master], [], [], 0.1)[0]:
            os.read(self.master, 65536)

    def key(self, key: bytes) -> float:
        """Press a key; give the seconds until the first byte comes back."""
        self.quiet()
        pressed = time.perf_counter()
        os.write(self.master, key)
        if not select.select([self.master], [], [], 5.0)[0]:
            return 5.0
        return time.perf_counter() - pressed

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


def quantile(values: list[float], share: float) -> float:
    """Give the value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measure(environment: dict[str, str], seconds: float) -> None:
    """Print the figures."""
    firsts = []
    for _ in range(5):
        screen = Attached(environment)
        firsts.append(screen.until(b"CONNECTED"))
        screen.drain(0.5)
        screen.close()
    print(
        f"first content, attached     median {quantile(firsts, 0.5):.2f} s   worst of 5 {max(firsts):.2f} s", flush=True
    )
    screen = Attached(environment)
    screen.until(b"CONNECTED")
    screen.drain(3.0)
    digits = [entry.key.encode() for entry in VIEWS]
    for digit in digits:  # each view is built when it is opened first
        screen.key(digit)
    delays = [screen.key(digits[number % len(digits)]) for number in range(100)]
    median, last = 1000 * quantile(delays, 0.5), 1000 * quantile(delays, 0.99)
    print(f"key to paint                median {median:.0f} ms   p99 {last:.0f} ms", flush=True)
    process = psutil.Process(screen.process.pid)
    for entry in VIEWS:
        screen.key(entry.key.encode())
        screen.drain(1.5)
        before, began = process.cpu_times(), time.perf_counter()
        sent = screen.drain(seconds / len(VIEWS))
        after, took = process.cpu_times(), time.perf_counter() - began
        busy = (after.user + after.system - before.user - before.system) / took
        print(f"  {entry.title:<12}{100 * busy:>6.1f} % of a core{sent / took:>8,.0f} B/s", flush=True)
    print(f"memory                      {process.memory_info().rss / 1e6:.0f} MB", flush=True)
    screen.close()


def main() -> None:
    """Run the agent, attach, measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=50_000.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--socket", type=Path, help="measure against an agent that runs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        socket = arguments.socket or Path(folder) / "agent.sock"
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "INSIGHTS_STATE_DIR": folder}
        environment |= {"INSIGHTS_SOCKET": str(socket)}
        for name in ("NO_COLOR", "SSH_CONNECTION", "SSH_TTY"):
            environment.pop(name, None)
        agent = None
        if arguments.socket is None:
            command = [_PROGRAM, "demo", "--headless", "--rate", str(arguments.rate), "--socket", str(socket)]
            agent = subprocess.Popen(
                command, cwd=_ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        try:
            end = time.monotonic() + 30
            while not socket.exists() and time.monotonic() < end:
                time.sleep(0.1)
            measure(environment, arguments.seconds)
        finally:
            if agent is not None:
                agent.terminate()
                agent.wait(20)


if __name__ == "__main__":
    main()
