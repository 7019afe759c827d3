"""Pages that the disk does not give back: waited for a while, then what is in them is damaged, and all else goes on."""

import asyncio
import errno
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.durable import SpoolLimits, epochs, examine, schema
from insights_tui.spool.durable.examine import gives_back
from tests.spool.machine import FakeClock, Running, drafts, running

LIMITS = SpoolLimits(page_rows=40, window_payloads=20, probe_s=0.02)
BAD = range(120, 127)
"""Rows of one page."""


class Disk:
    """What a disk with bad sectors does to SQLite."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.bad: set[int] = set()
        """Rows that cannot be read."""
        self.shut = False
        """Whether nothing can be read."""
        self.reads = 0
        """That failed."""

    def check(self, rows: list[Any]) -> list[Any]:
        if self.shut or self.bad & {row[0] for row in rows if row and isinstance(row[0], int)}:
            self.reads += 1
            error = sqlite3.DatabaseError("told by SQLite")
            error.sqlite_errorcode = self.code
            raise error
        return rows

    def gives_back(self, _path: Path) -> bool:
        if self.bad or self.shut:
            self.reads += 1
        return not (self.bad or self.shut)


class OnBadDisk(sqlite3.Connection):
    disk: Disk

    def execute(self, sql: str, *given: Any) -> Any:
        if "FROM payload" in sql and sql.startswith("SELECT"):
            return Read(self.disk.check(super().execute(sql, *given).fetchall()))
        if self.disk.shut and "PRAGMA" in sql:
            self.disk.check([])
        return super().execute(sql, *given)


class Read:
    def __init__(self, rows: list[Any]) -> None:
        self._rows = rows

    def fetchall(self) -> list[Any]:
        return self._rows

    def fetchone(self) -> Any:
        return self._rows[0] if self._rows else None


@pytest.fixture(params=[sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_CORRUPT], ids=["I/O error", "corrupt"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """SQLite tells most of what a disk does not give back as corrupt (SQLITE_IOERR_CORRUPTFS, within)."""
    disk = Disk(request.param)
    connect = sqlite3.connect

    def on_disk(path: Any, **how: Any) -> sqlite3.Connection:
        if str(path).endswith("000000.db"):
            how["factory"] = type("OnThisDisk", (OnBadDisk,), {"disk": disk})
        return connect(path, **how)  # type: ignore[no-any-return]  # `how` is anything

    monkeypatch.setattr(sqlite3, "connect", on_disk)
    monkeypatch.setattr(schema, "UNREADABLE_S", 0.2)
    for module in (examine, epochs):
        monkeypatch.setattr(module, "gives_back", disk.gives_back)
    return disk


async def killed(at: Path, count: int = 300) -> list[str]:
    """Leave behind what a killed process does."""
    async with running(at / "a", FakeClock(), LIMITS) as run:
        for number in range(count // 20):
            await run.accept(drafts(20, f"b{number}"))
        await run.power_off(at / "a", at / "b")
    return [f"b{number // 20}-{number % 20}" for number in range(count)]


async def until(run: Running, done: Callable[[], bool]) -> None:
    """Load as the engine does until it is so."""
    async with asyncio.timeout(20):
        while not done():
            run.hold(await run.spool.load(1000))
            await asyncio.sleep(0.005)


async def settle(run: Running, at: Path, names: list[str], bad: range = range(0)) -> None:
    """All that can be read is handed over, the rest is damaged, once and for good."""
    assert {one.id for one in run.held.values()} == {name for seq, name in enumerate(names, 1) if seq not in bad}
    expected = Counts(accepted=len(names), queued=len(names) - len(bad), damaged=len(bad))
    assert run.counts == expected
    assert "spool_damaged" in run.codes() or not bad
    run.spool.settle_all(list(run.held.values()), Outcome.DELIVERED)
    await run.written()
    await run.spool.close()
    async with running(at, FakeClock(), LIMITS) as again:
        await again.examined()
        assert again.counts == replace(expected, queued=0, delivered=expected.queued)


@pytest.mark.parametrize("clean", [True, False])
async def test_rows_that_are_never_given_back_are_damaged_and_the_rest_goes_on(
    tmp_path: Path, disk: Disk, clean: bool
) -> None:
    names = await killed(tmp_path)
    at = tmp_path / ("a" if clean else "b")
    disk.bad.update(BAD)
    async with running(at, FakeClock(), LIMITS) as run:
        await until(run, lambda: disk.reads >= 3)
        assert run.counts.damaged == 0
        assert await run.accept(drafts(1, "meanwhile")), "reading what is old must not stop what is new"
        assert run.spool.usage().problem == ""
        await until(run, lambda: run.counts.damaged > 0 and not run.spool.paged)
        await settle(run, at, [*names, "meanwhile-0"], BAD)


@pytest.mark.parametrize("clean", [True, False])
async def test_a_disk_that_recovers_in_time_loses_nothing(tmp_path: Path, disk: Disk, clean: bool) -> None:
    names = await killed(tmp_path)
    at = tmp_path / ("a" if clean else "b")
    disk.bad.update(BAD)
    async with running(at, FakeClock(), LIMITS) as run:
        await until(run, lambda: disk.reads >= 2)
        disk.bad.clear()
        await until(run, lambda: len(run.held) == 300)
        await settle(run, at, names)


async def test_a_file_that_cannot_be_opened_at_all_counts_by_its_mark_in_the_end(tmp_path: Path, disk: Disk) -> None:
    await killed(tmp_path)
    disk.shut = True
    async with running(tmp_path / "b", FakeClock(), LIMITS) as run:
        assert run.counts.accepted == 0
        await run.accept(drafts(1, "meanwhile"))
        await until(run, lambda: run.counts.damaged > 0)
        assert (run.counts.accepted, run.counts.damaged) == (301, 300)
        assert run.counts.balanced
        assert (tmp_path / "b/spool/000000.db.unreadable-0").exists()


async def test_a_file_that_opens_late_is_taken_over_by_itself(tmp_path: Path, disk: Disk) -> None:
    await killed(tmp_path)
    disk.shut = True
    async with running(tmp_path / "b", FakeClock(), LIMITS) as run:
        assert run.counts.accepted == 0
        disk.shut = False
        await until(run, lambda: run.counts.accepted == 300)
        await until(run, lambda: len(run.held) == 300)
        assert run.counts.balanced


def test_a_file_is_given_back_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10_000)
    assert gives_back(path)
    assert gives_back(tmp_path / "gone"), "that is no failure to read"
    read = os.pread

    def fails(fd: int, count: int, at: int) -> bytes:
        if at:
            raise OSError(errno.EIO, "input/output error")
        return read(fd, 4096, at)

    monkeypatch.setattr(os, "pread", fails)
    assert not gives_back(path)
