"""Wait for a condition: the only way that a test waits."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_POLL_S = 0.02


def wait_for(condition: Callable[[], T], what: str, timeout_s: float = 30.0) -> T:
    """Ask again and again until the answer is true and give it; `TimeoutError` with `what` and the last answer."""
    deadline = time.monotonic() + timeout_s
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout_s:g} s: {what}; last seen: {answer!r}")
        time.sleep(_POLL_S)
    return answer
