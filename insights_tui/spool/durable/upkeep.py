"""Work on the store between commits, a slice at a time."""

import sqlite3
from typing import TYPE_CHECKING

from insights_tui.spool.durable import schema
from insights_tui.spool.durable.epoch import Epoch, SickError
from insights_tui.spool.durable.examine import Salvage, salvage
from insights_tui.spool.durable.fold import carry, fold
from insights_tui.spool.durable.told import broken

if TYPE_CHECKING:
    from insights_tui.spool.durable.store import Store

_CHECKPOINT_IDLE, _CHECKPOINT_BUSY = 500, 600
"""Pages in the WAL that are worth a checkpoint when nothing waits, and those that are worth it in any case.

A short WAL stays in the processor's and the kernel's caches and each checkpoint holds up commits for a moment only:
with 8000, which is 80 MB, NDJSON came about 6 % slower."""


class Upkeep:
    """Examines, mends, makes room, and ends what is drained."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    def step(self) -> bool:
        """Do a slice of what is to be done; tell whether there is more."""
        try:
            self._store.reopen()
            return self._store.dead.evict() or self._mend() or self._examine() or self._end_drained()
        except SickError:
            return True  # the next slice mends it

    def checkpoint(self, *, idle: bool) -> None:
        """Move WALs into their databases: when nothing waits, or when they have grown too long."""
        for epoch in self._store.epochs.values():
            if epoch.dirty >= (_CHECKPOINT_IDLE if idle else _CHECKPOINT_BUSY) and not epoch.sick:
                try:
                    epoch.checkpoint()
                except SickError:
                    continue

    def _mend(self) -> bool:
        """Begin to write a broken file anew."""
        store = self._store
        for epoch in store.epochs.values():
            if epoch.sick and not isinstance(store.jobs.get(epoch.number), Salvage):
                store.told.say(broken(epoch.path.name))
                store.jobs[epoch.number] = Salvage(salvage(epoch, store.told, store.folder, store.limits.page_rows))
        return False

    def _examine(self) -> bool:
        for number, job in self._store.jobs.items():
            try:
                next(job)
            except StopIteration:
                del self._store.jobs[number]
                self._store.flush(self._store.epochs[number])
            except (sqlite3.Error, OSError) as error:
                if isinstance(job, Salvage):
                    del self._store.jobs[number]  # it begins anew
                elif schema.unreadable(error):
                    return False  # accepting goes on; it is tried again with the next request, paging's for one
                raise
            return True
        return False

    def _end_drained(self) -> bool:
        current = self._store.current
        if current is None or current.sick:
            return False
        for number, record in self._store.aside.items():
            carry(record, number, current, self._store.folder)
            del self._store.aside[number]
            return True
        for epoch in self._store.epochs.values():
            if not self._drained(epoch):
                continue
            if epoch is not current:
                fold(epoch, current, self._store.folder)
                del self._store.epochs[epoch.number]
                return True
            if epoch.path.stat().st_size > self._store.limits.rotate_bytes:
                self._store.new_epoch()
                return True
        return False

    def _drained(self, epoch: Epoch) -> bool:
        record = epoch.record
        return (
            record.pending == 0
            and record.dead <= self._store.limits.fold_rows
            and not (epoch.paged or epoch.backlog or epoch.sick or epoch.number in self._store.jobs)
        )
