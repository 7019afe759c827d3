"""Named points where a test can have the process die, as by SIGKILL."""

import os
import signal

_ENV = "INSIGHTS_TEST_CRASH_AT"
"""`name` or `name:n`: die the first, or the n-th, time that the point is passed."""

_name, _, _nth = os.environ.get(_ENV, "").partition(":")
_left = int(_nth) if _nth.isdigit() else 1

POINTS = (
    "before_commit",
    "after_commit",
    "before_send",
    "after_ack_before_delete",
    "paging",
    "migration",
    "checkpoint",
    "folding",
    "folded",
)
"""`after_commit` is before the reply; `folding` before the transaction of a fold, `folded` between it and the end of
the old files. `before_send` and `after_ack_before_delete` belong to whoever sends."""


def crash_point(name: str) -> None:
    """Die here where a test asked for it; costs a comparison otherwise."""
    global _left  # noqa: PLW0603 - counts down across the whole process, as the environment variable asks
    if name != _name:
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
