"""Record batches (magic 2) as bytes: the one place that knows what our records look like on the wire.

Written by hand because the header layout is fixed: 0.4 µs a record of 300 bytes against 0.87 µs through aiokafka's
compiled builder (900 records, Python 3.11), and because zstd then runs at level 1 instead of its fixed 3.
Format: https://kafka.apache.org/documentation/#recordbatch. `tests/engine/test_records.py` reads every batch back
with aiokafka's own reader.
"""

import struct
import zlib
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Literal, NamedTuple

import cramjam
from aiokafka.codec import snappy_encode
from aiokafka.record.util import calc_crc32c

from insights_tui.domain.payload import Payload
from insights_tui.kafka.stamps import Stamp

Codec = Literal["none", "gzip", "snappy", "lz4", "zstd"]

# BaseOffset, Length, PartitionLeaderEpoch, Magic, CRC | Attributes, LastOffsetDelta, FirstTimestamp, MaxTimestamp,
# ProducerId, ProducerEpoch, BaseSequence, record count
_HEAD = struct.Struct(">qiibI")
_BODY = struct.Struct(">hiqqqhii")
_AFTER_LENGTH = 12  # the length field counts what follows it


class ProducerState(NamedTuple):
    """Who produces, and where in its sequence: the broker drops a batch that it has seen under the same three."""

    producer_id: int = -1
    epoch: int = -1
    base_sequence: int = -1


ANONYMOUS = ProducerState()
"""Not idempotent: the broker keeps no sequence."""


def varint(number: int) -> bytes:
    """Encode a signed number of up to 64 bits as Kafka does: zigzag, then base 128, low group first."""
    rest = (number << 1) ^ (number >> 63)
    out = bytearray()
    while rest > 0x7F:
        out.append((rest & 0x7F) | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


_TABLE = [varint(number) for number in range(1 << 15)]
_TABLE_END = len(_TABLE)
_accepted_ms = itemgetter(4)

_NULL_KEY = varint(-1)
_ID = varint(11) + b"insights-id"
_OWN, _WITH_EVENT = varint(3), varint(7)
"""How many headers follow the value."""
_ACCEPTED_AT = varint(20) + b"insights-accepted-at"
_CONTENT_TYPE = varint(12) + b"content-type" + varint(16) + b"application/json"


def _varint(number: int) -> bytes:
    return _TABLE[number] if 0 <= number < _TABLE_END else varint(number)


def cloud_event(source: str) -> bytes:
    """Encode the headers of CloudEvents' binary mode, all but the id that stands at their end.

    Source: CloudEvents 1.0, Kafka protocol binding §3.2: `ce_` before each attribute, the value as UTF-8.
    """
    headers = {"ce_specversion": "1.0", "ce_type": "insights.payload", "ce_source": source}
    written = [_text(name) + _text(value) for name, value in headers.items()]
    return b"".join(written) + _text("ce_id")


def _text(text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    return varint(len(data)) + data


def _records(payloads: Sequence[Payload], first_ms: int, times: Stamp | None, event: bytes) -> bytes:
    """Encode the records: length, attributes, timestamp delta, offset delta, key, value, three or seven headers.

    One flat list and one join: a third faster than a bytes object for each record.
    """
    out: list[bytes] = []
    table, end = _TABLE, _TABLE_END
    last_ms = last_id_size = -1
    for offset, (_, name, value, key, accepted_ms, _, _) in enumerate(payloads):
        label = name.encode()
        if accepted_ms != last_ms or len(label) != last_id_size:
            last_ms, last_id_size = accepted_ms, len(label)
            stamp = b"%d" % accepted_ms
            tail = _ACCEPTED_AT + _varint(len(stamp)) + stamp + _CONTENT_TYPE
            if event:
                tail += event + _varint(last_id_size)
            start = b"\0" + _varint((accepted_ms if times is None else times.of(accepted_ms)) - first_ms)
            head = (_WITH_EVENT if event else _OWN) + _ID + _varint(last_id_size)
            fixed = len(start) + len(head) + last_id_size + len(tail) + (last_id_size if event else 0)
        keyed = _NULL_KEY if key is None else _varint(len(key)) + key
        at = table[offset]
        size = len(value)
        value_size = table[size] if size < end else varint(size)
        length = fixed + len(at) + len(keyed) + len(value_size) + size
        length_size = table[length] if length < end else varint(length)
        out += (length_size, start, at, keyed, value_size, value, head, label, tail)
        if event:
            out.append(label)
    return b"".join(out)


def _lz4(data: bytes) -> bytes:
    # blocks must not be linked: KIP-57; level 1 is 19 times as fast as aiokafka's 9 for 12 % more bytes
    compressor = cramjam.lz4.Compressor(level=1, content_checksum=False, block_linked=False)
    compressor.compress(data)
    return bytes(compressor.finish())


def _gzip(data: bytes) -> bytes:
    compressor = zlib.compressobj(1, zlib.DEFLATED, 31)  # 31: the gzip container
    return compressor.compress(data) + compressor.flush()


_CODECS: dict[Codec, tuple[int, Callable[[bytes], bytes]]] = {
    "none": (0, lambda data: data),
    "gzip": (1, _gzip),
    "snappy": (2, snappy_encode),
    "lz4": (3, _lz4),
    "zstd": (4, lambda data: bytes(cramjam.zstd.compress(data, level=1))),
}

MAX_RECORDS = _TABLE_END
"""Records that one batch may hold."""


def encode(
    payloads: Sequence[Payload],
    codec: Codec,
    producer: ProducerState = ANONYMOUS,
    stamp: Stamp | None = None,
    event: bytes = b"",
) -> bytes:
    """Encode payloads as one record batch; their acceptance is the records' timestamp, as far as `stamp` lets it.

    At most `MAX_RECORDS` and at least one. `event` is what `cloud_event` gives, where records are to be events.
    """
    first_ms, last_ms = payloads[0].accepted_ms, max(map(_accepted_ms, payloads))
    if stamp is not None:
        first_ms = stamp.of(first_ms)
        last_ms = max(stamp.of(payload.accepted_ms) for payload in payloads)
    attributes, compress = _CODECS[codec]
    count = len(payloads)
    body = _BODY.pack(
        attributes,
        count - 1,
        first_ms,
        last_ms,
        *producer,
        count,
    ) + compress(_records(payloads, first_ms, stamp, event))
    return _HEAD.pack(0, len(body) + _HEAD.size - _AFTER_LENGTH, -1, 2, calc_crc32c(body)) + body
