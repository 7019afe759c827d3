"""Payloads as they go by: what a tail of the topic, or of what is accepted, tells of each."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

Source = Literal["topic", "accepted"]

MAX_COUNT = 1000
"""Payloads told from before a tail began."""
MAX_PER_S = 4000
"""Payloads a second that one follower is told; the rest is counted."""
MAX_VALUE = 64 * 1024
"""Characters of a value that are told: ours are shorter, other producers' may not be."""
RING_BYTES = 8 * 1024 * 1024
"""Values that wait for one follower."""
_EPOCH = datetime.fromtimestamp(0, UTC)
_MAX_MS = 253_402_300_799_000  # the end of the year 9999: a record of another producer may say anything
_MAX_NAME = 200


class Seen(NamedTuple):
    """A payload that went by, as raw as it came."""

    at_ms: int
    """Milliseconds since the Unix epoch: the record's timestamp, or the time of acceptance."""
    id: str
    """The record header `insights-id`; empty where it has none."""
    value: bytes
    key: bytes | None = None
    partition: int | None = None
    """`None` before it is in the topic."""
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Tailed:
    """A payload as `GET /v1/tail` tells it, one a line."""

    timestamp: datetime
    """The record's timestamp; of what is accepted, the time of acceptance."""
    id: str
    """The record header `insights-id`; empty where another producer sent none."""
    size: int
    """Bytes of the value."""
    partition: int | None = None
    offset: int | None = None
    key: str | None = None
    algorithm: str | None = None
    """`owner/name/version`; `None` where the value does not name one."""
    skipped: int = 0
    """Payloads left out before this one: they went by faster than they could be told."""
    value: str | None = None
    """Only where values were asked for."""
    value_cut: bool = False
    """Whether the value goes on."""


@dataclass(frozen=True, slots=True)
class TailAsked:
    """What a tail is asked for."""

    source: Source = "topic"
    count: int = 10
    """Payloads from before it began."""
    follow: bool = False
    values: bool = False
    per_s: int = MAX_PER_S
    """Payloads a second at most while it follows."""


class _Names(msgspec.Struct):
    algorithm_owner: str = ""
    algorithm_name: str = ""
    algorithm_version: str = ""


_names = msgspec.json.Decoder(_Names)


def tailed(seen: Seen, *, values: bool, skipped: int = 0) -> Tailed:
    """Tell one payload; its value only where asked to."""
    text = seen.value[: 4 * MAX_VALUE].decode("utf-8", "replace") if values else ""
    return Tailed(
        timestamp=_EPOCH + timedelta(milliseconds=min(max(seen.at_ms, 0), _MAX_MS)),
        id=seen.id,
        size=len(seen.value),
        partition=seen.partition,
        offset=seen.offset,
        key=None if seen.key is None else seen.key[:_MAX_NAME].decode("utf-8", "replace"),
        algorithm=_algorithm(seen.value),
        skipped=skipped,
        value=text[:MAX_VALUE] if values else None,
        value_cut=values and (len(text) > MAX_VALUE or len(seen.value) > 4 * MAX_VALUE),
    )


def _algorithm(value: bytes) -> str | None:
    try:
        names = _names.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    parts = (names.algorithm_owner, names.algorithm_name, names.algorithm_version)
    return "/".join(part[:_MAX_NAME] for part in parts) if any(parts) else None


class Ring:
    """The newest payloads that wait for one follower; what it drops is counted, never waited for."""

    def __init__(self, most: int, max_bytes: int = RING_BYTES) -> None:
        self._most = most
        self._max_bytes = max_bytes
        self._kept: deque[Seen] = deque()
        self._bytes = 0
        self.skipped = 0
        """Left out since the last `take`."""

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, payloads: Iterable[Seen], skipped: int = 0) -> None:
        """Keep the newest of these too."""
        self.skipped += skipped
        kept = self._kept
        for seen in payloads:
            kept.append(seen)
            self._bytes += len(seen.value)
            while len(kept) > self._most or (self._bytes > self._max_bytes and len(kept) > 1):
                self._bytes -= len(kept.popleft().value)
                self.skipped += 1

    def take(self) -> tuple[list[Seen], int]:
        """Give what waits, oldest first, and how many were left out before it."""
        taken, skipped = list(self._kept), self.skipped
        self._kept.clear()
        self._bytes = self.skipped = 0
        return taken, skipped
