"""Work on a file that was not closed in order, in slices between commits: examination, and writing anew."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from insights_tui.spool.durable import folder as places
from insights_tui.spool.durable import schema
from insights_tui.spool.durable.epoch import Epoch, row_bytes
from insights_tui.spool.durable.ops import Surplus
from insights_tui.spool.durable.row import DEAD, EPOCH_BITS, IN_DOUBT, QUEUED, cost, unseal
from insights_tui.spool.durable.told import Told

_MAX_FAILURES = 50_000
"""Reads of a broken file that may fail before the rest of it is given up."""

COLUMNS = "seq, state, outcome, ended_ms, late_ack, open, reason, sum, body"


class Salvage(Iterator[None]):
    """A file being written anew."""

    def __init__(self, steps: Iterator[None]) -> None:
        self._steps = steps

    def __next__(self) -> None:
        """Do a slice."""
        return next(self._steps)


def examine(epoch: Epoch, told: Told, rows: int) -> Iterator[None]:
    """Read every pending row once, page by page; what was looked at may be handed over at once."""
    expected, end, at, seen = epoch.paged, epoch.record.last, epoch.cursor, 0
    while at < end:
        page = epoch.page(at, rows, end)
        seen += len(page.payloads) + len(page.bad)
        if page.payloads and epoch.head == float("-inf"):
            epoch.head = page.payloads[0].deadline
        epoch.record.pending_bytes += cost(page.payloads)
        told.bad_rows(epoch, page.bad)
        epoch.verified = at = page.end
        yield
    epoch.verified = (epoch.number + 1) << EPOCH_BITS
    if seen < expected:
        told.vanished(epoch, expected - seen)
    elif seen > expected:
        epoch.backlog.append(Surplus(seen - expected))
        epoch.paged += seen - expected
        told.surplus(seen - expected)


def salvage(epoch: Epoch, told: Told, folder: Path, rows: int) -> Iterator[None]:
    """Write a broken database anew from all that can be read of it; its outcomes wait in the backlog meanwhile."""
    new = places.draft(folder, epoch.number)
    new.unlink(missing_ok=True)
    schema.create(new)
    db = sqlite3.connect(new, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN IMMEDIATE")
        paged = pending_bytes = dead = dead_bytes = 0
        for found in _readable(epoch, rows):
            keep = {row[0]: row for row in found if _whole(row)}
            db.executemany(
                f"INSERT OR IGNORE INTO payload ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", keep.values()
            )
            for seq, row in keep.items():
                if row[1] == DEAD:
                    dead += 1
                    dead_bytes += row_bytes(len(row[8]))
                else:
                    paged += seq > epoch.cursor
                    pending_bytes += row_bytes(len(row[8]))
            yield
        record = epoch.record.copy()
        record.bodiless += max(0, record.dead - dead)
        record.dead, record.dead_bytes, record.pending_bytes = dead, dead_bytes, pending_bytes
        db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (schema.RECORD, record.pack()))
        db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (schema.ANCHOR, epoch.anchor.pack()))
        _copy_notes(epoch, db)
        db.execute("COMMIT")
        db.execute("PRAGMA synchronous = FULL")
    finally:
        db.close()
    _sync(new)
    epoch.db.close()
    places.swap(folder, epoch.number)
    epoch.db = schema.connect(epoch.path)
    epoch.record, epoch.sick = record, False
    epoch.mark.committed(record.pack())
    epoch.verified = (epoch.number + 1) << EPOCH_BITS
    if paged < epoch.paged:
        told.vanished(epoch, epoch.paged - paged)
    elif paged > epoch.paged:
        epoch.backlog.append(Surplus(paged - epoch.paged))
        told.surplus(paged - epoch.paged)
        epoch.paged = paged


def _readable(epoch: Epoch, rows: int) -> Iterator[list[tuple[Any, ...]]]:
    """Read whatever rows there are, halving every range that cannot be read; raises where it may pass."""
    sql = f"SELECT {COLUMNS} FROM payload WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
    # dead letters of folded epochs have lower numbers
    ranges, failures = [(epoch.base + 1, epoch.record.last), (1, epoch.base)], 0
    while ranges:
        first, last = ranges.pop()
        if first > last:
            continue
        try:
            found = epoch.db.execute(sql, (first, last, rows)).fetchall()
        except schema.ERRORS as error:
            if schema.passes(error):
                raise
            failures += 1
            if failures > _MAX_FAILURES:
                return
            if first < last:
                middle = (first + last) // 2
                ranges += [(middle + 1, last), (first, middle)]
            if failures % 100 == 0:
                yield []
            continue
        if len(found) == rows and isinstance(found[-1][0], int) and found[-1][0] >= first:
            ranges.append((found[-1][0] + 1, last))
        yield found


def _whole(row: tuple[Any, ...]) -> bool:
    seq, state, *_, sum_, body = row
    return state in {QUEUED, IN_DOUBT, DEAD} and unseal(seq, sum_, body) is not None


def _copy_notes(epoch: Epoch, db: sqlite3.Connection) -> None:
    for table in ("folded", "redriven"):
        try:
            notes = epoch.db.execute(f"SELECT * FROM {table}").fetchall()
        except schema.ERRORS as error:
            if schema.passes(error):
                raise
            continue
        db.executemany(
            f"INSERT OR IGNORE INTO {table} VALUES (?)", [note for note in notes if isinstance(note[0], int)]
        )


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
