"""Real processes for tests: an agent, a terminal, and waiting for what they do."""

import fcntl
import os
import pty
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.conftest import program

PATIENCE_S = 30.0


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for a condition; fail where it does not come."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"waited in vain for: {what}"
        time.sleep(0.02)


@contextmanager
def started(*arguments: str | Path, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a verb; whatever happens, it has ended after the block."""
    with subprocess.Popen(
        program(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@contextmanager
def real_agent(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run an agent on a random port; yields it once it is ready, with the line that says so."""
    with started("agent", "--listen", "127.0.0.1:0", *arguments) as process:
        assert process.stderr is not None
        yield process, process.stderr.readline().decode()


@dataclass
class Terminal:
    """A program in a terminal of its own."""

    process: subprocess.Popen[bytes]
    master: int
    name: str
    shown: bytearray = field(default_factory=bytearray)

    def read(self) -> bytes:
        """Read what was drawn up to now."""
        try:
            while piece := os.read(self.master, 65536):
                self.shown += piece
        except OSError:  # nothing there just now, or the program has gone
            pass
        return bytes(self.shown)

    def wait_for(self, text: bytes) -> None:
        until(lambda: text in self.read(), f"{text!r} on the terminal")

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def ended(self) -> int:
        """Wait for its end, reading on: a program cannot leave while nobody reads what it draws."""
        until(lambda: (self.read(), self.process.poll())[1] is not None, "the end of the program")
        return self.process.returncode

    def stop_output(self) -> None:
        """Take nothing more, as after ctrl+s or on a line that is dead and not noticed yet."""
        slave = os.open(self.name, os.O_RDWR | os.O_NOCTTY)
        try:
            termios.tcflow(slave, termios.TCOOFF)
        finally:
            os.close(slave)

    def hang_up(self) -> None:
        os.close(self.master)
        self.master = -1


@contextmanager
def terminal(
    command: list[str], *, term: str = "xterm-256color", size: tuple[int, int] = (24, 80)
) -> Iterator[Terminal]:
    """Run a program in a terminal of its own, as a login would."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, size)
    with subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=os.environ | {"TERM": term},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads beside us here
    ) as process:
        name = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(master, False)
        run = Terminal(process, master, name)
        try:
            yield run
        finally:
            if process.poll() is None:
                process.kill()
            if run.master >= 0:
                os.close(run.master)
