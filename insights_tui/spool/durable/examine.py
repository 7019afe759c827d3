"""Work on a file that was not closed in order, in slices between commits: examination, and writing anew."""

import os
import sqlite3
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from insights_tui.spool.durable import folder as places
from insights_tui.spool.durable import schema
from insights_tui.spool.durable.epoch import Epoch, row_bytes
from insights_tui.spool.durable.ops import Surplus
from insights_tui.spool.durable.row import DEAD, EPOCH_BITS, IN_DOUBT, QUEUED, cost, unseal
from insights_tui.spool.durable.told import Told

_MAX_FAILURES = 50_000
"""Reads of a broken file that may fail before its holes are looked at no closer."""
_MAX_FAILING_S = 60.0
"""For which they may last, together."""
_SLICE_S = 0.05
"""Failing reads that last this long, together, are each a slice of their own."""

_GULP = 8 * 1024 * 1024
_PAUSE_S = 0.02

COLUMNS = "seq, state, outcome, ended_ms, late_ack, open, reason, sum, body"


class Salvage(Iterator[None]):
    """A file being written anew."""

    def __init__(self, steps: Iterator[None]) -> None:
        self._steps = steps

    def __next__(self) -> None:
        """Do a slice."""
        return next(self._steps)


class Examination(Iterator[None]):
    """Every pending row read once, page by page; what was looked at may be handed over at once.

    Where the disk fails it stays where it is, and the next slice tries again.
    """

    def __init__(self, epoch: Epoch, told: Told, rows: int) -> None:
        self._epoch, self._told, self._rows = epoch, told, rows
        self._expected, self._end, self._at = epoch.paged, epoch.record.last, epoch.cursor
        self._seen = 0

    def __next__(self) -> None:
        """Do a slice; raises `SickError`, or `sqlite3.Error` where it may pass."""
        epoch, told = self._epoch, self._told
        if self._at >= self._end:
            self._finish()
            raise StopIteration
        page = epoch.page(self._at, self._rows, self._end)
        self._seen += len(page.payloads) + len(page.bad)
        if page.payloads and epoch.head == float("-inf"):
            epoch.head = page.payloads[0].deadline
        epoch.record.pending_bytes += cost(page.payloads)
        told.bad_rows(epoch, page.bad)
        epoch.verified = self._at = page.end

    def _finish(self) -> None:
        epoch, surplus = self._epoch, self._seen - self._expected
        epoch.verified = (epoch.number + 1) << EPOCH_BITS
        if surplus < 0:
            self._told.vanished(epoch, -surplus)
        elif surplus > 0:
            epoch.backlog.append(Surplus(surplus))
            epoch.paged += surplus
            self._told.surplus(surplus)


def salvage(epoch: Epoch, told: Told, folder: Path, rows: int) -> Iterator[None]:
    """Write a broken database anew from all that can be read of it; its outcomes wait in the backlog meanwhile.

    SQLite tells a page that the disk does not give back as corrupt too: that may pass, and is waited for.
    """
    until = monotonic() + schema.UNREADABLE_S
    while not gives_back(epoch.path) and monotonic() < until:
        yield
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


def gives_back(path: Path) -> bool:
    """Tell whether the disk gives back all of a file, so that what is wrong is in what was written; a moment passes."""
    try:
        with path.open("rb", buffering=0) as file:
            at = 0
            while got := os.pread(file.fileno(), _GULP, at):
                at += len(got)
    except OSError as error:
        sleep(_PAUSE_S)  # whoever asks again at once must not keep the processor
        return not schema.unreadable(error)
    return True


def _readable(epoch: Epoch, rows: int) -> Iterator[list[tuple[Any, ...]]]:
    """Read whatever rows there are, halving every range that cannot be read; raises where it may pass.

    The larger ranges come first: what can be read is, whatever is left over when it is given up. A row that the disk
    does not give back is asked for once more at the end.
    """
    sql = f"SELECT {COLUMNS} FROM payload WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
    # dead letters of folded epochs have lower numbers
    ranges = deque([(epoch.base + 1, epoch.record.last), (1, epoch.base)])
    refused: list[tuple[int, int]] = []
    failures, failing_s, again = 0, 0.0, False
    while ranges or (refused and not again):
        if not ranges:
            ranges.extend(refused)
            again = True
        first, last = ranges.popleft()
        if first > last:
            continue
        started = monotonic()
        try:
            found = epoch.db.execute(sql, (first, last, rows)).fetchall()
        except schema.ERRORS as error:
            if schema.passes(error) and not schema.unreadable(error):
                raise
            failures += 1
            failing_s += monotonic() - started
            if first < last and failures < _MAX_FAILURES and failing_s < _MAX_FAILING_S:
                middle = (first + last) // 2
                ranges += [(first, middle), (middle + 1, last)]
            elif not again and schema.unreadable(error):
                refused.append((first, last))
            if failing_s > _SLICE_S or failures % 100 == 0:
                yield []
            continue
        if len(found) == rows and isinstance(found[-1][0], int) and found[-1][0] >= first:
            ranges.appendleft((found[-1][0] + 1, last))
        yield found


def _whole(row: tuple[Any, ...]) -> bool:
    seq, state, *_, sum_, body = row
    return state in {QUEUED, IN_DOUBT, DEAD} and unseal(seq, sum_, body) is not None


def _copy_notes(epoch: Epoch, db: sqlite3.Connection) -> None:
    db.executemany("INSERT OR IGNORE INTO ended VALUES (?)", [(key,) for key in epoch.ended])
    for table in ("folded", "redriven"):
        try:
            notes = epoch.db.execute(f"SELECT * FROM {table}").fetchall()
        except schema.ERRORS as error:
            if schema.passes(error) and not schema.unreadable(error):
                raise
            continue
        db.executemany(
            f"INSERT OR IGNORE INTO {table} VALUES (?)", [note for note in notes if isinstance(note[0], int)]
        )


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
