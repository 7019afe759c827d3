"""One accepted payload as a row: a sealed body, and its state beside it.

The body is everything that is delivered, under one checksum together with the number of the row: no damage to the
file can have another payload, or this one altered, go out. State codes differ in at least four bits.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from zlib import crc32

from insights_tui.domain.clock import Moment
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Draft, Payload

EPOCH_BITS = 40
"""A payload's number is the number of its epoch and a count within it: 2^40 payloads an epoch."""

QUEUED, IN_DOUBT, DEAD = 0x5A, 0x2D, 0x33

_HEAD = struct.Struct("<qddHi")
"""Accepted at (wall, ms), at (boot-time clock, s), deadline after (s), bytes of the id, of the key (-1: null)."""

OUTCOMES = {Outcome.REJECTED: 2, Outcome.EXPIRED_UNSENT: 3, Outcome.EXPIRED_UNKNOWN: 4, Outcome.DAMAGED: 5}
"""Codes of a dead letter's outcome."""

UNSET, NEVER = 7, 1 << 46
"""What a pending row has for its outcome and its end: as many bytes as the real ones, so that a row that ends stays
where it is. Rows that grow split their pages: a million expired took three times as long."""

OVERHEAD = 64
"""Bytes of a row beside its body, about."""


class Body(NamedTuple):
    """A body, unsealed."""

    id: str
    value: bytes
    key: bytes | None
    accepted_ms: int
    accepted_boot: float
    deadline_s: float


def checksum(seq: int, body: bytes) -> int:
    """Tell the checksum of a row."""
    return crc32(body, (seq ^ (seq >> 32)) & 0xFFFFFFFF)


def seal(first: int, drafts: Sequence[Draft], now: Moment, deadline_s: float) -> tuple[list[Any], int]:
    """Make the parameters of an insert (seq, state, sum, body, for each row), and the bytes they cost."""
    out: list[Any] = []
    heads: dict[tuple[int, int], bytes] = {}
    accepted_ms, boot, size, seq = int(now.wall * 1000), now.boot, 0, first
    for id_, value, key in drafts:
        name = id_.encode()
        lengths = (len(name), -1 if key is None else len(key))
        head = heads.get(lengths)
        if head is None:
            head = heads[lengths] = _HEAD.pack(accepted_ms, boot, deadline_s, *lengths)
        body = head + name + value if key is None else head + name + key + value
        out += (seq, QUEUED, crc32(body, (seq ^ (seq >> 32)) & 0xFFFFFFFF), body)
        size += len(body)
        seq += 1
    return out, size + OVERHEAD * len(drafts)


def unseal(seq: object, sum_: object, body: object) -> Body | None:
    """Read a row's body; `None` where it is not what was accepted."""
    if not isinstance(seq, int) or not isinstance(body, bytes) or checksum(seq, body) != sum_ or len(body) < _HEAD.size:
        return None
    accepted_ms, boot, deadline_s, id_len, key_len = _HEAD.unpack_from(body)
    key_at = _HEAD.size + id_len
    value_at = key_at + max(0, key_len)
    if value_at > len(body):
        return None
    key = None if key_len < 0 else body[key_at:value_at]
    return Body(
        body[_HEAD.size : key_at].decode("utf-8", "replace"), body[value_at:], key, accepted_ms, boot, deadline_s
    )


def cost(payloads: Iterable[Payload]) -> int:
    """Tell the bytes that payloads take in the spool, as `seal` counts them."""
    fixed = _HEAD.size + OVERHEAD
    return sum([fixed + len(one[1]) + len(one[2]) + (0 if one[3] is None else len(one[3])) for one in payloads])


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Join sorted numbers that follow one another into ranges, both ends included."""
    out: list[tuple[int, int]] = []
    if not numbers:
        return out
    if numbers[-1] - numbers[0] == len(numbers) - 1:
        return [(numbers[0], numbers[-1])]
    first = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            out.append((first, last))
            first = number
        last = number
    out.append((first, last))
    return out
