"""A terminal that is gone must end the program, even where the screen's loop is stuck writing to it."""

import os
import select
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

POLL_S = 0.5
ORDERLY_S = 4.0
"""Seconds that the interface has to leave by itself after the terminal went (it drains its agent, at most 2 s)."""
HANGUP = 129
"""128 + SIGHUP."""


class HangupGuard:
    """Watches the terminal from a thread of its own; drains and ends the process where the loop does not."""

    def __init__(self, drain: Callable[[], None]) -> None:
        """`drain` may be called from another thread, and beside the interface's own call."""
        self._drain = drain
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="hangup-guard", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(sys.__stdin__.fileno() if sys.__stdin__ is not None else 0, 0)  # errors and hang-ups alone
        while not self._over.wait(POLL_S):
            if poll.poll(0):
                break
        if self._over.wait(ORDERLY_S):
            return
        self._drain()
        os._exit(HANGUP)
