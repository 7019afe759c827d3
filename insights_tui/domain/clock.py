"""Time as the promise needs it: a wall clock for people, a boot-time clock for deadlines."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

_SET_S = 5.0
"""A wall clock that has moved this much against the boot-time clock was set; less is drift."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks."""

    wall: float
    """Seconds since the Unix epoch; jumps when somebody sets the clock."""
    boot: float
    """Seconds since this machine booted, time asleep included; never jumps, means nothing after a reboot."""

    @property
    def utc(self) -> datetime:
        """The wall time as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.wall, UTC)

    def by(self, now: "Moment") -> "Moment":
        """Tell when this was by the clock that shows `now`: a wall clock that was set in between moves it along."""
        moved = (now.wall - now.boot) - (self.wall - self.boot)
        return self if abs(moved) < _SET_S else Moment(self.wall + moved, self.boot)


class Clock(Protocol):
    """Where the time comes from; tests pass one they can move."""

    boot_id: str
    """Names this boot of the machine: boot-time readings of another boot cannot be compared."""

    def now(self) -> Moment:
        """Read both clocks."""
        ...

    def boot(self) -> float:
        """Read the boot-time clock alone (seconds): the one that deadlines use."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def __init__(self) -> None:
        try:
            self.boot_id = _BOOT_ID.read_text(encoding="ascii").strip()
        except OSError:  # not Linux: one process, one boot
            self.boot_id = f"process-{time.time_ns()}"
        self._clock_id = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

    def now(self) -> Moment:
        """Read both clocks."""
        return Moment(wall=time.time(), boot=time.clock_gettime(self._clock_id))

    def boot(self) -> float:
        """Read the boot-time clock alone (seconds)."""
        return time.clock_gettime(self._clock_id)
