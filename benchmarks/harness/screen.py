"""A program with a screen on a pty of its own, read and pressed as a terminal would."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

_ROOT = Path(__file__).resolve().parents[2]
_STILL_S = 0.06
"""A screen that has sent nothing for so long has painted all there was."""
_PATIENCE_S = 5.0


def terminal_environment(own: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the environment of a truecolor terminal on this machine, with `own` variables."""
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", **(own or {})}
    # COLUMNS and LINES would hide the size of the pty: pytest's workers have them.
    # The last two would have each start compile everything, ours and the peer's: a quarter of a second each.
    for name in (
        *("NO_COLOR", "SSH_CONNECTION", "SSH_TTY", "COLUMNS", "LINES"),
        *("PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE"),
    ):
        environment.pop(name, None)
    return environment


class Screen:
    """The program, its pty, and what it has sent."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], size: tuple[int, int] = (120, 40)
    ) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave, stdout=slave, stderr=slave, cwd=_ROOT, env=dict(environment), start_new_session=True,
        )  # fmt: skip
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def until(self, wanted: bytes, within_s: float = 30.0) -> float:
        """Read until these bytes have come; give the seconds since the program was started."""
        seen, end = b"", time.perf_counter() + within_s
        while wanted not in seen:
            if time.perf_counter() > end:
                raise TimeoutError(f"{wanted!r} did not come; the last bytes: {seen[-300:]!r}")
            if select.select([self.master], [], [], 0.05)[0]:
                seen += os.read(self.master, 65536)
        return time.perf_counter() - self.started

    def drain(self, seconds: float) -> int:
        """Read for so many seconds; give the number of bytes."""
        total, end = 0, time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if select.select([self.master], [], [], left)[0]:
                total += len(os.read(self.master, 65536))
        return total

    def quiet(self, at_most_s: float = 2.0) -> float:
        """Read until nothing comes any more; give when the last byte came (0: none came)."""
        last, end = 0.0, time.perf_counter() + at_most_s
        while time.perf_counter() < end and select.select([self.master], [], [], _STILL_S)[0]:
            os.read(self.master, 65536)
            last = time.perf_counter()
        return last

    def press(self, key: bytes, wanted: bytes = b"") -> tuple[float, float]:
        """Press a key on a quiet screen; give the seconds to the first byte and to the last one of the painting.

        With `wanted`, what came first counts once these bytes are in it: a dialog, not a tick of the page behind it. A
        screen that ticks may tick meanwhile: then the painting seems to take longer than it does.
        """
        self.quiet()
        pressed, seen = time.perf_counter(), b""
        os.write(self.master, key)
        if not select.select([self.master], [], [], _PATIENCE_S)[0]:
            return _PATIENCE_S, _PATIENCE_S
        first = time.perf_counter()
        while wanted not in seen:
            if not select.select([self.master], [], [], _PATIENCE_S)[0] or first - pressed > _PATIENCE_S:
                raise TimeoutError(f"{wanted!r} did not come; the last bytes: {seen[-300:]!r}")
            first = time.perf_counter()
            seen += os.read(self.master, 65536)
        return first - pressed, max(first, self.quiet(0.5)) - pressed

    def cpu_s(self) -> float:
        """Give the seconds of processor used so far."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def rss(self) -> int:
        """Give the bytes resident."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
