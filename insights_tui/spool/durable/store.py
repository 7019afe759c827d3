"""What the engine asks of all epochs together, without threads and without a loop: the writer's thread works on it."""

import sqlite3
from collections.abc import Sequence
from itertools import groupby
from operator import is_
from pathlib import Path
from time import monotonic

from insights_tui.domain.clock import Clock
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Payload
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.base import Durable, Expired, Recovered, SpoolFullError
from insights_tui.spool.crash import crash_point
from insights_tui.spool.durable import folder as places
from insights_tui.spool.durable import schema
from insights_tui.spool.durable.dead import DeadLetters
from insights_tui.spool.durable.epoch import Epoch, Page, SickError
from insights_tui.spool.durable.epochs import Epochs
from insights_tui.spool.durable.limits import SpoolLimits
from insights_tui.spool.durable.ops import Batch, Final, Forgotten, Key, Op, Taken
from insights_tui.spool.durable.record import Record
from insights_tui.spool.durable.row import EPOCH_BITS, cost
from insights_tui.spool.durable.told import add
from insights_tui.spool.durable.upkeep import Upkeep

_FIRST_WINDOW = 5000
"""Payloads handed over by `open` itself; the engine loads more as it needs them."""

_FREE_S = 0.25


class Store(Epochs):
    """Everything but `open` and `close` may raise `sqlite3.Error` or `OSError` where the disk refuses."""

    def __init__(self, folder: Path, clock: Clock, limits: SpoolLimits) -> None:
        super().__init__(folder, clock, limits)
        self.dead = DeadLetters(self)
        self.upkeep = Upkeep(self)
        self._held = self._held_bytes = 0
        """Payloads that the engine holds, and their bytes."""
        self._free_at, self._free_bytes = float("-inf"), places.free(folder.parent)
        self.durable = Durable()
        """Outcomes that are committed; replaced as a whole, so that the loop may look at any time."""
        self._published: list[Record] = []

    # Opening and closing.

    def open(self) -> Recovered:
        """Open what is there; the epoch of an orderly stop goes on, otherwise a new one takes what is accepted.

        Raises `SpoolPlaceError`.
        """
        self.find()
        counts = Counts()
        for record in self.records():
            counts = add(counts, record.counts())
        lost_open, late_acks, redriven = (self.total(name) for name in ("lost_open", "late_acks", "redriven"))
        self._retry(self._apply_intents)
        pending: list[Payload] = []
        self._retry(lambda: pending.extend(self.load(min(_FIRST_WINDOW, self.limits.window_payloads))))
        self.publish()
        return Recovered(counts, lost_open, late_acks, redriven, pending)

    def close(self) -> None:
        """Write what waits, and mark as stopped in order what is."""
        for epoch in self.epochs.values():
            clean = epoch.number not in self.jobs
            try:
                epoch.raise_low()
                epoch.write((), self.clock.now())
                if epoch.dirty:
                    epoch.checkpoint()
            except (sqlite3.Error, OSError, SickError):
                clean = False
            epoch.close(clean=clean and not epoch.sick and not epoch.backlog)
        self.publish()
        self.epochs = {}
        self.current = None

    def publish(self) -> None:
        """Tell which outcomes are committed: between two changes, when each count is in one record."""
        records = self.records()
        if len(records) != len(self._published) or not all(map(is_, records, self._published)):  # a commit makes a new
            self._published = records
            self.durable = Durable(*map(sum, zip(*[record.durable() for record in records], strict=True)))

    # Room and paging.

    def _free(self) -> int | None:
        """Bytes free on the disk, looked at four times a second: each look gives the interpreter away."""
        now = monotonic()
        if now - self._free_at >= _FREE_S:
            self._free_at, self._free_bytes = now, places.free(self.folder)
        return self._free_bytes

    def _hold(self, count: int, size: int) -> None:
        self._held += count
        self._held_bytes += size

    def _read(self, epoch: Epoch, limit: int) -> Page | None:
        """Read the next pending rows of an epoch; `None` where it cannot be read for now."""
        try:
            page = epoch.page(epoch.cursor, limit, epoch.verified)
        except SickError:
            return None  # it is written anew, and read again after it
        except sqlite3.Error as error:
            if not schema.unreadable(error):  # this stops neither accepting nor the other files
                self.trouble = error
            return None
        self.told.bad_rows(epoch, page.bad)
        return page

    def _pass(self, epoch: Epoch, end: int) -> None:
        """Nothing is pending up to `end` any more."""
        epoch.cursor = max(epoch.cursor, end)
        if epoch.paged and end >= epoch.record.last and epoch.number not in self.jobs:
            self.told.vanished(epoch, epoch.paged)

    # What the engine asks for.

    def commit(self, batches: Sequence[Batch], ops: Sequence[tuple[int, Op]]) -> list[Taken | SpoolFullError]:
        """Commit outcomes and acceptances; the outcomes are kept where that fails."""
        for number, op in ops:
            self._note(number, op)
        answers: list[Taken | SpoolFullError] = []
        if batches:
            answers = self.accept(batches)
        for epoch in list(self.epochs.values()):
            self.flush(epoch)
        return answers

    def _note(self, number: int, op: Op) -> None:
        if isinstance(op, Final):
            self._held -= len(op.seqs)
            self._held_bytes -= op.size
        epoch = self.home(number)
        if epoch is not None:
            epoch.backlog.append(op)

    def accept(self, batches: Sequence[Batch], extra: Sequence[Op] = ()) -> list[Taken | SpoolFullError]:
        """Commit acceptances, with `extra` in the same transaction; a batch that there is no room for is refused."""
        room = self.limits.max_bytes - self.bytes
        free = self._free()
        answers: list[Taken | SpoolFullError] = []
        for deadline_s, alike in groupby(batches, lambda batch: batch.deadline_s):
            admitted: list[Batch] = []
            places_: list[int] = []
            for batch in alike:
                size = sum([len(draft[1]) for draft in batch.drafts])
                if size > room or (free is not None and free - size < self.limits.reserve_bytes):
                    what = "the spool has reached its limit" if size > room else "the disk is full"
                    answers.append(SpoolFullError(what))
                    continue
                room -= size
                if free is not None:
                    self._free_bytes = free = free - size
                admitted.append(batch)
                places_.append(len(answers))
                answers.append(SpoolFullError(""))
            if admitted:
                for place, taken in zip(places_, self._insert(admitted, deadline_s, extra), strict=True):
                    answers[place] = taken
        return answers

    def _insert(self, batches: Sequence[Batch], deadline_s: float, extra: Sequence[Op]) -> list[Taken]:
        epoch = self.room_for(deadline_s)
        try:
            accepted = epoch.write(batches, self.clock.now(), extra)
        except SickError:
            if extra:
                raise
            epoch = self.new_epoch()
            accepted = epoch.write(batches, self.clock.now())
        taken: list[Taken] = []
        for payloads in accepted:
            size = cost(payloads)
            paged = (
                self.paged > 0
                or self._held + len(payloads) > self.limits.window_payloads
                or self._held_bytes + size > self.limits.window_bytes
            )
            if paged:
                epoch.paged += len(payloads)
            elif payloads:
                epoch.cursor = payloads[-1].seq
                epoch.head = payloads[-1].deadline
                self._hold(len(payloads), size)
            taken.append(Taken(payloads, paged))
        return taken

    def load(self, limit: int) -> list[Payload]:
        """Read the next payloads in order of deadlines, and hand them over for good."""
        found: list[tuple[float, int, Payload]] = []
        if limit <= 0:
            return []
        for epoch in sorted(
            (one for one in self.epochs.values() if one.paged and not one.sick), key=lambda one: one.head
        ):
            if len(found) >= limit and epoch.head > found[limit - 1][0]:
                break
            page = self._read(epoch, limit)
            if page is None:
                continue
            if not page.payloads:
                self._pass(epoch, page.end)
            found += [(payload.deadline, epoch.number, payload) for payload in page.payloads]
            found.sort(key=lambda one: one[:2])
        crash_point("paging")
        out = [payload for _, _, payload in found[:limit]]
        for payload in out:
            epoch = self.epochs[payload.seq >> EPOCH_BITS]
            epoch.cursor, epoch.head = payload.seq, payload.deadline
            epoch.paged -= 1
        self._hold(len(out), cost(out))
        for epoch in self.epochs.values():
            self.flush(epoch)
        return out

    def expire(self, now: float) -> tuple[Expired, bool]:
        """End a page of payloads on disk whose deadline has passed; tell whether there may be more."""
        unsent = unknown = 0
        more = False
        moment = self.clock.now()
        for epoch in list(self.epochs.values()):
            if not epoch.paged or epoch.sick or epoch.head > now:
                continue
            page = self._read(epoch, self.limits.page_rows)
            if page is None:
                continue
            due = [payload for payload in page.payloads if payload.deadline <= now]
            for doubt, outcome in ((False, Outcome.EXPIRED_UNSENT), (True, Outcome.EXPIRED_UNKNOWN)):
                ended = [payload for payload in due if payload.in_doubt is doubt]
                if ended:
                    seqs = [payload.seq for payload in ended]
                    epoch.backlog.append(Final(seqs, outcome, "", int(moment.wall * 1000), cost(ended)))
                    unknown, unsent = unknown + len(ended) * doubt, unsent + len(ended) * (not doubt)
            epoch.paged -= len(due)
            if len(due) < len(page.payloads):
                epoch.head = page.payloads[len(due)].deadline
                epoch.cursor = due[-1].seq if due else epoch.cursor
            else:
                epoch.head = due[-1].deadline if due else epoch.head
                self._pass(epoch, page.end)
                more = more or epoch.paged > 0
            self.flush(epoch)
        return Expired(unsent, unknown), more

    def ended(self) -> list[Key]:
        """Tell which executions ended here and are not forgotten."""
        return [key for epoch in self.epochs.values() for key in epoch.ended]

    def forget_ended(self, keys: Sequence[Key]) -> None:
        """Forget, with the next commit, that executions ended here."""
        for epoch in self.epochs.values():
            mine = [key for key in keys if key in epoch.ended]
            if mine:
                epoch.backlog.append(Forgotten(mine))
                epoch.ended.difference_update(mine)

    def room_for(self, deadline_s: float) -> Epoch:
        """Choose the epoch for new payloads: numbers in an epoch are in order of deadlines."""
        epoch = self.current
        if epoch is None or epoch.sick or epoch.record.deadline_us not in {0, round(deadline_s * 1e6)}:
            epoch = self.new_epoch()
        return epoch

    # Work between commits.

    def probe(self) -> None:
        """Try whether the disk takes changes again; raises as long as it does not."""
        self.trouble = None
        if self.current is None or self.current.sick:
            self.new_epoch()
        for epoch in list(self.epochs.values()):
            if not epoch.sick and (epoch.backlog or epoch is self.current):
                epoch.write((), self.clock.now())
        self.reopen()
