"""When a payload's time is over: the rule of the four minutes, whatever the clocks do."""

from insights_tui.domain.clock import Moment

DEFAULT_DEADLINE_S = 240.0
"""Seconds from acceptance until a payload is lost (the original platform's four minutes)."""


def age_s(
    *,
    accepted_wall: float,
    accepted_boot: float,
    accepted_boot_id: str,
    now: Moment,
    boot_id: str,
    deadline_s: float,
) -> float:
    """Tell how old a payload is, in seconds.

    In the same boot the boot-time clock rules, so that no jump of the wall clock ends or extends a payload's
    time. After a reboot there is just the wall clock, and the age is held within 0 and the deadline: a clock
    set back never makes a payload younger than new, one set forward at worst ends it now.
    """
    if accepted_boot_id == boot_id:
        return max(0.0, now.boot - accepted_boot)
    return min(max(0.0, now.wall - accepted_wall), deadline_s)


def boot_deadline(
    *,
    accepted_wall: float,
    accepted_boot: float,
    accepted_boot_id: str,
    now: Moment,
    boot_id: str,
    deadline_s: float,
) -> float:
    """Place the end of a payload's time on this boot's boot-time clock (seconds)."""
    age = age_s(
        accepted_wall=accepted_wall,
        accepted_boot=accepted_boot,
        accepted_boot_id=accepted_boot_id,
        now=now,
        boot_id=boot_id,
        deadline_s=deadline_s,
    )
    return now.boot - age + deadline_s
