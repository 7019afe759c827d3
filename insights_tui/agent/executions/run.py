"""An execution as it is kept: a frozen record, and a row with a checksum."""

from typing import NamedTuple
from zlib import crc32

import msgspec

from insights_tui.domain.report import MetricKind, Names, Number

TICK_S = 8.0
"""The index of silence moves in steps of so many seconds: a report within one does not touch it."""
_SUM = 4
_SESSION, _CLOSED = 3, 10
"""Where in a `Run` what is written begins and ends."""
_NOBODY = Names("", "", "")
_encode = msgspec.json.Encoder().encode  # msgpack has no integers beyond 64 bits
_decode = msgspec.json.Decoder().decode


class Run(NamedTuple):
    """One execution."""

    seq: int
    """In order of beginning, strictly increasing for the life of the file."""
    key: bytes
    """16 bytes: the UUID of its request id."""
    names: Names
    session_id: str
    begun_ms: int
    """Wall time, milliseconds since the Unix epoch."""
    begun: float
    """Second of the timeline."""
    touched: float
    """Second of the timeline of its latest sign of life."""
    touched_wall: float
    """The same as seconds since the Unix epoch."""
    metrics: dict[str, Number]
    kinds: dict[str, MetricKind]
    """What metrics were reported as that were no plain numbers."""
    closed: bool = False
    """Its payload is in the spool, or Insights is off; kept so that ending it again is harmless."""
    ending: bool = False
    """Its payload is on its way into the spool (in memory only)."""
    size: int = 0
    """Bytes of its row's body, as it is on disk (in memory only)."""

    @property
    def tick(self) -> int:
        """Where it stands in the index of silence."""
        return int(self.touched // TICK_S)


def pack(run: Run) -> bytes:
    """Write the body of a row: a checksum, and what is in no column."""
    if run.closed:
        return b""
    body = _encode([*run.names, *run[_SESSION:_CLOSED]])
    return crc32(body, crc32(run.key)).to_bytes(_SUM, "little") + body


def unpack(seq: int, key: bytes, closed: int, body: bytes) -> Run | None:
    """Read a row; `None` where it is not what was written."""
    if closed:
        return Run(seq, key, _NOBODY, "", 0, 0.0, 0.0, 0.0, {}, {}, closed=True)
    if not isinstance(body, bytes) or len(body) < _SUM:
        return None
    if crc32(body[_SUM:], crc32(key)) != int.from_bytes(body[:_SUM], "little"):
        return None
    owner, name, version, session_id, begun_ms, begun, touched, wall, metrics, kinds = _decode(body[_SUM:])
    names = Names(owner, name, version)
    return Run(seq, key, names, session_id, begun_ms, begun, touched, wall, metrics, kinds, size=len(body))
