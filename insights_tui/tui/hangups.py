"""The signals whose defaults would leave the terminal broken: SIGHUP and SIGTERM end the interface in good order."""

import asyncio
import signal
from collections.abc import Callable

_NUMBERS = (signal.SIGHUP, signal.SIGTERM)


def take_over(leave: Callable[[], None]) -> None:
    """Call `leave` for them; outside the main thread (a test) their owner handles them."""
    loop = asyncio.get_running_loop()
    for number in _NUMBERS:
        try:
            loop.add_signal_handler(number, leave)
        except (ValueError, RuntimeError, NotImplementedError):
            return


def give_back() -> None:
    """Let go of them."""
    loop = asyncio.get_running_loop()
    for number in _NUMBERS:
        try:
            loop.remove_signal_handler(number)
        except (ValueError, RuntimeError, NotImplementedError):
            return
