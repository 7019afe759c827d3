"""All epochs together, without threads and without a loop: what the writer's thread works on."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from time import monotonic

from insights_tui.domain.clock import Clock
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Draft, Payload
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.base import DeadLetter, Expired, Recovered, Selection, SpoolFullError
from insights_tui.spool.crash import crash_point
from insights_tui.spool.durable import folder as places
from insights_tui.spool.durable import schema
from insights_tui.spool.durable.epoch import Epoch, Page, SickError
from insights_tui.spool.durable.examine import Salvage, examine, salvage
from insights_tui.spool.durable.fold import carry, fold, forget_intents, notes
from insights_tui.spool.durable.letters import letters, oldest
from insights_tui.spool.durable.limits import SpoolLimits
from insights_tui.spool.durable.opening import create_epoch, lost_with, open_epoch
from insights_tui.spool.durable.ops import Batch, Dropped, Evicted, Final, Intent, Op, Redriven, Taken
from insights_tui.spool.durable.record import Record
from insights_tui.spool.durable.row import EPOCH_BITS, cost
from insights_tui.spool.durable.told import Told, add, broken, cannot_open, damage

_PAGE = 500

_FIRST_WINDOW = 5000
"""Payloads handed over by `open` itself; the engine loads more as it needs them."""

_FREE_S = 0.25

_CHECKPOINT_IDLE, _CHECKPOINT_BUSY = 500, 8000
"""Pages in the WAL that are worth a checkpoint when nothing waits, and those that are worth it in any case."""


class Store:
    """Everything but `open` and `close` may raise `sqlite3.Error` or `OSError` where the disk refuses."""

    def __init__(self, folder: Path, clock: Clock, limits: SpoolLimits) -> None:
        self.folder, self.clock, self.limits = folder, clock, limits
        self.told = Told(clock)
        self.epochs: dict[int, Epoch] = {}
        self.current: Epoch | None = None
        self._next = 0
        self._unopened: set[int] = set()
        """Epochs that could not be opened for now."""
        self._aside: dict[int, Record] = {}
        """What is left of epochs that nothing can be read from."""
        self._folded: set[int] = set()
        self._jobs: dict[int, Iterator[None]] = {}
        """Examinations under way."""
        self._held = self._held_bytes = 0
        """Payloads that the engine holds, and their bytes."""
        self._free_at, self._free_bytes = float("-inf"), places.free(folder.parent)
        self.trouble: Exception | None = None
        """Why the last change could not be written."""

    # Opening and closing.

    def open(self) -> Recovered:
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
            and newest.number not in self._jobs
            and newest.anchor.accepted_boot_id == self.clock.boot_id
        ):
            self.current = newest
        else:
            self._retry(self._new_epoch)
        counts = Counts()
        for record in self._records():
            counts = add(counts, record.counts())
        lost_open, late_acks, redriven = (self.total(name) for name in ("lost_open", "late_acks", "redriven"))
        self._retry(self._apply_intents)
        pending: list[Payload] = []
        self._retry(lambda: pending.extend(self.load(min(_FIRST_WINDOW, self.limits.window_payloads))))
        return Recovered(counts, lost_open, late_acks, redriven, pending)

    def close(self) -> None:
        """Write what waits, and mark as stopped in order what is."""
        for epoch in self.epochs.values():
            clean = epoch.number not in self._jobs
            try:
                epoch.raise_low()
                epoch.write((), self.clock.now())
                if epoch.dirty:
                    epoch.checkpoint()
            except (sqlite3.Error, OSError, SickError):
                clean = False
            epoch.close(clean=clean and not epoch.sick and not epoch.backlog)
        self.epochs = {}
        self.current = None

    def total(self, name: str) -> int:
        """Add up a counter over all epochs."""
        return sum(record.total(name) for record in self._records())

    def _records(self) -> list[Record]:
        return [*(epoch.record for epoch in self.epochs.values()), *self._aside.values()]

    def _retry(self, act: Callable[[], object]) -> None:
        """Do something at the opening that may as well be done later."""
        try:
            act()
        except (sqlite3.Error, OSError) as error:
            self.trouble = error
        except SickError:
            return

    def _open_one(self, number: int) -> None:
        name = places.database(self.folder, number).name
        try:
            opened = open_epoch(self.folder, number, self.clock)
        except schema.NewerVersionError as error:
            self.told.say(cannot_open(name, str(error), "Use that version, or move the file away."))
            return
        except schema.ForeignFileError as error:
            self._set_aside(number, str(error))
            return
        except (sqlite3.Error, OSError) as error:
            self._unopened.add(number)
            self.told.say(cannot_open(name, str(error), "It is tried again until it can be opened."))
            return
        epoch = opened.epoch
        self.epochs[number] = epoch
        try:
            epoch.adopted = notes(epoch, "folded")
        except (sqlite3.Error, SickError):
            epoch.sick = True
        self._folded |= epoch.adopted
        if opened.gap:
            self.told.say(damage(name, opened.gap, "missing"))
        if not opened.clean:
            self._jobs[number] = examine(epoch, self.told, self.limits.page_rows)

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
            self._aside[number] = record
            if record.damaged:
                self.told.say(damage(name, record.damaged, "unreadable"))
        if kept is not None:
            self.told.say(cannot_open(name, why, f"Check the disk; the file is kept as {kept.name}."))

    def _new_epoch(self) -> Epoch:
        epoch = create_epoch(self.folder, self._next, self.clock)
        self._next += 1
        self.epochs[epoch.number] = self.current = epoch
        return epoch

    def _apply_intents(self) -> None:
        """Mark dead letters whose second acceptance was committed just before the process died."""
        for epoch in list(self.epochs.values()):
            for number, seqs in groupby(sorted(notes(epoch, "redriven")), lambda seq: seq >> EPOCH_BITS):
                target = self.home(number)
                if target is not None:
                    target.backlog.append(Redriven(list(seqs)))
                    target.write((), self.clock.now())
                    forget_intents(epoch, number)

    # Where things are.

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
            self.trouble = error
            return None
        self.told.bad_rows(epoch, page.bad)
        return page

    def _pass(self, epoch: Epoch, end: int) -> None:
        """Nothing is pending up to `end` any more."""
        epoch.cursor = max(epoch.cursor, end)
        if epoch.paged and end >= epoch.record.last and epoch.number not in self._jobs:
            self.told.vanished(epoch, epoch.paged)

    def _flush(self, epoch: Epoch) -> None:
        """Write what waits; where the disk refuses it goes on waiting, and the writer learns of it."""
        if not epoch.backlog or epoch.sick:
            return
        try:
            epoch.write((), self.clock.now())
        except (sqlite3.Error, OSError) as error:
            self.trouble = error
        except SickError:
            pass  # written anew, and the backlog after it

    # What the engine asks for.

    def commit(self, batches: Sequence[Batch], ops: Sequence[tuple[int, Op]]) -> list[Taken | SpoolFullError]:
        """Commit outcomes and acceptances; the outcomes are kept where that fails."""
        for number, op in ops:
            self._note(number, op)
        answers: list[Taken | SpoolFullError] = []
        if batches:
            answers = self._accept(batches)
        for epoch in list(self.epochs.values()):
            self._flush(epoch)
        return answers

    def _note(self, number: int, op: Op) -> None:
        if isinstance(op, Final):
            self._held -= len(op.seqs)
            self._held_bytes -= op.size
        epoch = self.home(number)
        if epoch is not None:
            epoch.backlog.append(op)

    def _accept(self, batches: Sequence[Batch], extra: Sequence[Op] = ()) -> list[Taken | SpoolFullError]:
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
        epoch = self._room_for(deadline_s)
        try:
            accepted = epoch.write(batches, self.clock.now(), extra)
        except SickError:
            if extra:
                raise
            epoch = self._new_epoch()
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
            self._flush(epoch)
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
            self._flush(epoch)
        return Expired(unsent, unknown), more

    def lost(self, selection: Selection, *, after_seq: int, limit: int, open_only: bool) -> list[DeadLetter]:
        """List dead letters in order of their numbers."""
        return [letter for letter, _, _ in self._letters(selection, after_seq, limit, open_only=open_only)]

    def _letters(
        self, selection: Selection, after_seq: int, limit: int, *, open_only: bool
    ) -> list[tuple[DeadLetter, int, Epoch]]:
        out: list[tuple[DeadLetter, int, Epoch]] = []
        for epoch in self.epochs.values():
            for is_open in (True,) if open_only else (True, False):
                if epoch.sick:
                    continue
                with contextlib.suppress(SickError):  # they are listed once it is written anew
                    found = letters(epoch, selection, after_seq=after_seq, is_open=is_open)
                    out += [(letter, size, epoch) for letter, size in islice(found, limit)]
        return sorted(out, key=lambda one: one[0].payload.seq)[:limit]

    def redrive(self, selection: Selection, deadline_s: float, limit: int) -> Taken | SpoolFullError:
        """Accept dead letters again, oldest first; the acceptance and the mark on them are one transaction.

        Where they are in another epoch, the intent is in it, and they are marked after it.
        """
        found = self._letters(selection, 0, limit, open_only=True)
        chosen = [(letter.payload, epoch) for letter, _, epoch in found if letter.outcome is not Outcome.DAMAGED]
        if not chosen:
            return Taken([], paged=False)
        current = self._room_for(deadline_s)
        here = [payload.seq for payload, epoch in chosen if epoch is current]
        away: dict[Epoch, list[int]] = {}
        for payload, epoch in chosen:
            if epoch is not current:
                away.setdefault(epoch, []).append(payload.seq)
        extra: list[Op] = [Redriven(here)] if here else []
        extra += [Intent(seqs) for seqs in away.values()]
        drafts = [Draft(payload.id, payload.value, payload.key) for payload, _ in chosen]
        (answer,) = self._accept([Batch(drafts, deadline_s)], extra)
        if isinstance(answer, Taken):
            for epoch, seqs in away.items():
                epoch.backlog.append(Redriven(seqs))
                self._flush(epoch)
                if not epoch.backlog:
                    for number in {seq >> EPOCH_BITS for seq in seqs}:
                        forget_intents(current, number)
        return answer

    def _room_for(self, deadline_s: float) -> Epoch:
        """Choose the epoch for new payloads: numbers in an epoch are in order of deadlines."""
        epoch = self.current
        if epoch is None or epoch.sick or epoch.record.deadline_us not in {0, round(deadline_s * 1e6)}:
            epoch = self._new_epoch()
        return epoch

    def drop(self, selection: Selection) -> int:
        """Delete dead letters; tells how many, those without a body among them where everything goes."""
        count = 0
        for epoch in self.epochs.values():
            with contextlib.suppress(SickError):
                count += self._drop_in(epoch, selection)
        return count

    def _drop_in(self, epoch: Epoch, selection: Selection) -> int:
        count = after = 0
        while not epoch.sick:
            found = list(islice(letters(epoch, selection, after_seq=after, is_open=True), _PAGE))
            if found:
                after = found[-1][0].payload.seq
                seqs = [letter.payload.seq for letter, _ in found]
                epoch.backlog.append(Dropped(seqs, sum(size for _, size in found)))
                count += len(found)
            if len(found) < _PAGE:
                bodiless = epoch.record.total("bodiless") if selection.everything else 0
                if bodiless:
                    epoch.backlog.append(Dropped((), 0, bodiless=True))
                self._flush(epoch)
                return count + bodiless
            self._flush(epoch)
        return count

    # Work between commits.

    def step(self) -> bool:
        """Do a slice of what is to be done; tell whether there is more."""
        try:
            return self._evict() or self._mend() or self._examine() or self._end_drained()
        except SickError:
            return True  # the next slice mends it

    def probe(self) -> None:
        """Try whether the disk takes changes again; raises as long as it does not."""
        self.trouble = None
        if self.current is None or self.current.sick:
            self._new_epoch()
        for epoch in list(self.epochs.values()):
            if not epoch.sick and (epoch.backlog or epoch is self.current):
                epoch.write((), self.clock.now())
        self.reopen()

    def reopen(self) -> None:
        """Try the files again that could not be opened."""
        for number in sorted(self._unopened, reverse=True):
            self._unopened.discard(number)
            self._open_one(number)
            epoch = self.epochs.get(number)
            record = epoch.record if epoch is not None else self._aside.get(number)
            if record is not None:
                self.told.carried(record, epoch.paged if epoch is not None else 0)

    def checkpoint(self, *, idle: bool) -> None:
        """Move WALs into their databases: when nothing waits, or when they have grown too long."""
        for epoch in self.epochs.values():
            if epoch.dirty >= (_CHECKPOINT_IDLE if idle else _CHECKPOINT_BUSY) and not epoch.sick:
                try:
                    epoch.checkpoint()
                except SickError:
                    continue

    def _evict(self) -> bool:
        excess = sum([epoch.record.dead_bytes for epoch in self.epochs.values()]) - self.limits.dead_bytes
        if excess <= 0:
            return False
        for number in sorted(self.epochs):
            epoch = self.epochs[number]
            if epoch.sick or not epoch.record.dead or epoch.backlog:
                continue
            seqs, size, is_open = oldest(epoch, _PAGE, excess)
            if not seqs:
                continue
            epoch.backlog.append(Evicted(seqs, size, is_open))
            self._flush(epoch)
            return not epoch.backlog
        return False

    def _mend(self) -> bool:
        """Begin to write a broken file anew."""
        for epoch in self.epochs.values():
            if epoch.sick and not isinstance(self._jobs.get(epoch.number), Salvage):
                self.told.say(broken(epoch.path.name))
                self._jobs[epoch.number] = Salvage(salvage(epoch, self.told, self.folder, self.limits.page_rows))
        return False

    def _examine(self) -> bool:
        for number, job in self._jobs.items():
            try:
                next(job)
            except StopIteration:
                del self._jobs[number]
                self._flush(self.epochs[number])
            except (sqlite3.Error, OSError):
                if isinstance(job, Salvage):
                    del self._jobs[number]  # it begins anew
                raise
            return True
        return False

    def _end_drained(self) -> bool:
        current = self.current
        if current is None or current.sick:
            return False
        for number, record in self._aside.items():
            carry(record, number, current, self.folder)
            del self._aside[number]
            return True
        for epoch in self.epochs.values():
            if not self._drained(epoch):
                continue
            if epoch is not current:
                fold(epoch, current, self.folder)
                del self.epochs[epoch.number]
                return True
            if epoch.path.stat().st_size > self.limits.rotate_bytes:
                self._new_epoch()
                return True
        return False

    def _drained(self, epoch: Epoch) -> bool:
        record = epoch.record
        return (
            record.pending == 0
            and record.dead <= self.limits.fold_rows
            and not (epoch.paged or epoch.backlog or epoch.sick or epoch.number in self._jobs)
        )
