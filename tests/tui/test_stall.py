"""A terminal that stops reading and goes on: the page comes back, the newest one, and every key has done its work."""

import array
import fcntl
import os
import re
import select
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest

from benchmarks.harness.screen import Screen, terminal_environment
from tests.support.waiting import wait_for

SIZE = (120, 40)
MORE_THAN_IT_TAKES = 80
"""Pages of 15 kB: the pty holds 4 kB, Textual's writer 30 of them."""


_BEGUN = re.compile(rb"\x1b(\[[0-?]*[ -/]*)?\Z")
"""A control sequence whose end is still to come."""


class Reader:
    """Reads a pty into a terminal's memory."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._memory = pyte.Screen(*SIZE)
        self._stream = pyte.ByteStream(self._memory)
        self._rest = b""

    def shows(self, *wanted: str) -> bool:
        """Read what there is; tell whether the terminal now shows all of these."""
        while select.select([self._screen.master], [], [], 0)[0]:
            data = self._rest + os.read(self._screen.master, 65536)
            begun = _BEGUN.search(data)  # a sequence may come in two pieces
            data, self._rest = (data[: begun.start()], begun[0]) if begun else (data, b"")
            self._stream.feed(re.sub(rb"\x1b\[[<>=?]\d*u", b"", data))  # pyte does not know this protocol
        return all(words in self.text for words in wanted)

    def wait_for(self, *wanted: str) -> None:
        """Wait until the terminal shows all of these."""
        try:
            wait_for(lambda: self.shows(*wanted), f"{wanted} on the screen", 60)
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.text}") from None

    @property
    def text(self) -> str:
        """What a person sees."""
        return "\n".join(self._memory.display)


def waiting(screen: Screen) -> int:
    """Give the bytes that wait in the pty."""
    count = array.array("i", [0])
    fcntl.ioctl(screen.master, termios.FIONREAD, count)
    return count[0]


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    command = [sys.executable, "-m", "tests.tui.child", "run", str(tmp_path)]
    with Screen(command, terminal_environment(), SIZE) as opened:
        yield opened


def test_the_page_comes_back_as_it_is_now(screen: Screen) -> None:
    reader = Reader(screen)
    reader.wait_for("CONNECTED", "Recent events")
    for number in range(MORE_THAN_IT_TAKES):
        os.write(screen.master, b"21"[number % 2 :][:1])
    held = -1

    def blocked() -> bool:
        nonlocal held
        before, held = held, waiting(screen)
        return held == before and held > 0

    wait_for(blocked, "nothing more goes into the pty", 30)
    os.write(screen.master, b"3")
    reader.wait_for("CONNECTED", "LIVE")
