"""The database of executions: one file, one table, one transaction for everything that waits."""

import contextlib
import json
import os
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path

from insights_tui.agent.executions.run import TICK_S, Run, pack, unpack
from insights_tui.domain.clock import Clock
from insights_tui.domain.execution import Timeline

APPLICATION_ID = 0x49545845
"""`ITXE`: a database without it is not ours."""
VERSION = 1
HELD = 10_000
"""Executions kept in memory; the others are read from disk when they report."""
CHECKPOINT_IDLE, CHECKPOINT_BUSY = 500, 8000
"""Pages in the WAL that are worth a checkpoint when nothing waits, and in any case."""
_STEPS = (256, 64, 16, 4, 1)
_COLUMNS = "seq, key, closed, tick, body"


class NotOursError(Exception):
    """The file cannot be used: broken, foreign, or of a later version."""


class Table:
    """Belongs to the writer's thread."""

    def __init__(self, path: Path | None, clock: Clock) -> None:
        """`path` is `None` where nothing outlives the process."""
        self._path, self._clock = path, clock
        self._db: sqlite3.Connection
        self.timeline: Timeline
        self.held: OrderedDict[bytes, Run] = OrderedDict()
        self.open = 0
        """Executions that are not closed."""
        self.bytes = 0
        """Of their bodies."""
        self.next = 1
        self.dirty = 0
        """Pages in the WAL, about."""

    def start(self) -> None:
        """Open the file, or make it; raises `NotOursError`, or `sqlite3.Error` where it may pass."""
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            with contextlib.suppress(AttributeError, sqlite3.Error):
                self._db.close()
            if broken(error):
                raise NotOursError(str(error)) from error
            raise

    def _open(self) -> None:
        if self._path is not None:
            with contextlib.suppress(FileExistsError):
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            if self._path.is_symlink() or not self._path.is_file():
                raise NotOursError("it is no plain file")
            self._path.chmod(0o600)
        name = ":memory:" if self._path is None else self._path
        db = self._db = sqlite3.connect(name, isolation_level=None, cached_statements=64, check_same_thread=False)
        db.text_factory = lambda data: data.decode("utf-8", "replace")  # a damaged row may hold anything
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        application, version = (
            db.execute("PRAGMA application_id").fetchone()[0],
            db.execute("PRAGMA user_version").fetchone()[0],
        )
        if (application, version) == (0, 0):
            self._create()
        elif application != APPLICATION_ID or version != VERSION:
            raise NotOursError("it was written by another version, or by another program")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute(f"PRAGMA journal_size_limit = {64 * 1024**2}")
        db.execute("PRAGMA cache_size = -16384")
        self._resume()
        for closed, count, size in db.execute(
            "SELECT closed, count(*), sum(length(body)) FROM run GROUP BY closed"
        ).fetchall():
            if not closed:
                self.open, self.bytes = count, size

    def _create(self) -> None:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        # AUTOINCREMENT is not needed: `meta` keeps the next number, so that none is ever given twice.
        db.execute(
            "CREATE TABLE run (seq INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, closed INTEGER NOT NULL,"
            " tick INTEGER NOT NULL, body BLOB NOT NULL)"
        )
        db.execute("CREATE INDEX quiet ON run (closed, tick)")
        db.execute("CREATE TABLE meta (key INTEGER PRIMARY KEY, value TEXT NOT NULL)")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")

    def _resume(self) -> None:
        now = self._clock.now()
        row = self._db.execute("SELECT value FROM meta WHERE key = 1").fetchone()
        if row is None:
            self.timeline = Timeline(self._clock.boot_id, 0.0)
            return
        boot_id, base, last, wall, self.next = json.loads(row[0])
        self.timeline = Timeline.resumed(
            last=last, last_wall=wall, last_base=base, last_boot_id=boot_id, now=now, boot_id=self._clock.boot_id
        )

    def find(self, key: bytes) -> Run | None:
        """Find an execution, in memory or on disk; raises `sqlite3.Error`."""
        run = self.held.get(key)
        if run is not None:
            self.held.move_to_end(key)
            return run
        row = self._db.execute(f"SELECT {_COLUMNS} FROM run WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        run = unpack(row[0], row[1], row[2], row[4])
        if run is not None:
            self._hold(run)
        return run

    def write(self, runs: Sequence[Run]) -> None:
        """Commit executions as they are now; raises `sqlite3.Error` where nothing was written."""
        db, now = self._db, self._clock.now()
        rows: list[object] = []
        written: list[Run] = []
        opened = grown = 0
        for run in runs:
            body = pack(run)
            rows += (run.seq, run.key, int(run.closed), run.tick, body)
            before = self.held.get(run.key)
            opened += (not run.closed) - (before is not None and not before.closed)
            grown += len(body) - run.size
            written.append(run._replace(size=len(body)))
        last = max([self.next - 1, *[run.seq for run in runs]])
        meta = json.dumps([self.timeline.boot_id, self.timeline.base, self.timeline.at(now.boot), now.wall, last + 1])
        db.execute("BEGIN IMMEDIATE")
        try:
            at = 0
            for step in _STEPS:  # many rows in one step of SQLite: Python gives the GIL away around each
                while len(rows) - at >= 5 * step:
                    db.execute(_upsert(step), rows[at : at + 5 * step])
                    at += 5 * step
            db.execute("INSERT INTO meta VALUES (1, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (meta,))
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        self.next = last + 1
        self.open += opened
        self.bytes += grown
        self.dirty += 6 + len(runs)
        for run in written:
            self._hold(run)

    def _hold(self, run: Run) -> None:
        self.held[run.key] = run
        self.held.move_to_end(run.key)
        while len(self.held) > HELD:
            key, oldest = self.held.popitem(last=False)
            if oldest.ending:  # its state is nowhere else
                self.held[key] = oldest
                return

    def quiet(self, before: float, limit: int) -> tuple[list[Run], list[bytes]]:
        """Tell open executions silent since a second of the timeline, and the keys of unreadable rows."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM run WHERE closed = 0 AND tick < ? ORDER BY tick LIMIT ?",
            (int(before // TICK_S), limit),
        ).fetchall()
        found: list[Run] = []
        bad: list[bytes] = []
        for seq, key, closed, _, body in rows:
            run = self.held.get(key) or unpack(seq, key, closed, body)
            if run is None:
                bad.append(key)
            elif not run.ending and not run.closed:
                found.append(run)
        return found, bad

    def forget(self, before: float, limit: int) -> int:
        """Delete closed executions that were closed before a second of the timeline; tells how many."""
        done = self._db.execute(
            "DELETE FROM run WHERE seq IN (SELECT seq FROM run WHERE closed = 1 AND tick < ? LIMIT ?)",
            (int(before // TICK_S), limit),
        ).rowcount
        self.dirty += done
        return done

    def remove(self, keys: Iterable[bytes]) -> None:
        """Delete rows that cannot be read."""
        for key in keys:
            self._db.execute("DELETE FROM run WHERE key = ?", (key,))
            self.held.pop(key, None)
            self.open = max(0, self.open - 1)

    def checkpoint(self, *, idle: bool) -> None:
        """Move the WAL into the database where that is worth it."""
        if self._path is not None and self.dirty >= (CHECKPOINT_IDLE if idle else CHECKPOINT_BUSY):
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")
            self.dirty = 0

    def close(self) -> None:
        """Let go of the file."""
        with contextlib.suppress(sqlite3.Error, AttributeError):
            self._db.close()

    def set_aside(self) -> str:
        """Give a file that cannot be used another name, and begin anew; tells the name. Raises `OSError`."""
        self.close()
        if self._path is None:
            return "memory"
        kept = self._path.with_name(f"{self._path.name}.damaged-{time.time_ns()}")
        self._path.rename(kept)
        for end in ("-wal", "-shm"):
            beside = self._path.with_name(self._path.name + end)
            if os.path.lexists(beside):
                beside.rename(kept.with_name(kept.name + end))
        self.held.clear()
        self.open = self.bytes = self.dirty = 0
        return kept.name


def broken(error: Exception) -> bool:
    """Tell whether an error says that the file is broken, rather than that the disk is full or ill for a while."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


_UPSERTS: dict[int, str] = {}


def _upsert(count: int) -> str:
    sql = _UPSERTS.get(count)
    if sql is None:
        values = ", ".join(["(?, ?, ?, ?, ?)"] * count)
        sql = _UPSERTS[count] = (
            f"INSERT INTO run ({_COLUMNS}) VALUES {values} ON CONFLICT (seq) DO UPDATE SET"
            " closed = excluded.closed, tick = excluded.tick, body = excluded.body"
        )
    return sql
