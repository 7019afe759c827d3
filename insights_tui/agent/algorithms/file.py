"""What is kept of algorithms across restarts: switches at once, what was seen every few seconds."""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import msgspec

from insights_tui.domain.algorithms import Algorithm, Switch
from insights_tui.domain.report import Names

KEPT = 10_000
"""Versions on disk; those that were silent longest go first."""
APPLICATION_ID = 0x49545841
"""`ITXA`: a database without it is not ours."""
_encode = msgspec.json.Encoder().encode
_seen = msgspec.json.Decoder(Algorithm).decode
_switch = msgspec.json.Decoder(Switch).decode

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _alone(act: Callable[Concatenate["AlgorithmsFile", _P], _T]) -> Callable[Concatenate["AlgorithmsFile", _P], _T]:
    """Let one call in at a time: who awaits a thread may be cancelled, the thread goes on, and SQLite would crash."""

    @wraps(act)
    def waiting(self: "AlgorithmsFile", /, *args: _P.args, **how: _P.kwargs) -> _T:
        with self._lock:
            return act(self, *args, **how)

    return waiting


class AlgorithmsFile:
    """`algorithms.db`; one call at a time, from any thread. Without a path nothing outlives the process."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._lock = threading.RLock()

    @_alone
    def open(self) -> str:
        """Open it, or make it; a file that cannot be used is kept under another name, which is given."""
        try:
            self._connect()
        except sqlite3.DatabaseError:
            self.close()
            if self._path is None:
                raise
            kept = self._path.with_name(f"{self._path.name}.damaged-{time.time_ns()}")
            self._path.rename(kept)
            self._connect()
            return kept.name
        return ""

    def _connect(self) -> None:
        if self._path is not None:
            with contextlib.suppress(FileExistsError):
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            self._path.chmod(0o600)
        db = self._db = sqlite3.connect(self._path or ":memory:", isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA synchronous = FULL")
        if db.execute("PRAGMA application_id").fetchone()[0] not in {0, APPLICATION_ID}:
            raise sqlite3.DatabaseError("it was written by another program")
        db.execute(
            "CREATE TABLE IF NOT EXISTS seen (owner TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,"
            " last_ms INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (owner, name, version))"
        )
        db.execute("CREATE INDEX IF NOT EXISTS latest ON seen (last_ms)")
        db.execute(
            "CREATE TABLE IF NOT EXISTS switch (owner TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,"
            " body BLOB NOT NULL, PRIMARY KEY (owner, name, version))"
        )
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    @property
    def _open_db(self) -> sqlite3.Connection:
        if self._db is None:
            raise sqlite3.ProgrammingError("the file is not open")
        return self._db

    @_alone
    def switches(self) -> list[Switch]:
        """Read all switches; those that cannot be read are left out."""
        found: list[Switch] = []
        for (body,) in self._open_db.execute("SELECT body FROM switch").fetchall():
            with contextlib.suppress(msgspec.DecodeError):
                found.append(_switch(body))
        return found

    @_alone
    def set_switch(self, switch: Switch) -> None:
        """Write a switch; on disk when this returns."""
        key = (switch.owner, switch.name, switch.version or "")
        self._open_db.execute("INSERT OR REPLACE INTO switch VALUES (?, ?, ?, ?)", (*key, _encode(switch)))

    @_alone
    def unset_switch(self, owner: str, name: str, version: str | None) -> None:
        """Remove a switch; on disk when this returns."""
        where = (owner, name, version or "")
        self._open_db.execute("DELETE FROM switch WHERE owner = ? AND name = ? AND version = ?", where)

    @_alone
    def look_up(self, which: Sequence[Names]) -> dict[Names, Algorithm]:
        """Read what is kept of some versions."""
        found: dict[Names, Algorithm] = {}
        for names in which:
            row = self._open_db.execute(
                "SELECT body FROM seen WHERE owner = ? AND name = ? AND version = ?", names
            ).fetchone()
            if row is not None:
                with contextlib.suppress(msgspec.DecodeError):
                    found[names] = _seen(row[0])
        return found

    @_alone
    def keep(self, algorithms: Sequence[Algorithm]) -> int:
        """Write what was seen; tells how many versions it had to forget."""
        db = self._open_db
        db.execute("BEGIN IMMEDIATE")
        try:
            db.executemany(
                "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?)",
                [
                    (one.owner, one.name, one.version, int(one.last_at.timestamp() * 1000), _encode(one))
                    for one in algorithms
                    if one.last_at is not None
                ],
            )
            excess = max(0, self.count() - KEPT)
            if excess:
                db.execute(
                    "DELETE FROM seen WHERE rowid IN (SELECT rowid FROM seen ORDER BY last_ms LIMIT ?)", (excess,)
                )
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return excess

    @_alone
    def newest(self, limit: int, owner: str | None = None, name: str | None = None) -> list[Algorithm]:
        """Read those that reported last."""
        found: list[Algorithm] = []
        for (body,) in self._open_db.execute(
            "SELECT body FROM seen WHERE (? IS NULL OR (owner = ? AND name = ?)) ORDER BY last_ms DESC LIMIT ?",
            (owner, owner, name, limit),
        ).fetchall():
            with contextlib.suppress(msgspec.DecodeError):
                found.append(_seen(body))
        return found

    @_alone
    def count(self) -> int:
        """Count the versions kept."""
        (count,) = self._open_db.execute("SELECT count(*) FROM seen").fetchone()
        return int(count)

    @_alone
    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
            self._db = None
