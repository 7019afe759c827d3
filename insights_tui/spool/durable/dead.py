"""Dead letters of the whole store: listed, accepted again, dropped, and bounded."""

import contextlib
from itertools import islice
from typing import TYPE_CHECKING

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Draft
from insights_tui.spool.base import DeadLetter, Selection, SpoolFullError
from insights_tui.spool.durable.epoch import Epoch, SickError
from insights_tui.spool.durable.fold import forget_intents
from insights_tui.spool.durable.letters import letters, oldest
from insights_tui.spool.durable.ops import Batch, Dropped, Evicted, Intent, Op, Redriven, Taken
from insights_tui.spool.durable.row import EPOCH_BITS

if TYPE_CHECKING:
    from insights_tui.spool.durable.store import Store

_PAGE = 500


class DeadLetters:
    """A view of the store."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    def lost(self, selection: Selection, *, after_seq: int, limit: int, open_only: bool) -> list[DeadLetter]:
        """List dead letters in order of their numbers, or the newest first."""
        return [letter for letter, _, _ in self._letters(selection, after_seq, limit, open_only=open_only)]

    def _letters(
        self, selection: Selection, after_seq: int, limit: int, *, open_only: bool
    ) -> list[tuple[DeadLetter, int, Epoch]]:
        out: list[tuple[DeadLetter, int, Epoch]] = []
        for epoch in self._store.epochs.values():
            for is_open in (True,) if open_only else (True, False):
                if epoch.sick:
                    continue
                with contextlib.suppress(SickError):  # they are listed once it is written anew
                    found = letters(epoch, selection, after_seq=after_seq, is_open=is_open)
                    out += [(letter, size, epoch) for letter, size in islice(found, limit)]
        return sorted(out, key=lambda one: one[0].payload.seq, reverse=selection.newest_first)[:limit]

    def redrive(self, selection: Selection, deadline_s: float, limit: int) -> Taken | SpoolFullError:
        """Accept dead letters again, oldest first; the acceptance and the mark on them are one transaction.

        Where they are in another epoch, the intent is in it, and they are marked after it.
        """
        found = self._letters(selection, 0, limit, open_only=True)
        chosen = [(letter.payload, epoch) for letter, _, epoch in found if letter.outcome is not Outcome.DAMAGED]
        if not chosen:
            return Taken([], paged=False)
        current = self._store.room_for(deadline_s)
        here = [payload.seq for payload, epoch in chosen if epoch is current]
        away: dict[Epoch, list[int]] = {}
        for payload, epoch in chosen:
            if epoch is not current:
                away.setdefault(epoch, []).append(payload.seq)
        extra: list[Op] = [Redriven(here)] if here else []
        extra += [Intent(seqs) for seqs in away.values()]
        drafts = [Draft(payload.id, payload.value, payload.key) for payload, _ in chosen]
        (answer,) = self._store.accept([Batch(drafts, deadline_s)], extra)
        if isinstance(answer, Taken):
            for epoch, seqs in away.items():
                epoch.backlog.append(Redriven(seqs))
                self._store.flush(epoch)
                if not epoch.backlog:
                    for number in {seq >> EPOCH_BITS for seq in seqs}:
                        forget_intents(current, number)
        return answer

    def drop(self, selection: Selection) -> int:
        """Delete dead letters; tells how many, those without a body among them where all go, or all damaged ones."""
        count = 0
        for epoch in self._store.epochs.values():
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
                bodiless = 0
                if selection.everything or selection.all_damaged:
                    bodiless = epoch.record.total("bodiless" if selection.everything else "damaged_open")
                if bodiless:
                    epoch.backlog.append(Dropped((), 0, "all" if selection.everything else "damaged"))
                self._store.flush(epoch)
                return count + bodiless
            self._store.flush(epoch)
        return count

    def evict(self) -> bool:
        """Make room where they are too many; tell whether there is more to do."""
        excess = sum([epoch.record.dead_bytes for epoch in self._store.epochs.values()]) - self._store.limits.dead_bytes
        if excess <= 0:
            return False
        for number in sorted(self._store.epochs):
            epoch = self._store.epochs[number]
            if epoch.sick or not epoch.record.dead or epoch.backlog:
                continue
            seqs, size, is_open = oldest(epoch, _PAGE, excess)
            if not seqs:
                continue
            epoch.backlog.append(Evicted(seqs, size, is_open))
            self._store.flush(epoch)
            return not epoch.backlog
        return False
