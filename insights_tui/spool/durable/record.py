"""The counters of one epoch: one blob in its file that changes in the transaction of the rows, and in the mark."""

import struct
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from zlib import crc32

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.base import Durable


@dataclass(slots=True)
class Record:
    """What is true of an epoch as of one commit. The names of outcomes are those of `interface.md`."""

    commits: int = 0
    last: int = 0
    """The highest number given, 0 before the first."""
    low: int = 0
    """No pending row has a lower number."""
    doubt_upto: int = 0
    """Pending rows up to this number may be in the topic: an earlier process may have sent them."""
    deadline_us: int = 0
    """Deadline of every payload of the epoch, microseconds after acceptance; 0 before the first."""
    accepted: int = 0
    delivered: int = 0
    rejected: int = 0
    expired_unsent: int = 0
    expired_unknown: int = 0
    damaged: int = 0
    lost_open: int = 0
    late_acks: int = 0
    redriven: int = 0
    evicted: int = 0
    bodiless: int = 0
    """Open lost payloads without a row: evicted or damaged."""
    dead: int = 0
    """Rows that are dead letters."""
    dead_bytes: int = 0
    pending_bytes: int = 0
    c_accepted: int = 0
    """From here on: the counts of epochs that were folded into this one."""
    c_delivered: int = 0
    c_rejected: int = 0
    c_expired_unsent: int = 0
    c_expired_unknown: int = 0
    c_damaged: int = 0
    c_lost_open: int = 0
    c_late_acks: int = 0
    c_redriven: int = 0
    c_evicted: int = 0
    c_bodiless: int = 0
    damaged_open: int = 0
    """Those of the bodiless that are damaged, and nobody has dealt with them."""
    c_damaged_open: int = 0

    @property
    def pending(self) -> int:
        """Payloads of this epoch whose outcome is open."""
        return self.accepted - self.final

    @property
    def final(self) -> int:
        """Payloads of this epoch whose outcome is final."""
        return self.delivered + self.rejected + self.expired_unsent + self.expired_unknown + self.damaged

    def copy(self) -> "Record":
        """Make one to change, to be kept when the commit lands."""
        return replace(self)

    def finish(self, outcome: Outcome, count: int) -> None:
        """Count final outcomes."""
        setattr(self, outcome.value, getattr(self, outcome.value) + count)
        if outcome.lost:
            self.lost_open += count
        if outcome is Outcome.DAMAGED:
            self.damaged_open += count

    def counts(self) -> Counts:
        """Tell them with what was carried over; what is pending counts as queued."""
        return Counts(
            accepted=self.accepted + self.c_accepted,
            queued=self.pending,
            delivered=self.delivered + self.c_delivered,
            rejected=self.rejected + self.c_rejected,
            expired_unsent=self.expired_unsent + self.c_expired_unsent,
            expired_unknown=self.expired_unknown + self.c_expired_unknown,
            damaged=self.damaged + self.c_damaged,
        )

    def carry(self, other: "Record") -> None:
        """Take over the counts of an epoch that is folded into this one; nothing is pending there."""
        for name in CARRIED:
            mine = f"c_{name}"
            setattr(self, mine, getattr(self, mine) + getattr(other, name) + getattr(other, mine))

    def total(self, name: str) -> int:
        """Tell one of the counters that are carried over, with what was."""
        return int(getattr(self, name) + getattr(self, f"c_{name}"))

    def durable(self) -> Durable:
        """Tell the outcomes of this epoch and of those folded into it."""
        return Durable(*map(int.__add__, _outcomes(self), _carried_outcomes(self)))

    def pack(self) -> bytes:
        """Write it down with a checksum."""
        data = _FORMAT.pack(*_values(self))
        return data + crc32(data).to_bytes(4, "little")

    @classmethod
    def unpack(cls, data: object) -> "Record | None":
        """Read it; `None` where it is not as it was written."""
        if not isinstance(data, bytes) or len(data) < 4 or crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
            return None
        if len(data) == SIZE:
            return cls(*_FORMAT.unpack(data[:-4]))
        if len(data) == SIZE_1:
            found = cls(*_FORMAT_1.unpack(data[:-4]))
            found.damaged_open = min(found.bodiless, found.damaged)
            found.c_damaged_open = min(found.c_bodiless, found.c_damaged)
            return found
        return None


_NAMES = tuple(field.name for field in fields(Record))
_outcomes, _carried_outcomes = attrgetter(*Durable._fields), attrgetter(*(f"c_{name}" for name in Durable._fields))
CARRIED = tuple(name[2:] for name in _NAMES if name.startswith("c_"))
_FORMAT = struct.Struct(f"<{len(_NAMES)}q")
_values = attrgetter(*_NAMES)
SIZE = _FORMAT.size + 4
_FORMAT_1 = struct.Struct(f"<{len(_NAMES) - 2}q")
SIZE_1 = _FORMAT_1.size + 4
"""Before the damaged were counted apart."""
