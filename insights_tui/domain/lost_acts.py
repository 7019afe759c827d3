"""What an act on lost payloads will do, said before it is done: the same words on the screen and the command line."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from insights_tui.domain.answers import LostPayload
from insights_tui.domain.lost import REASONS, LostFilter, reason_word
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.text import counted, sanitize

COUNTED = 10_000
"""How far lost payloads are counted before an act on them."""


@dataclass(slots=True)
class Tally:
    """Lost payloads that an act is about, counted by reason."""

    by_reason: dict[Outcome, int] = field(default_factory=dict)
    late_acks: int = 0
    """Those of them that Kafka acknowledged after their deadline."""
    most: int = COUNTED

    @property
    def total(self) -> int:
        """How many were counted."""
        return sum(self.by_reason.values())

    @property
    def at_least(self) -> bool:
        """Whether there may be more than were counted."""
        return self.total >= self.most

    def add(self, one: LostPayload) -> None:
        """Count one."""
        self.by_reason[one.reason] = self.by_reason.get(one.reason, 0) + 1
        self.late_acks += one.late_ack

    def of(self, *reasons: Outcome) -> int:
        """Tell how many have one of these reasons."""
        return sum(self.by_reason.get(reason, 0) for reason in reasons)


async def tally(found: AsyncIterator[LostPayload], most: int = COUNTED) -> Tally:
    """Count lost payloads, no further than `most`."""
    counts = Tally(most=most)
    async for one in found:
        counts.add(one)
        if counts.at_least:
            break
    return counts


def before_redrive(found: Tally, topic: str | None) -> list[str]:
    """Say what a redrive will do; `topic` is that of the connection in use, `None` without one."""
    where = f" for the topic {sanitize(topic, limit=200)}" if topic is not None else ""
    said = [f"{_found(found)} queued again{where}, with the same id and a new deadline."]
    if not where:
        said.append("There is no connection: they wait for one, and are lost again when their deadline passes.")
    if found.of(Outcome.EXPIRED_UNKNOWN):
        said.append("Those that expired unknown may be in the topic already: a second one has the same insights-id.")
    if found.late_acks:
        is_there = "is in the topic: it is" if found.late_acks == 1 else "are in the topic: they are"
        said.append(f"{counted(found.late_acks, 'payload')} acknowledged late {is_there} there twice then.")
    if found.of(Outcome.REJECTED):
        said.append("Those that were rejected are rejected again unless their cause is mended.")
    return said


def without_value(which: LostFilter, found: Tally, lost_open: int, damaged: int) -> int:
    """Tell how many a drop closes that no list shows, since nothing of them is kept; `damaged` were so ever."""
    if found.at_least:
        return 0
    rest = max(0, lost_open - found.total)
    return rest if which.empty else min(rest, damaged) if which.all_damaged else 0


def before_drop(found: Tally, without: int) -> list[str]:
    """Say what dropping will do, and to how many whose values are gone already."""
    said = []
    if found.total:
        said.append(f"{_found(found)} deleted for good, values and all; that they were lost stays counted.")
    if without > 0:
        said.append(
            f"{counted(without, 'lost payload')} whose value is gone already {'is' if without == 1 else 'are'} closed."
        )
    return said


def _found(found: Tally) -> str:
    parts = ", ".join(f"{found.by_reason[reason]:,} {reason_word(reason)}" for reason in REASONS if found.of(reason))
    at_least = "At least " if found.at_least else ""
    return f"{at_least}{counted(found.total, 'lost payload')} ({parts}) {'is' if found.total == 1 else 'are'}"
