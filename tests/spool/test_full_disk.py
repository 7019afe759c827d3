"""A disk that is full or read-only: nothing is accepted that is not safe, no outcome is lost, and it mends itself."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from insights_tui.domain.outcome import Outcome
from insights_tui.spool.base import SpoolFullError
from insights_tui.spool.durable import SpoolLimits
from insights_tui.spool.durable.epoch import Epoch
from tests.spool.machine import Running, drafts, running

LIMITS = SpoolLimits(probe_s=0.02, reserve_bytes=0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    at = tmp_path / "disk"
    at.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("NOT TESTED: a full disk needs root, to mount a small tmpfs")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", at], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"NOT TESTED: no tmpfs can be mounted here: {mounted.stderr.decode()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", at], check=True)


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


async def until_taken(run: Running, prefix: str) -> None:
    """Accept again and again until it is taken."""
    async with asyncio.timeout(10):
        while True:
            try:
                await run.accept(drafts(1, prefix))
            except SpoolFullError:
                await asyncio.sleep(0.005)
            else:
                return


async def test_enospc_refuses_keeps_outcomes_and_recovers_by_itself(small_disk: Path) -> None:
    async with running(small_disk / "a", limits=LIMITS) as run:
        first = await run.accept(drafts(100, "first", size=1000))
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(65536))
            except OSError:
                pass
        answers = [
            await asyncio.gather(run.accept(drafts(20, f"more{number}", size=1000)), return_exceptions=True)
            for number in range(100)
        ]
        refusals = [str(answer) for (answer,) in answers if isinstance(answer, SpoolFullError)]
        assert len(refusals) > 50
        assert all("full" in refusal for refusal in refusals)
        run.spool.settle_all(first, Outcome.REJECTED, "no")
        await run.written()
        assert run.counts.balanced
        ballast.unlink()
        await until_taken(run, "again")
        await run.written()
        accepted, held = run.counts.accepted, len(run.held)
        assert run.spool.usage().writable
    async with running(small_disk / "a", limits=LIMITS) as run:
        await run.examined()
        await run.load_all()
        assert (run.counts.accepted, run.counts.rejected) == (accepted, 100)
        assert len(run.held) == held - 100 == run.counts.pending


async def test_it_starts_on_a_full_disk_and_takes_over_when_there_is_room(small_disk: Path) -> None:
    async with running(small_disk / "a", limits=LIMITS) as run:
        await run.accept(drafts(10))
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    (small_disk / "a/spool/000000.mark").unlink()
    async with running(small_disk / "a", limits=LIMITS) as run:
        with pytest.raises(SpoolFullError):
            await run.accept(drafts(1, "no"))
        ballast.unlink()
        await until_taken(run, "yes")
        await run.load_all()
        await run.examined()
        assert run.counts.accepted == 11
        assert len(run.held) == 11
        assert run.counts.balanced


async def test_a_read_only_remount(small_disk: Path) -> None:
    async with running(small_disk / "a", limits=LIMITS) as run:
        payloads = await run.accept(drafts(10))
        await run.written()
    remount(small_disk, "ro")
    try:
        async with running(small_disk / "a", limits=LIMITS) as run:
            with pytest.raises(SpoolFullError):
                await run.accept(drafts(1, "no"))
            assert not run.spool.usage().writable
            remount(small_disk, "rw")
            await until_taken(run, "yes")
            await run.load_all()
            await run.examined()
            assert {one.id for one in run.held.values()} == {one.id for one in payloads} | {"yes-0"}
            assert run.counts.accepted == 11
    finally:
        remount(small_disk, "rw")


async def test_an_io_error_is_told_to_everyone_who_waits_and_outcomes_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path / "a", limits=LIMITS) as run:
        payloads = await run.accept(drafts(10))
        ill = True
        write = Epoch.write

        def broken(self: Epoch, *args: object, **named: object) -> object:
            if ill:
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
                raise error
            return write(self, *args, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(Epoch, "write", broken)
        run.spool.settle_all(payloads[:5], Outcome.DELIVERED)
        del payloads[:5]
        answers = await asyncio.gather(*(run.spool.accept(drafts(1), 240.0) for _ in range(20)), return_exceptions=True)
        assert all(isinstance(answer, SpoolFullError) for answer in answers)
        ill = False
        for payload in payloads:  # outcomes all the time: it finds out beside them
            run.spool.settle_all([payload], Outcome.DELIVERED)
            await asyncio.sleep(LIMITS.probe_s / 2)
        assert run.spool.usage().problem == ""
        await run.accept(drafts(1, "yes"))
        await run.written()
    async with running(tmp_path / "a", limits=LIMITS) as run:
        assert (run.counts.accepted, run.counts.delivered) == (11, 10)
