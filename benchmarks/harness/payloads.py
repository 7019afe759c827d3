"""Payloads that carry a number of ours, so that a topic can be held against what was posted.

All metrics follow from the number: a record whose metrics are not those of its number was altered on the way.
"""

from collections.abc import Iterable

_NAMES = ("risk_score", "credit_limit", "income_band", "score_drift", "latency_us", "feature_mean", "model_seed")
_FACTORS = (2654435761, 2246822519, 3266489917, 668265263, 374761393, 40503, 2057)
_TEMPLATE = '{"n":%d,' + ",".join(f'"{name}_of_the_model":%d' for name in _NAMES)
_MASK = 0xFFFFFFFF
_START = b'{"n":'


def metrics(number: int) -> bytes:
    """Write the metrics of a payload, without the closing brace: every record's value begins with it."""
    return (_TEMPLATE % (number, *[number * factor & _MASK for factor in _FACTORS])).encode()


def line(number: int) -> bytes:
    """Write one payload: about 330 B here, 560 B in the topic with the operational fields."""
    return metrics(number) + b"}\n"


def body(numbers: Iterable[int]) -> bytes:
    """Write NDJSON."""
    return b"".join(map(line, numbers))


def number_of(value: bytes) -> int | None:
    """Read the number of a record's value; `None` where it is none of ours."""
    if not value.startswith(_START):
        return None
    end = value.find(b",", 5, 25)
    return int(value[5:end]) if end > 0 and value[5:end].isdigit() else None
