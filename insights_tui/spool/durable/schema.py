"""The database of one epoch: its shape, its versions, and what its errors mean."""

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from insights_tui.spool.crash import crash_point
from insights_tui.spool.durable.row import DEAD

APPLICATION_ID = 0x49545350
"""`ITSP`: a database without it is not ours."""

RECORD, IDENTITY, ANCHOR = 1, 2, 3
"""Keys of the table `meta`."""

ERRORS = (sqlite3.Error, UnicodeError)
"""What a call of SQLite raises; the second where it quotes a broken file in its message."""

_TRANSIENT = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
}

_UNREADABLE = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS}
UNREADABLE_S = 10.0
"""A file whose pages cannot be read for so long is written anew from those that can; the payloads in the others are
damaged."""


class ForeignFileError(Exception):
    """The file is no spool of ours, or cannot be read at all."""


class NewerVersionError(Exception):
    """The file was written by a later version of this program."""


def _first(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE payload (seq INTEGER PRIMARY KEY, state INTEGER NOT NULL, outcome INTEGER NOT NULL,"
        " ended_ms INTEGER NOT NULL, late_ack INTEGER NOT NULL, open INTEGER NOT NULL, reason TEXT NOT NULL,"
        " sum INTEGER NOT NULL, body BLOB NOT NULL)"
    )
    db.execute(f"CREATE INDEX dead ON payload (open) WHERE state = {DEAD}")
    db.execute("CREATE TABLE meta (key INTEGER PRIMARY KEY, value BLOB NOT NULL)")
    db.execute("CREATE TABLE folded (epoch INTEGER PRIMARY KEY)")
    db.execute("CREATE TABLE redriven (seq INTEGER PRIMARY KEY)")


def _second(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE ended (key BLOB PRIMARY KEY) WITHOUT ROWID")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first, _second)
"""Each leads from the version that is its index to the next; `user_version` counts those that were done."""


def create(path: Path) -> None:
    """Make an empty database, complete in its main file: a lost WAL loses rows, never the shape."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate(db)
    finally:
        db.close()
    sync_directory(path.parent)


def migrate(db: sqlite3.Connection) -> None:
    """Bring a database to this version, each step whole or not at all."""
    while (version := user_version(db)) < len(MIGRATIONS):
        db.execute("BEGIN IMMEDIATE")
        try:
            MIGRATIONS[version](db)
            crash_point("migration")
            db.execute(f"PRAGMA user_version = {version + 1}")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def user_version(db: sqlite3.Connection) -> int:
    """Tell how many migrations a database has seen."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def connect(path: Path) -> sqlite3.Connection:
    """Open a database of ours; raises `ForeignFileError`, `NewerVersionError`, or `sqlite3.Error` where it may pass."""
    if path.is_symlink() or not path.is_file():
        raise ForeignFileError(f"{path.name} is no plain file")
    path.chmod(0o600)
    db = sqlite3.connect(path, isolation_level=None, cached_statements=256, check_same_thread=False)
    try:
        db.text_factory = lambda data: data.decode("utf-8", "replace")
        # exclusive: no shared memory, which a full disk would turn into SIGBUS, and no locks to take for each commit
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        _check_ours(db, path.name)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute(f"PRAGMA journal_size_limit = {64 * 1024**2}")
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("PRAGMA cache_size = -8192")
        migrate(db)
        db.execute("SELECT seq, state, outcome, ended_ms, late_ack, open, reason, sum, body FROM payload LIMIT 0")
        db.execute("SELECT key, value FROM meta LIMIT 0")
        db.execute("SELECT epoch FROM folded LIMIT 0")
        db.execute("SELECT seq FROM redriven LIMIT 0")
    except ERRORS as error:
        db.close()
        if passes(error):
            raise
        raise ForeignFileError(f"{path.name}: {error}") from error
    except BaseException:
        db.close()
        raise
    return db


def _check_ours(db: sqlite3.Connection, name: str) -> None:
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise ForeignFileError(f"{name} is no spool of this program")
    if user_version(db) > len(MIGRATIONS):
        raise NewerVersionError(f"{name} was written by a later version of this program")


def passes(error: BaseException) -> bool:
    """Tell whether an error may be gone later (disk full, read-only, I/O) or the file itself is broken."""
    if isinstance(error, OSError):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _TRANSIENT


def unreadable(error: BaseException) -> bool:
    """Tell whether the disk did not give back what is on it: the one failure that waiting may never mend."""
    return getattr(error, "sqlite_errorcode", None) in _UNREADABLE or (
        isinstance(error, OSError) and error.errno == errno.EIO
    )


def sync_directory(path: Path) -> None:
    """Make new and removed names durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
