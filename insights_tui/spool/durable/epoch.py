"""One epoch: a database, its mark, and the place up to which its payloads were handed to the engine."""

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from itertools import repeat
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from insights_tui.domain.clock import Moment
from insights_tui.domain.payload import Payload
from insights_tui.spool.crash import crash_point
from insights_tui.spool.durable import schema
from insights_tui.spool.durable.anchor import Anchor
from insights_tui.spool.durable.apply import apply
from insights_tui.spool.durable.mark import Mark
from insights_tui.spool.durable.ops import Batch, Op
from insights_tui.spool.durable.record import Record
from insights_tui.spool.durable.row import (
    DEAD,
    EPOCH_BITS,
    IN_DOUBT,
    NEVER,
    OVERHEAD,
    QUEUED,
    UNSET,
    seal,
    unseal,
)

_STEP = 64
"""Rows in the largest inserts come in multiples of it, so that few statements are ever prepared."""
_MAX_STEP = 512

_new_payload: Callable[[type[Payload], tuple[Any, ...]], Payload] = tuple.__new__  # skips the named constructor


class SickError(Exception):
    """The database is broken: it must be written anew from what can be read."""


class Page(NamedTuple):
    """Pending rows read in a go."""

    payloads: list[Payload]
    bad: list[int]
    """Rows that are not what was accepted."""
    end: int
    """All rows up to this number were looked at."""


class Epoch:
    """Belongs to the writer's thread; only the mark is used by another."""

    def __init__(self, number: int, path: Path, db: sqlite3.Connection, mark: Mark, anchor: Anchor) -> None:
        self.number, self.path, self.db, self.mark, self.anchor = number, path, db, mark, anchor
        self.base = number << EPOCH_BITS
        self.record = Record(last=self.base, low=self.base + 1)
        self.cursor = self.base
        """Rows up to this one were handed over or are final."""
        self.verified = (number + 1) << EPOCH_BITS
        """Rows up to this one may be handed over."""
        self.paged = 0
        """Pending rows beyond the cursor."""
        self.head = float("-inf")
        """No row beyond the cursor has an earlier deadline."""
        self.backlog: list[Op] = []
        """To be written with the next commit."""
        self.condemned: set[int] = set()
        """Rows that were counted as damaged already."""
        self.adopted: set[int] = set()
        """Epochs that were folded into this one."""
        self.ended: set[bytes] = set()
        """Executions that ended with payloads of this one and are not forgotten."""
        self.sick = False
        self.dirty = 0
        """Pages in the WAL, about."""
        self._unreadable_since: float | None = None

    # One transaction.

    def write(self, batches: Sequence[Batch], now: Moment, extra: Sequence[Op] = ()) -> list[list[Payload]]:
        """Commit what is to be accepted, the backlog and `extra`; gives the payloads of each batch.

        The backlog is kept where it fails, `extra` is not.

        Raises `sqlite3.Error` where nothing of it was written, `SickError` where the file is broken.
        """
        record, ops = self.record.copy(), [*self.backlog, *extra]
        ended = [key for batch in batches for key in batch.ended]
        accepted: list[list[Payload]] = []
        rows: list[Any] = []
        for batch in batches:
            parameters, size = seal(record.last + 1, batch.drafts, now, batch.deadline_s)
            rows += parameters
            accepted.append(_payloads(record.last + 1, batch, now))
            count = len(batch.drafts)
            record.last += count
            record.accepted += count
            record.pending_bytes += size
            record.deadline_us = round(batch.deadline_s * 1e6)
        try:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                self._insert(rows)
                if ended:
                    self.db.executemany("INSERT OR IGNORE INTO ended VALUES (?)", [(key,) for key in ended])
                apply(self.db, ops, record)
                record.commits += 1
                packed = record.pack()
                self.db.execute("UPDATE meta SET value = ? WHERE key = 1", (packed,))
                crash_point("before_commit")
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise
        except schema.ERRORS as error:
            raise self.judged(error) from error
        self.mark.committed(packed)
        crash_point("after_commit")
        self.record = record
        self.ended.update(ended)
        self.backlog = []
        self.dirty += 6 + len(rows) // 16 + sum([len(op.seqs) for op in ops]) // 8
        return accepted

    def judged(self, error: Exception) -> Exception:
        """Tell a broken file from a disk that is full or ill for a while."""
        if schema.passes(error) and not self._stays(error):
            return error
        self.sick = True
        return SickError(f"{self.path.name}: {error}")

    def _stays(self, error: Exception) -> bool:
        """Tell whether pages could not be read for too long to wait any longer."""
        if not schema.unreadable(error):
            return False
        now = monotonic()
        if self._unreadable_since is None:
            self._unreadable_since = now
        return now - self._unreadable_since >= schema.UNREADABLE_S

    def _insert(self, rows: list[Any]) -> None:
        # one step of SQLite for many rows: Python gives the GIL away around each, and takes long to get it back
        at, left = 0, len(rows) // 4
        while left:
            count = min(left - left % _STEP or left, _MAX_STEP)
            self.db.execute(_insert_sql(count), rows[at : at + 4 * count])
            at += 4 * count
            left -= count

    # Reading.

    def page(self, after: int, limit: int, upto: int | None = None) -> Page:
        """Read pending rows beyond a number; raises `SickError`, or `sqlite3.Error` where it may pass."""
        end = self.record.last if upto is None else min(upto, self.record.last)
        try:
            rows = self.db.execute(
                f"SELECT seq, state, sum, body FROM payload WHERE seq > ? AND seq <= ? AND state <> {DEAD}"
                " ORDER BY seq LIMIT ?",
                (after, end, limit),
            ).fetchall()
        except schema.ERRORS as error:
            raise self.judged(error) from error
        payloads: list[Payload] = []
        bad: list[int] = []
        doubt_upto, deadline, last = self.record.doubt_upto, self.anchor.deadline, after
        for seq, state, sum_, body in rows:
            if not isinstance(seq, int) or not last < seq <= end:
                self.sick = True
                raise SickError(f"{self.path.name}: rows are out of order")
            last = seq
            found = unseal(seq, sum_, body)
            if seq in self.condemned:
                continue
            if found is None or (state != QUEUED and state != IN_DOUBT):
                bad.append(seq)
                continue
            id_, value, key, accepted_ms, accepted_boot, deadline_s = found
            payloads.append(
                Payload(
                    seq,
                    id_,
                    value,
                    key,
                    accepted_ms,
                    deadline(accepted_ms, accepted_boot, deadline_s),
                    state == IN_DOUBT or seq <= doubt_upto,
                )
            )
        return Page(payloads, bad, last if len(rows) == limit else end)

    # Upkeep.

    def raise_low(self, rows: int = 500) -> None:
        """Move the lower bound of pending rows past those that are final."""
        found = self.db.execute(
            "SELECT seq, state FROM payload WHERE seq >= ? ORDER BY seq LIMIT ?", (self.record.low, rows)
        ).fetchall()
        for seq, state in found:
            if state != DEAD:
                self.record.low = seq
                return
        if found:
            self.record.low = found[-1][0] + 1
        else:
            self.record.low = self.record.last + 1

    def checkpoint(self) -> None:
        """Move the WAL into the database."""
        crash_point("checkpoint")
        try:
            self.db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except schema.ERRORS as error:
            raise self.judged(error) from error
        self.dirty = 0

    def close(self, *, clean: bool) -> None:
        """Let go; a clean one is believed as it is when it is opened again."""
        if clean:
            self.mark.committed(self.record.pack(), clean=True)
        with contextlib.suppress(*schema.ERRORS):
            self.db.close()
        self.mark.close()


def _payloads(first: int, batch: Batch, now: Moment) -> list[Payload]:
    drafts = batch.drafts
    accepted_ms, deadline = int(now.wall * 1000), now.boot + batch.deadline_s
    numbers = range(first, first + len(drafts))
    rows = zip(numbers, *zip(*drafts, strict=True), repeat(accepted_ms), repeat(deadline), repeat(False))
    return list(map(_new_payload, repeat(Payload), rows))


_INSERT = "INSERT INTO payload (seq, state, outcome, ended_ms, late_ack, open, reason, sum, body) VALUES "
_INSERTS: dict[int, str] = {}


def _insert_sql(count: int) -> str:
    sql = _INSERTS.get(count)
    if sql is None:
        values = ", ".join([f"(?, ?, {UNSET}, {NEVER}, 0, 0, '', ?, ?)"] * count)
        sql = _INSERTS[count] = _INSERT + values
    return sql


def row_bytes(body_bytes: int) -> int:
    """Tell what a row costs, as `row.seal` counts it."""
    return body_bytes + OVERHEAD
