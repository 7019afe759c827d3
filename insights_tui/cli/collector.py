"""Python's garbage collector in the interface: a walk past everything takes 0.1 s and more, and a key would wait.

Loading makes no garbage, so nothing is collected meanwhile. Later what dialogs leave is collected while nobody types.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

_YOUNG, _MIDDLE, _OLD = 700, 10, 1000
"""Python's own thresholds but for the last: the long walk is for `Tidy`, unless somebody types for hours."""
_WORTH_IT = 5
"""Collections of the middle generation after which a long one is worth its while."""
PAUSE_S, MOST_S = 0.2, 1.0
"""Seconds without the collector after a key, and at the most, however fast somebody types."""
TIDY_S = 5.0
"""Seconds between two looks whether it is quiet."""
_ALL_AGAIN = 100
"""Walks after which one goes past what stayed, too."""


@contextmanager
def held() -> Iterator[None]:
    """Collect nothing until `settle`, or until the end of this."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def settle() -> None:
    """Collect again, without what has been loaded by now: it stays for good, and walking it would make keys wait."""
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    gc.enable()


class Pause:
    """Collects nothing for a moment after each key: what a key makes waits until it has been painted.

    Opening the form makes enough for six walks of the middle generation, 3 ms of 40.
    """

    def __init__(self, loop: "AbstractEventLoop") -> None:
        self._loop = loop
        self._began = self._last = 0.0

    def __call__(self) -> None:
        """Begin, or go on; somebody else's pause is left alone."""
        self._last = self._loop.time()
        if gc.isenabled():
            gc.disable()
            self._began = self._last
            self._loop.call_later(PAUSE_S, self._look)

    def _look(self) -> None:
        now = self._loop.time()
        left = min(self._last + PAUSE_S, self._began + MOST_S) - now
        if left > 0:
            self._loop.call_later(left, self._look)
        else:
            gc.enable()


def tidy_up(loop: "AbstractEventLoop", quiet: Callable[[], bool]) -> None:
    """Look from time to time, for as long as the loop runs, whether it is `quiet`, and collect then."""
    tidy = Tidy()

    def look() -> None:
        if quiet():
            tidy()
        loop.call_later(TIDY_S, look)

    loop.call_later(TIDY_S, look)


class Tidy:
    """Collects all there is, at moments when no key waits for it; what stays is not walked past the next time."""

    def __init__(self) -> None:
        self._walks = 0

    def __call__(self) -> bool:
        """Collect, where enough has come since the last time; tell whether it did."""
        if gc.get_count()[2] < _WORTH_IT:
            return False
        self._walks += 1
        if self._walks % _ALL_AGAIN == 0:
            gc.unfreeze()  # views of an agent that is not shown any more
        gc.collect()
        gc.freeze()
        return True
