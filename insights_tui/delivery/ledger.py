"""The ledger: the one source of every count."""

from collections.abc import Mapping
from enum import IntEnum

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.base import Durable


class Place(IntEnum):
    """Where an accepted payload is."""

    QUEUED = 0
    IN_FLIGHT = 1
    RETRYING = 2
    DELIVERED = 3
    REJECTED = 4
    EXPIRED_UNSENT = 5
    EXPIRED_UNKNOWN = 6
    DAMAGED = 7


OF_OUTCOME: Mapping[Outcome, Place] = {outcome: Place[outcome.name] for outcome in Outcome}
_FIRST_FINAL = Place.DELIVERED
_FINAL = [Place[name.upper()] for name in Durable._fields if name.upper() in Place.__members__]
_BEFORE = {Place.EXPIRED_UNSENT: Place.QUEUED, Place.DAMAGED: Place.QUEUED}
"""Where the others come from: in flight, all of them but a few that expired in doubt."""


class LedgerError(AssertionError):
    """A move that cannot be: more payloads out of a place than are in it, or out of a final one."""


class Ledger:
    """Counts payloads by place. A payload moves, so the equation of `interface.md` holds at every instant."""

    def __init__(self, recovered: Counts | None = None) -> None:
        counts = recovered or Counts()
        self._accepted = counts.accepted
        self._at: list[int] = [getattr(counts, place.name.lower()) for place in Place]
        if not counts.balanced:
            raise LedgerError(f"the recovered counts do not add up: {counts}")

    def accept(self, count: int) -> None:
        """Take `count` payloads in; they are queued."""
        if count < 0:
            raise LedgerError(f"{count} payloads accepted")
        self._accepted += count
        self._at[Place.QUEUED] += count

    def move(self, count: int, source: Place, target: Place) -> None:
        """Move `count` payloads; what is final stays where it is."""
        at = self._at
        if count < 0 or source >= _FIRST_FINAL or at[source] < count:
            raise LedgerError(f"{count} payloads from {source.name} to {target.name}, of {at[source]}")
        at[source] -= count
        at[target] += count

    def adjust(self, by: Counts) -> None:
        """Add what the spool found by itself: differences that are balanced in themselves."""
        at = [have + getattr(by, place.name.lower()) for have, place in zip(self._at, Place, strict=True)]
        if not by.balanced or min(at) < 0:
            raise LedgerError(f"differences that cannot be: {by}, to {self.counts()}")
        self._accepted += by.accepted
        self._at = at

    @property
    def pending(self) -> int:
        """Payloads whose outcome is open."""
        at = self._at
        return at[0] + at[1] + at[2]

    def at(self, place: Place) -> int:
        """Tell how many payloads are in one place."""
        return self._at[place]

    def counts(self, durable: Durable | None = None) -> Counts:
        """Tell everything at this instant, no outcome of which more than `durable` says is on disk.

        The others are still told as what they were before, acknowledged ones as in flight: a process killed now
        would find them pending, so that no outcome that was ever told falls.
        """
        at = self._at.copy()
        if durable is not None:
            for outcome, committed in zip(_FINAL, durable, strict=False):
                early = at[outcome] - committed
                if early > 0:
                    at[outcome] = committed
                    at[_BEFORE.get(outcome, Place.IN_FLIGHT)] += early
        return Counts(self._accepted, *at)
