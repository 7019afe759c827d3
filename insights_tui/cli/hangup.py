"""A terminal that is gone, or reads no more, must not keep the program: a way out beside the screen's loop.

Textual writes through a bounded queue to a thread; where the terminal takes nothing, first that thread and then the
loop wait for ever, and no signal handler on the loop is ever called.
"""

import os
import select
import signal
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self

POLL_S = 0.5
ORDERLY_S = 3.0
"""Seconds that the interface has to leave by itself once it should, where it drains its own agent (at most 2 s)."""
ATTACHED_S = 0.8
"""The same where there is nothing to drain: then it has only the terminal to give back, 0.1 s."""
_LAST_S = 0.1
"""Seconds for the last word to a terminal that may take nothing."""
_LAST_WORD = b"\x1b[<u\x1b[?2004l\x1b[?1004l\x1b[?1006l\x1b[?1003l\x1b[?1000l\x1b[?25h\x1b[?1049l"
"""Keys, paste, focus, mouse, cursor and screen as a shell expects them."""
HANGUP = 128 + signal.SIGHUP
_SIGNALS = (signal.SIGHUP, signal.SIGTERM)
_STDIN, _STDOUT = 0, 1


class HangupGuard:
    """Watches the terminal from a thread of its own; drains and ends the process where the loop does not."""

    def __init__(self, drain: Callable[[], None], *, orderly_s: float = ORDERLY_S) -> None:
        """`drain` may be called from another thread, and beside the interface's own call.

        `orderly_s` are the seconds that the interface has to leave by itself.
        """
        self._drain = drain
        self._orderly_s = orderly_s
        self._over = threading.Event()
        self._asked_to = threading.Event()
        self._code: int | None = None
        self._mode: list[Any] | None = None
        self._thread = threading.Thread(target=self._watch, name="hangup-guard", daemon=True)

    def __enter__(self) -> Self:
        with suppress(OSError, termios.error):  # it may be no terminal
            self._mode = termios.tcgetattr(_STDIN)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._asked_to.set()
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
        self._asked_to.set()

    def _asked(self, number: int, _frame: FrameType | None) -> None:
        self._code = 128 + number
        self._asked_to.set()

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(_STDIN, 0)  # hang-ups and errors alone
        while not self._asked_to.wait(POLL_S):
            if poll.poll(0):
                self._code = HANGUP
                break
        if self._over.wait(self._orderly_s):
            return
        try:
            self._drain()
        finally:
            code = HANGUP if self._code is None else self._code
            threading.Timer(_LAST_S, os._exit, (code,)).start()
            self._give_back()
            os._exit(code)

    def _give_back(self) -> None:
        """Leave the terminal as it was found, as far as it takes anything: the interface did not come to it."""
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTTOU,))  # in the background it would stop us
        with suppress(OSError, termios.error):
            if self._mode is not None:
                termios.tcsetattr(_STDIN, termios.TCSANOW, self._mode)
            poll = select.poll()
            poll.register(_STDOUT, select.POLLOUT)
            if any(events & select.POLLOUT for _, events in poll.poll(0)):
                os.write(_STDOUT, _LAST_WORD)
