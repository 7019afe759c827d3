"""Opening an epoch: what its file says, what its mark says, and what is true."""

import os
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

from insights_tui.domain.clock import Clock
from insights_tui.domain.outcome import Outcome
from insights_tui.spool.durable import folder as places
from insights_tui.spool.durable import schema
from insights_tui.spool.durable.anchor import Anchor
from insights_tui.spool.durable.epoch import Epoch
from insights_tui.spool.durable.mark import Mark, Seen, read_mark
from insights_tui.spool.durable.record import CARRIED, Record
from insights_tui.spool.durable.row import DEAD, EPOCH_BITS, OUTCOMES


@dataclass(frozen=True, slots=True)
class Opened:
    """An epoch of an earlier start."""

    epoch: Epoch
    clean: bool
    """Stopped in order: it is believed as it is."""
    gap: int
    """Payloads that were committed and are not in the file."""


def create_epoch(folder: Path, number: int, clock: Clock) -> Epoch:
    """Make a new, empty epoch; raises `sqlite3.Error` or `OSError`."""
    path = places.database(folder, number)
    try:
        schema.create(path)
        db = schema.connect(path)
    except BaseException:
        places.remove(folder, number)
        raise
    anchor = Anchor.here(clock.boot_id, clock)
    try:
        mark = Mark(places.mark(folder, number), number, anchor.accepted_boot_id)
        epoch = Epoch(number, path, db, mark, anchor)
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (schema.RECORD, epoch.record.pack()))
        db.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (schema.ANCHOR, anchor.pack()))
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(PASSIVE)")  # a lost WAL must not take the identity along
    except BaseException:
        db.close()
        raise
    mark.committed(epoch.record.pack())
    return epoch


def open_epoch(folder: Path, number: int, clock: Clock) -> Opened:
    """Open an epoch of an earlier start.

    Raises `ForeignFileError`, `NewerVersionError`, or `sqlite3.Error` and `OSError` where it may pass.
    """
    places.finish_swap(folder, number)
    path = places.database(folder, number)
    seen = read_mark(places.mark(folder, number), number)
    db = schema.connect(path)
    try:
        found, anchor = _read(db)
        if anchor is None:
            anchor = Anchor.here(seen.boot_id or "unknown", clock)
            trusted = False
        else:
            trusted = anchor.boot_id == clock.boot_id
        clean = seen.clean and found is not None and seen.record == found and found.last >> EPOCH_BITS == number
        record, gap = (found, 0) if clean and found is not None else _reconcile(db, number, found, seen)
        if not clean:
            rebooted = not trusted or seen.attempted is None
            record.doubt_upto = max(record.doubt_upto, record.last if rebooted else seen.attempted or 0)
            record.pending_bytes = 0  # counted anew as the rows are examined
        if anchor.boot_id != clock.boot_id:
            now = clock.now()
            anchor = replace(anchor, boot_id=clock.boot_id, wall=now.wall, boot=now.boot)
        mark = Mark(places.mark(folder, number), number, anchor.accepted_boot_id, seen)
    except BaseException as error:
        db.close()
        if isinstance(error, schema.ERRORS) and not schema.passes(error):
            raise schema.ForeignFileError(f"{path.name}: {error}") from error
        raise
    epoch = Epoch(number, path, db, mark, anchor)
    epoch.record = record
    epoch.cursor = max(epoch.base, record.low - 1)
    epoch.paged = record.pending
    if not clean:
        epoch.verified = epoch.cursor
    _write_down(epoch)
    return Opened(epoch, clean, gap)


def _read(db: sqlite3.Connection) -> tuple[Record | None, Anchor | None]:
    try:
        rows = dict(db.execute("SELECT key, value FROM meta").fetchall())
    except schema.ERRORS as error:
        if schema.passes(error):
            raise
        return None, None
    return Record.unpack(rows.get(schema.RECORD)), Anchor.unpack(rows.get(schema.ANCHOR))


def _reconcile(db: sqlite3.Connection, number: int, found: Record | None, seen: Seen) -> tuple[Record, int]:
    """Tell the record of an epoch that was not stopped in order, and how many payloads are gone from it."""
    base, limit = number << EPOCH_BITS, (number + 1) << EPOCH_BITS
    marked = seen.record if seen.record is not None and base <= seen.record.last < limit else None
    if found is not None and not base <= found.last < limit:
        found = None
    if found is None:
        last = _last(db, base, limit)
        if marked is not None:
            record = marked.copy()
            record.last = max(record.last, last or 0)
            return record, 0  # what is missing shows when the rows are counted
        return _from_rows(db, base, limit - 1 if last is None else last), 0
    record = found.copy()
    if marked is None or marked.commits <= found.commits:
        return record, 0
    gap = max(0, marked.last - found.last)
    record.commits = marked.commits
    record.last = max(found.last, marked.last)
    record.accepted += gap
    record.finish(Outcome.DAMAGED, gap)
    record.bodiless += gap
    for name in CARRIED:  # what was folded in is in no other place any more
        mine = f"c_{name}"
        setattr(record, mine, max(getattr(found, mine), getattr(marked, mine)))
    return record, gap


def _last(db: sqlite3.Connection, base: int, limit: int) -> int | None:
    """Tell the highest number in the file; `None` where it cannot be read there."""
    try:
        row = db.execute("SELECT max(seq) FROM payload WHERE seq > ? AND seq < ?", (base, limit)).fetchone()
    except schema.ERRORS as error:
        if schema.passes(error):
            raise
        return None
    return row[0] if row and isinstance(row[0], int) else base


def _from_rows(db: sqlite3.Connection, base: int, last: int) -> Record:
    """Make a record where neither the file nor the mark has one: of what can be seen."""
    record = Record(last=last, low=base + 1)
    try:
        rows = db.execute(
            f"SELECT outcome, open, late_ack, count(*), sum(length(body)) FROM payload WHERE state = {DEAD}"
            " GROUP BY outcome, open, late_ack"
        ).fetchall()
    except schema.ERRORS as error:
        if schema.passes(error):
            raise
        return record
    known = {code: outcome for outcome, code in OUTCOMES.items()}
    for outcome, is_open, late, count, size in rows:
        if outcome not in known:
            continue
        record.accepted += count
        record.finish(known[outcome], count)
        record.lost_open -= 0 if is_open else count
        record.redriven += 0 if is_open else count
        record.late_acks += count if late else 0
        record.dead += count
        record.dead_bytes += size or 0
    return record


def _write_down(epoch: Epoch) -> None:
    """Keep what was found, so that no second start counts it again; where the disk refuses, it is found again."""
    packed = epoch.record.pack()
    try:
        epoch.db.execute("BEGIN IMMEDIATE")
        epoch.db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (schema.RECORD, packed))
        epoch.db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (schema.ANCHOR, epoch.anchor.pack()))
        epoch.db.execute("COMMIT")
    except schema.ERRORS as error:
        if epoch.db.in_transaction:
            epoch.db.execute("ROLLBACK")
        if not schema.passes(error):
            epoch.sick = True
        return
    epoch.mark.committed(packed)
    epoch.mark.sync()


def lost_with(folder: Path, number: int) -> Record | None:
    """Tell the counts of an epoch whose database is gone: what was pending there is damaged. By its mark."""
    seen = read_mark(places.mark(folder, number), number)
    if seen.record is None:
        return None
    record = seen.record.copy()
    record.finish(Outcome.DAMAGED, record.pending)
    record.bodiless = record.lost_open
    record.dead = record.dead_bytes = record.pending_bytes = 0
    return record


def has_files(folder: Path, number: int) -> bool:
    """Tell whether an epoch has a database, be it unreadable."""
    return os.path.lexists(places.database(folder, number))
