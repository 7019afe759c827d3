"""Which epochs there are: opened, tried again, set aside, begun."""

import errno
import sqlite3
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from time import monotonic

from insights_tui.domain.clock import Clock
from insights_tui.spool.durable import folder as places
from insights_tui.spool.durable import schema
from insights_tui.spool.durable.epoch import Epoch, SickError
from insights_tui.spool.durable.examine import Examination, gives_back
from insights_tui.spool.durable.fold import ended, forget_intents, notes
from insights_tui.spool.durable.limits import SpoolLimits
from insights_tui.spool.durable.opening import create_epoch, lost_with, open_epoch
from insights_tui.spool.durable.ops import Redriven
from insights_tui.spool.durable.record import Record
from insights_tui.spool.durable.row import EPOCH_BITS
from insights_tui.spool.durable.told import Told, cannot_open, damage


class Epochs:
    """Belongs to the writer's thread. What begins an epoch may raise `sqlite3.Error` or `OSError`."""

    def __init__(self, folder: Path, clock: Clock, limits: SpoolLimits) -> None:
        self.folder, self.clock, self.limits = folder, clock, limits
        self.told = Told(clock)
        self.epochs: dict[int, Epoch] = {}
        self.current: Epoch | None = None
        self._next = 0
        self.unopened: dict[int, float] = {}
        """Epochs that could not be opened for now, and since when (`time.monotonic`)."""
        self._reopen_at = 0.0
        self.aside: dict[int, Record] = {}
        """What is left of epochs that nothing can be read from."""
        self._folded: set[int] = set()
        self.jobs: dict[int, Iterator[None]] = {}
        """Examinations under way."""
        self.trouble: Exception | None = None
        """Why the last change could not be written."""

    # What there is.

    def find(self) -> None:
        """Open what is there; the epoch of an orderly stop goes on, otherwise a new one takes what is accepted.

        Raises `SpoolPlaceError`.
        """
        places.prepare(self.folder)
        found = places.numbers(self.folder)
        self._next = found[0] + 1 if found else 0
        for number in found:
            if number in self._folded:
                places.remove(self.folder, number)
            else:
                self._open_one(number)
        newest = self.epochs.get(found[0]) if found else None
        if (
            newest is not None
            and not newest.sick
            and newest.number not in self.jobs
            and newest.anchor.accepted_boot_id == self.clock.boot_id
        ):
            self.current = newest
        else:
            self._retry(self.new_epoch)

    def home(self, number: int) -> Epoch | None:
        """Find the epoch that holds the rows of an epoch's number: itself, or the one it was folded into."""
        epoch = self.epochs.get(number)
        if epoch is None:
            epoch = next((one for one in self.epochs.values() if number in one.adopted), None)
        return epoch

    @property
    def paged(self) -> int:
        """Pending payloads that are on disk alone."""
        return sum([epoch.paged for epoch in self.epochs.values()])

    @property
    def bytes(self) -> int:
        """Of all payloads, pending and dead."""
        return sum([one.record.pending_bytes + one.record.dead_bytes for one in self.epochs.values()])

    def records(self) -> list[Record]:
        """Give the counts of every epoch, those set aside too."""
        return [*(epoch.record for epoch in self.epochs.values()), *self.aside.values()]

    def total(self, name: str) -> int:
        """Add up a counter over all epochs."""
        return sum(record.total(name) for record in self.records())

    # Opening and beginning.

    def new_epoch(self) -> Epoch:
        """Begin a new epoch, which takes what is accepted from now on."""
        epoch = create_epoch(self.folder, self._next, self.clock)
        self._next += 1
        self.epochs[epoch.number] = self.current = epoch
        return epoch

    def _open_one(self, number: int, since: float | None = None) -> None:
        name = places.database(self.folder, number).name
        try:
            opened = open_epoch(self.folder, number, self.clock)
        except schema.NewerVersionError as error:
            self.told.say(cannot_open(name, str(error), "Use that version, or move the file away."))
            return
        except schema.ForeignFileError as error:
            if gives_back(places.database(self.folder, number)):
                self._set_aside(number, str(error))
            else:
                self._later(number, OSError(errno.EIO, str(error)), since)
            return
        except (sqlite3.Error, OSError) as error:
            self._later(number, error, since)
            return
        epoch = opened.epoch
        self.epochs[number] = epoch
        try:
            epoch.adopted = notes(epoch, "folded")
            epoch.ended = ended(epoch)
        except (sqlite3.Error, SickError):
            epoch.sick = True
        self._folded |= epoch.adopted
        if opened.gap:
            self.told.say(damage(name, opened.gap, "missing"))
        if not opened.clean:
            self.jobs[number] = Examination(epoch, self.told, self.limits.page_rows)

    def _later(self, number: int, error: Exception, since: float | None) -> None:
        """Have an epoch opened later, unless its file could not be read for too long."""
        if since is None:
            since = monotonic()
            name = places.database(self.folder, number).name
            self.told.say(cannot_open(name, str(error), "It is tried again until it can be opened."))
        elif schema.unreadable(error) and monotonic() - since >= schema.UNREADABLE_S:
            self._set_aside(number, str(error))
            return
        self.unopened[number] = since

    def _set_aside(self, number: int, why: str) -> None:
        name = places.database(self.folder, number).name
        record = lost_with(self.folder, number)
        try:
            kept = places.set_aside(self.folder, number)
        except OSError:
            kept = None
        if record is None:
            places.mark(self.folder, number).unlink(missing_ok=True)
        else:
            self.aside[number] = record
            if record.damaged:
                self.told.say(damage(name, record.damaged, "unreadable"))
        if kept is not None:
            self.told.say(cannot_open(name, why, f"Check the disk; the file is kept as {kept.name}."))

    def reopen(self) -> None:
        """Try the files again that could not be opened."""
        if not self.unopened or monotonic() < self._reopen_at:
            return
        self._reopen_at = monotonic() + self.limits.probe_s
        for number in sorted(self.unopened, reverse=True):
            self._open_one(number, self.unopened.pop(number))
            epoch = self.epochs.get(number)
            record = epoch.record if epoch is not None else self.aside.get(number)
            if record is not None:
                self.told.carried(record, epoch.paged if epoch is not None else 0)

    # Writing what waits.

    def _retry(self, act: Callable[[], object]) -> None:
        """Do something at the opening that may as well be done later."""
        try:
            act()
        except (sqlite3.Error, OSError) as error:
            self.trouble = error
        except SickError:
            return

    def _apply_intents(self) -> None:
        """Mark dead letters whose second acceptance was committed just before the process died."""
        for epoch in list(self.epochs.values()):
            for number, seqs in groupby(sorted(notes(epoch, "redriven")), lambda seq: seq >> EPOCH_BITS):
                target = self.home(number)
                if target is not None:
                    target.backlog.append(Redriven(list(seqs)))
                    target.write((), self.clock.now())
                    forget_intents(epoch, number)

    def flush(self, epoch: Epoch) -> None:
        """Write what waits; where the disk refuses it goes on waiting, and the writer learns of it."""
        if not epoch.backlog or epoch.sick:
            return
        try:
            epoch.write((), self.clock.now())
        except (sqlite3.Error, OSError) as error:
            self.trouble = error
        except SickError:
            pass  # written anew, and the backlog after it
