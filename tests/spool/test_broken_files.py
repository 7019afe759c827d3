"""Broken files: never a crash, never an altered payload, and what is gone is counted."""

import random
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Payload
from insights_tui.spool.base import Selection
from insights_tui.spool.durable import SpoolLimits
from tests.spool.machine import FakeClock, Running, drafts, running

LIMITS = SpoolLimits(page_rows=40)


async def fill(at: Path, *, checkpoint: bool, count: int = 300) -> dict[int, Payload]:
    """Leave behind what a killed process does: delivered, dead and pending payloads, in the database or its WAL."""
    async with running(at / "a", FakeClock(), LIMITS) as run:
        pending: dict[int, Payload] = {}
        for number in range(count // 20):
            payloads = await run.accept(drafts(20, f"b{number}", size=300))
            run.spool.settle_all(payloads[:3], Outcome.DELIVERED)
            run.spool.settle_all(payloads[3:5], Outcome.REJECTED, "no")
            pending |= {one.seq: one for one in payloads[5:]}
            await run.written()
        if checkpoint:
            await run.spool._call(lambda: run.spool._store.epochs[0].db.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
        await run.power_off(at / "a", at / "b")
    return pending


async def recover(run: Running, pending: dict[int, Payload]) -> None:
    """Hold what comes back against what was accepted."""
    await run.load_all()
    await run.examined()
    await run.load_all()
    for seq, payload in run.held.items():
        accepted = pending.get(seq)
        if accepted is None:  # settled already, and the settling is among what was lost
            assert payload.id.startswith("b"), payload
            continue
        assert payload._replace(in_doubt=False) == accepted
    assert run.counts.balanced, run.counts
    assert run.counts.pending == len(run.held)


async def finish(run: Running, at: Path) -> None:
    """Everything that is left can be settled, and the books agree with those on disk."""
    run.spool.settle_all(list(run.held.values()), Outcome.DELIVERED)
    assert await run.accept(drafts(3, "new"))
    await run.spool.lost(Selection(), limit=10_000, open_only=False)
    await run.written()
    await run.examined()
    counts = run.counts
    ended = len(run.held) - 3
    await run.spool.close()
    async with running(at, FakeClock(), LIMITS) as again:
        await again.examined()
        assert again.counts.balanced
        assert again.counts.delivered == counts.delivered + ended
        assert again.counts.damaged >= counts.damaged
        assert again.counts.accepted == counts.accepted
        assert len(again.held) == again.counts.pending == 3


def flip(path: Path, at: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(data)


async def test_one_flipped_bit_in_a_body_is_found_though_sqlite_finds_nothing(tmp_path: Path) -> None:
    pending = await fill(tmp_path, checkpoint=True)
    path = tmp_path / "b/spool/000000.db"
    victim = list(pending.values())[50]
    flip(path, path.read_bytes().index(victim.id.encode() + victim.value[:5]) + len(victim.id) + 6)
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
    async with running(tmp_path / "b", FakeClock(), LIMITS) as run:
        await recover(run, pending)
        assert run.counts.damaged == 1
        assert victim.seq not in run.held
        assert set(run.held) == set(pending) - {victim.seq}
        assert run.lost_open == 31
        assert "spool_damaged" in run.codes()
        await finish(run, tmp_path / "b")


async def test_rows_that_a_broken_wal_swallows_count_as_damaged(tmp_path: Path) -> None:
    pending = await fill(tmp_path, checkpoint=False)
    wal = tmp_path / "b/spool/000000.db-wal"
    flip(wal, wal.stat().st_size // 2)
    async with running(tmp_path / "b", FakeClock(), LIMITS) as run:
        await recover(run, pending)
        assert run.counts.accepted == 300, "not one is forgotten"
        assert run.counts.damaged > 50
        assert "spool_damaged" in run.codes()
        await finish(run, tmp_path / "b")


@pytest.mark.parametrize("outcomes", [{Outcome.DAMAGED}, {Outcome.DAMAGED, Outcome.EXPIRED_UNSENT}])
async def test_the_damaged_are_closed_by_their_reason_and_nothing_else_is(
    tmp_path: Path, outcomes: set[Outcome]
) -> None:
    pending = await fill(tmp_path, checkpoint=True)
    path = tmp_path / "b/spool/000000.db"
    for victim in list(pending.values())[50:52]:
        flip(path, path.read_bytes().index(victim.id.encode() + victim.value[:5]) + len(victim.id) + 6)
    damaged = Selection(frozenset(outcomes))
    async with running(tmp_path / "b", FakeClock(), LIMITS) as run:
        await recover(run, pending)
        assert (run.counts.damaged, run.lost_open) == (2, 32)
        assert await run.spool.drop(replace(damaged, since_ms=1)) == 0
        assert await run.spool.drop(Selection(frozenset({Outcome.EXPIRED_UNSENT}))) == 0
        assert await run.spool.drop(damaged) == 2
        assert await run.spool.drop(damaged) == 0
    async with running(tmp_path / "b", FakeClock(), LIMITS) as run:
        assert (run.counts.damaged, run.lost_open) == (2, 30)
        assert await run.spool.drop(damaged) == 0
        assert await run.spool.drop(Selection()) == 30


@pytest.mark.parametrize("copy", [0, 4096])
async def test_rows_that_a_broken_wal_swallows_count_although_the_mark_was_hit_too(tmp_path: Path, copy: int) -> None:
    pending = await fill(tmp_path, checkpoint=False)
    wal, mark = tmp_path / "b/spool/000000.db-wal", tmp_path / "b/spool/000000.mark"
    flip(wal, wal.stat().st_size // 2)
    data = bytearray(mark.read_bytes())
    data[copy : copy + 2048] = bytes(2048)
    mark.write_bytes(data)
    async with running(tmp_path / "b", FakeClock(), LIMITS) as run:
        await recover(run, pending)
        assert run.counts.accepted == 300, "not one is forgotten"
        assert run.counts.damaged > 50
        await finish(run, tmp_path / "b")


@pytest.mark.parametrize("missing", ["000000.db-wal", "000000.db", "000000.mark"])
@pytest.mark.parametrize("checkpoint", [True, False])
async def test_a_file_that_is_gone(tmp_path: Path, missing: str, checkpoint: bool) -> None:
    pending = await fill(tmp_path, checkpoint=checkpoint)
    (tmp_path / "b/spool" / missing).unlink(missing_ok=True)
    async with running(tmp_path / "b", FakeClock(), LIMITS) as run:
        await recover(run, pending)
        if missing == "000000.mark" or (missing == "000000.db-wal" and checkpoint):
            assert set(run.held) == set(pending)
            assert run.counts.damaged == 0
        else:
            assert run.counts.accepted == 300
            assert run.counts.damaged >= len(pending)
        await finish(run, tmp_path / "b")


async def test_without_a_mark_everything_is_in_doubt(tmp_path: Path) -> None:
    pending = await fill(tmp_path, checkpoint=True)
    mark = tmp_path / "b/spool/000000.mark"
    mark.write_bytes(random.Random(1).randbytes(4096))  # noqa: S311 - a test repeats itself
    async with running(tmp_path / "b", FakeClock(), LIMITS) as run:
        await recover(run, pending)
        assert all(one.in_doubt for one in run.held.values())


@pytest.mark.parametrize("content", [b"not a database at all " * 400, b"", "other"])
async def test_a_foreign_file_is_kept_aside_and_what_it_replaced_is_damaged(tmp_path: Path, content: object) -> None:
    pending = await fill(tmp_path, checkpoint=True)
    path = tmp_path / "b/spool/000000.db"
    (tmp_path / "b/spool/000000.db-wal").unlink(missing_ok=True)
    path.unlink()
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE payload (x)")
        other.commit()
        other.close()
    before = path.read_bytes()
    async with running(tmp_path / "b", FakeClock(), LIMITS) as run:
        await recover(run, pending)
        assert (run.counts.accepted, run.counts.damaged) == (300, len(pending))
        assert (tmp_path / "b/spool/000000.db.unreadable-0").read_bytes() == before
        await finish(run, tmp_path / "b")


async def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    await fill(tmp_path, checkpoint=True)
    path = tmp_path / "b/spool/000000.db"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    async with running(tmp_path / "b", FakeClock(), LIMITS) as run:
        assert await run.accept(drafts(2))
        assert path.exists()
        await run.written()
        assert "spool_damaged" in run.codes()
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM payload").fetchone()[0] > 200
    db.close()


async def test_an_error_that_quotes_a_broken_schema_is_an_error_like_any_other(tmp_path: Path) -> None:
    pending = await fill(tmp_path, checkpoint=True)
    path = tmp_path / "b/spool/000000.db"
    data = path.read_bytes()
    path.write_bytes(data.replace(b"CREATE TABLE payload", b"CREATE \xd4ABLE payload"))
    async with running(tmp_path / "b", FakeClock(), LIMITS) as run:
        await recover(run, pending)
        assert (run.counts.accepted, run.counts.damaged) == (300, len(pending))


def zero_pages(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(max(1, len(data) // 4096)) * 4096
        data[at : at + 4096] = bytes(4096)
    path.write_bytes(data)


def cut(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data) + 1)])


def flip_some(path: Path, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 30)):
        flip(path, rng.randrange(1 << 30), rng.randrange(8))


def shuffle_pages(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    pages = len(data) // 4096
    if pages > 2:
        one, other = rng.sample(range(1, pages), 2)
        data[one * 4096 : one * 4096 + 4096], data[other * 4096 : other * 4096 + 4096] = (
            data[other * 4096 : other * 4096 + 4096],
            data[one * 4096 : one * 4096 + 4096],
        )
    path.write_bytes(data)


WAYS: dict[str, Callable[[Path, random.Random], None]] = {
    "zero": zero_pages,
    "cut": cut,
    "flip": flip_some,
    "shuffle": shuffle_pages,
}


@pytest.mark.parametrize("seed", range(60))
async def test_fuzzed_files(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a test repeats itself
    pending = await fill(tmp_path, checkpoint=rng.random() < 0.6)
    for name in rng.sample(["000000.db", "000000.db-wal", "000000.mark"], rng.choice([1, 1, 2])):
        path = tmp_path / "b/spool" / name
        if path.exists() and path.stat().st_size:
            WAYS[rng.choice(list(WAYS))](path, rng)
    async with running(tmp_path / "b", FakeClock(), LIMITS) as run:
        await recover(run, pending)
        await finish(run, tmp_path / "b")
