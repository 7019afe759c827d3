"""Where an epoch's deadlines lie on this boot's clock."""

import json
from dataclasses import dataclass
from zlib import crc32

from insights_tui.domain.clock import Clock, Moment
from insights_tui.domain.deadline import boot_deadline


@dataclass(frozen=True, slots=True)
class Anchor:
    """Ties readings of the clocks to one boot.

    In the boot of acceptance the boot-time clock rules. After a reboot the wall clock tells the age once, when the
    spool is first opened: that reading is kept, so that no later jump of the wall clock or restart moves a deadline.
    """

    accepted_boot_id: str
    boot_id: str
    """The boot that deadlines are told for."""
    wall: float
    boot: float

    @classmethod
    def here(cls, accepted_boot_id: str, clock: Clock) -> "Anchor":
        """Make one for this boot, now."""
        now = clock.now()
        return cls(accepted_boot_id, clock.boot_id, now.wall, now.boot)

    def deadline(self, accepted_ms: int, accepted_boot: float, deadline_s: float) -> float:
        """Place a payload's deadline on this boot's clock (seconds)."""
        if self.accepted_boot_id == self.boot_id:
            return accepted_boot + deadline_s
        return boot_deadline(
            accepted_wall=accepted_ms / 1000,
            accepted_boot=accepted_boot,
            accepted_boot_id=self.accepted_boot_id,
            now=Moment(self.wall, self.boot),
            boot_id=self.boot_id,
            deadline_s=deadline_s,
        )

    def pack(self) -> bytes:
        """Write it down with a checksum."""
        data = json.dumps([self.accepted_boot_id, self.boot_id, self.wall, self.boot]).encode()
        return crc32(data).to_bytes(4, "little") + data

    @classmethod
    def unpack(cls, data: object) -> "Anchor | None":
        """Read it; `None` where it is not as it was written."""
        if not isinstance(data, bytes) or len(data) < 4 or crc32(data[4:]) != int.from_bytes(data[:4], "little"):
            return None
        accepted_boot_id, boot_id, wall, boot = json.loads(data[4:])
        return cls(accepted_boot_id, boot_id, wall, boot)
