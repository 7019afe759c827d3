"""A terminal that is gone, or reads no more, must not keep the program: a way out beside the screen's loop.

Textual writes through a bounded queue to a thread; where the terminal takes nothing, first that thread and then the
loop wait for ever, and no signal handler on the loop is ever called.
"""

import os
import select
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

POLL_S = 0.5
ORDERLY_S = 3.0
"""Seconds that the interface has to leave by itself once it should (it drains its own agent, at most 2 s)."""
HANGUP = 128 + signal.SIGHUP
_SIGNALS = (signal.SIGHUP, signal.SIGTERM)
_STDIN = 0


class HangupGuard:
    """Watches the terminal from a thread of its own; drains and ends the process where the loop does not."""

    def __init__(self, drain: Callable[[], None]) -> None:
        """`drain` may be called from another thread, and beside the interface's own call."""
        self._drain = drain
        self._over = threading.Event()
        self._code: int | None = None
        self._thread = threading.Thread(target=self._watch, name="hangup-guard", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def listen(self) -> None:
        """Notice the signals that end the program, beside the loop's own handlers, which go on working.

        Call it in the main thread, after the loop has its handlers: asyncio hears of a signal through its wakeup
        descriptor, whatever handler is set, and this one runs even while the main thread waits for the terminal.
        """
        for number in _SIGNALS:
            signal.signal(number, self._asked)

    def leaving(self) -> None:
        """Expect the end: what is left to do is to give the terminal back, which a stalled one never allows."""
        if self._code is None:
            self._code = 0

    def _asked(self, number: int, _frame: FrameType | None) -> None:
        self._code = 128 + number

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(_STDIN, 0)  # hang-ups and errors alone
        while self._code is None and not self._over.wait(POLL_S):
            if poll.poll(0):
                self._code = HANGUP
        if self._over.wait(ORDERLY_S):
            return
        try:
            self._drain()
        finally:
            os._exit(HANGUP if self._code is None else self._code)
