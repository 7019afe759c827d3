"""What may go into a payload: finite numbers under names that the agent takes.

A batch is accepted whole or refused whole, so one bad metric must never get into one. Source of the limits:
contract.md §2.
"""

import json
import math
import numbers
from typing import Any

MAX_METRICS = 25
"""Metrics of one execution."""
MAX_METRIC_BYTES = 25 * 1024
"""Bytes of metric names and values of one execution."""
RESERVED = frozenset(
    {
        "request_id", "session_id", "algorithm_owner", "algorithm_name", "algorithm_version", "time", "timestamp",
        "duration_milliseconds",
    }
)  # fmt: skip

Value = int | float | str
"""A string goes to the agent as it is: it takes "4" as the number 4, and names whatever is no number."""

_MAX_BITS = 1023
"""Of an integer that a 64-bit float can hold."""
_MAX_TEXT = 64
_MAX_DIGITS = 310

encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode
"""ASCII, so that its length is its size."""


def readable(name: object) -> bool:
    """Whether a metric may have this name."""
    return (
        type(name) is str
        and name not in RESERVED
        and 0 < len(name) <= MAX_METRIC_BYTES
        and (name.isascii() or _is_unicode(name))
    )


def value_of(given: Any) -> Value | None:
    """Make a number of what an author reports; `None` where it is none, or not finite. May raise what `given` does."""
    kind = type(given)
    if kind is float:
        return given if math.isfinite(given) else None
    if kind is int:
        return given if given.bit_length() <= _MAX_BITS else None
    if isinstance(given, int):  # bool, IntEnum
        return value_of(int(given))
    if kind is str:
        return given if len(given) <= _MAX_TEXT and (given.isascii() or _is_unicode(given)) else None
    if isinstance(given, numbers.Real) or kind.__module__ == "decimal":
        return value_of(int(given) if isinstance(given, numbers.Integral) else float(given))
    # A scalar or an array of one; other libraries' arrays may wait for a GPU here, so they are not asked.
    return value_of(given.item()) if kind.__module__ == "numpy" else None


def fitting(metrics: dict[str, Value]) -> dict[str, Value]:
    """Leave out the last metrics where names and values are larger than the limit."""
    if 4 * sum(map(len, metrics)) + _MAX_DIGITS * len(metrics) <= MAX_METRIC_BYTES:
        return metrics
    kept: dict[str, Value] = {}
    size = 0
    for name, value in metrics.items():
        size += len(name.encode()) + len(encode(value))
        if size > MAX_METRIC_BYTES:
            break
        kept[name] = value
    return kept


def _is_unicode(text: str) -> bool:
    """Whether a text has no half of a surrogate pair: one would make the whole batch invalid JSON."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
