"""A payload as one line of JSON, quickly: this runs in the host's request, and json.dumps would be most of it."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from insights_tui.sdk.address import Names
from insights_tui.sdk.values import MAX_METRIC_BYTES, Value, encode, fitting

_KEPT = 1024
_IDS = 256
"""Ids that are made of one call of the system."""

_keys: dict[str, str] = {}
_named: dict[Names, str] = {}
_second = (-1, "")
_random: tuple[int, Iterator[str]] = (0, iter(()))
"""Of which process they are, and the digits of ids to come."""


def write(metrics: dict[str, Value]) -> tuple[str, int]:
    """Write metrics as the inside of an object; gives how many were left out because all were too large, too."""
    text = _inside(metrics)
    if len(text) <= MAX_METRIC_BYTES:  # ASCII with its escapes is never shorter than what the limit counts
        return text, 0
    kept = fitting(metrics)
    return _inside(kept), len(metrics) - len(kept)


def payload(inside: str, request_id: str, session_id: str, names: Names | None, duration_ms: float | None) -> bytes:
    """Put the line together: metrics as `write` gives them, then the operational fields."""
    if '"' in session_id or "\\" in session_id or not session_id.isascii():
        session_id = encode(session_id)[1:-1]
    comma = "," if inside else ""
    duration = "" if duration_ms is None else f',"duration_milliseconds":{duration_ms!r}'
    own = "" if names is None else _named.get(names) or _name(names)
    return (
        f'{{{inside}{comma}"request_id":"{request_id}","session_id":"{session_id}","time":"{_now()}"{own}{duration}}}'
    ).encode()


def new_id(prefix: str, pid: int) -> str:
    """Make an id as the original did: the prefix and a UUIDv4; `pid` is this process's."""
    global _random  # noqa: PLW0603 - threads may both make some: each takes its own
    owner, ids = _random
    digits = next(ids, None) if owner == pid else None
    if digits is None:
        fresh = os.urandom(16 * _IDS).hex()
        _random = pid, iter([fresh[at : at + 32] for at in range(32, 32 * _IDS, 32)])
        digits = fresh[:32]
    return f"{prefix}{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _inside(metrics: dict[str, Value]) -> str:
    parts = []
    for name, value in metrics.items():
        key = _keys.get(name) or _key(name)
        parts.append(key + (encode(value) if type(value) is str else repr(value)))
    return ",".join(parts)


def _key(name: str) -> str:
    if len(_keys) >= _KEPT:
        _keys.clear()
    key = f"{encode(name)}:"
    if len(name) <= _KEPT:
        _keys[name] = key
    return key


def _name(names: Names) -> str:
    if len(_named) >= _KEPT:
        _named.clear()
    fields = zip(("owner", "name", "version"), names, strict=True)
    _named[names] = own = "".join(f',"algorithm_{field}":{encode(value)}' for field, value in fields)
    return own


def _now() -> str:
    """Write the time: UTC, microseconds, no zone; the part up to the second is kept for as long as it holds."""
    global _second  # noqa: PLW0603 - one tuple, replaced whole
    second, micro = divmod(time.time_ns() // 1000, 1_000_000)
    kept, text = _second
    if kept != second:
        text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        _second = second, text
    return f"{text}{micro:06d}"
