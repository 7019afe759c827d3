"""What the spool found out by itself, collected until the loop can be told."""

from collections.abc import Sequence
from dataclasses import replace

from insights_tui.domain.clock import Clock
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.base import Arrival
from insights_tui.spool.durable.epoch import Epoch
from insights_tui.spool.durable.ops import Final, Vanished
from insights_tui.spool.durable.record import Record


class Told:
    """Differences and occurrences, in the order in which they were found."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.arrival = Arrival()
        self.paged = 0
        """To be added to what the loop knows to be paged."""

    def take(self) -> tuple[Arrival, int] | None:
        """Give what was found since the last time, `None` where it is nothing."""
        if self.arrival == Arrival() and not self.paged:
            return None
        found, self.arrival, paged, self.paged = self.arrival, Arrival(), self.paged, 0
        return found, paged

    def bad_rows(self, epoch: Epoch, seqs: Sequence[int]) -> None:
        """Rows of an epoch that are not what was accepted: they end as damaged."""
        if seqs:
            ended_ms = int(self._clock.now().wall * 1000)
            epoch.condemned.update(seqs)
            epoch.backlog.append(Final(tuple(seqs), Outcome.DAMAGED, "its checksum does not fit", ended_ms, 0))
            self._damaged(epoch, len(seqs), "unlike their checksums")

    def vanished(self, epoch: Epoch, count: int) -> None:
        """Payloads that must be in an epoch's file and are not."""
        epoch.backlog.append(Vanished(count))
        self._damaged(epoch, count, "missing")

    def surplus(self, count: int) -> None:
        """Payloads in a file that no counter knows."""
        counts = self.arrival.counts
        self._set(counts=replace(counts, accepted=counts.accepted + count, queued=counts.queued + count))
        self.paged += count

    def carried(self, record: Record, paged: int) -> None:
        """Take in the counts of a whole epoch that could be opened only now."""
        self._set(
            counts=add(self.arrival.counts, record.counts()),
            lost_open=self.arrival.lost_open + record.total("lost_open"),
            late_acks=self.arrival.late_acks + record.total("late_acks"),
            redriven=self.arrival.redriven + record.total("redriven"),
        )
        self.paged += paged

    def say(self, occurrence: Occurrence) -> None:
        """Something for the event log."""
        self._set(occurrences=(*self.arrival.occurrences, occurrence))

    def _damaged(self, epoch: Epoch, count: int, how: str) -> None:
        counts = self.arrival.counts
        self._set(
            counts=replace(counts, queued=counts.queued - count, damaged=counts.damaged + count),
            lost_open=self.arrival.lost_open + count,
        )
        epoch.paged -= count
        self.paged -= count
        self.say(damage(epoch.path.name, count, how))

    def _set(self, **changes: object) -> None:
        self.arrival = replace(self.arrival, **changes)  # type: ignore[arg-type] # the names are Arrival's own


def damage(file: str, count: int, how: str) -> Occurrence:
    """Say that payloads are damaged."""
    what = f"{count} accepted payload{'s' if count != 1 else ''} in {file}"
    return Occurrence(
        "error",
        "spool_damaged",
        file,
        f"{what}: {how}; counted as damaged, never sent altered.",
        fix="Check the disk and the file system; nothing else writes into the spool.",
    )


def cannot_open(file: str, why: str, fix: str) -> Occurrence:
    """Say that a file of the spool cannot be opened."""
    return Occurrence("error", "spool_damaged", file, f"The spool file {file} cannot be opened.", fix=fix, raw=why)


def broken(file: str) -> Occurrence:
    """Say that a file is written anew."""
    return Occurrence(
        "error", "spool_damaged", file, f"The spool file {file} is broken: what can be read of it is written anew."
    )


def add(one: Counts, other: Counts) -> Counts:
    """Add up two counts."""
    return Counts(*(getattr(one, name) + getattr(other, name) for name in Counts.__dataclass_fields__))
