"""What was lost is kept: redriven under its id, filtered, dropped, bounded."""

import asyncio
from pathlib import Path

from insights_tui.domain.outcome import Outcome
from insights_tui.spool.base import REDRIVE_DEFAULT, Selection
from insights_tui.spool.durable import SpoolLimits
from tests.spool.machine import DEADLINE_S, FakeClock, drafts, ids, running


async def test_redriven_keeps_its_id_and_is_counted_anew(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path / "a", clock) as run:
        payloads = await run.accept(drafts(6))
        run.spool.settle_all(payloads[:2], Outcome.EXPIRED_UNSENT, "late")
        run.spool.settle_all(payloads[2:4], Outcome.EXPIRED_UNKNOWN, "late")
        run.spool.settle_all(payloads[4:5], Outcome.REJECTED, "no")
        run.spool.note_late_ack(payloads[3:4])
        clock.sleep(500.0)
        again = await run.spool.redrive(REDRIVE_DEFAULT, DEADLINE_S)
        assert ids(again) == ["id-0", "id-1", "id-2"]
        assert [one.value for one in again] == [one.value for one in payloads[:3]]
        assert all(one.deadline == clock.at + DEADLINE_S for one in again)
        assert not await run.spool.redrive(REDRIVE_DEFAULT, DEADLINE_S)
        states = [(one.payload.id, one.state) for one in await run.spool.lost(Selection(), open_only=False)]
        assert states == [
            ("id-0", "redriven"),
            ("id-1", "redriven"),
            ("id-2", "redriven"),
            ("id-3", "open"),
            ("id-4", "open"),
        ]
    async with running(tmp_path / "a", clock) as run:
        assert (run.counts.accepted, run.counts.pending, run.counts.expired_unsent) == (9, 4, 2)
        assert (run.lost_open, run.recovered.redriven) == (2, 3)
        assert run.counts.balanced


async def test_letters_of_an_old_file_are_redriven_too(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as run:
        payloads = await run.accept(drafts(5))
        run.spool.settle_all(payloads[:2], Outcome.EXPIRED_UNSENT, "late")
        await run.written()
        await run.power_off(tmp_path / "a", tmp_path / "b")
    async with running(tmp_path / "b") as run:
        assert ids(await run.spool.redrive(REDRIVE_DEFAULT, DEADLINE_S)) == ["id-0", "id-1"]
        assert not await run.spool.lost(Selection())
        await run.examined()
    async with running(tmp_path / "b") as run:
        assert (run.lost_open, run.recovered.redriven, run.counts.accepted, run.counts.pending) == (0, 2, 7, 5)


async def test_letters_are_filtered_and_dropped(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path / "a", clock) as run:
        payloads = await run.accept(drafts(6))
        run.spool.settle_all(payloads[:2], Outcome.EXPIRED_UNSENT, "late")
        clock.sleep(10.0)
        run.spool.settle_all(payloads[2:5], Outcome.REJECTED, "no")
        lost = run.spool.lost
        assert ids([one.payload for one in await lost(Selection(frozenset({Outcome.REJECTED})))]) == [
            "id-2",
            "id-3",
            "id-4",
        ]
        assert ids([one.payload for one in await lost(Selection(ids=frozenset({"id-1", "id-4"})))]) == ["id-1", "id-4"]
        since = int(clock.wall * 1000)
        assert len(await lost(Selection(since_ms=since))) == 3
        assert len(await lost(Selection(until_ms=since))) == 2
        assert ids([one.payload for one in await lost(Selection(), after_seq=payloads[1].seq, limit=2)]) == [
            "id-2",
            "id-3",
        ]
        assert await run.spool.drop(Selection(until_ms=since)) == 2
        assert await run.spool.drop(Selection()) == 3
        assert not await lost(Selection(), open_only=False)
    async with running(tmp_path / "a", clock) as run:
        assert (run.lost_open, run.counts.rejected, run.counts.pending) == (0, 3, 1)


async def test_dead_letters_are_bounded_and_what_goes_is_counted(tmp_path: Path) -> None:
    limits = SpoolLimits(dead_bytes=100_000)
    async with running(tmp_path / "a", limits=limits) as run:
        payloads = await run.accept(drafts(1000, size=400))
        run.spool.settle_all(payloads, Outcome.REJECTED, "no")
        await run.written()
        async with asyncio.timeout(10):
            while run.spool._store.epochs[0].record.dead_bytes > 100_000:
                await run.written()
        letters = await run.spool.lost(Selection(), limit=10_000)
        assert letters[-1].payload.id == "id-999", "the oldest went"
    async with running(tmp_path / "a", limits=limits) as run:
        usage = run.spool.usage()
        assert usage.evicted == 1000 - len(letters)
        assert (usage.dead_letters, run.lost_open) == (len(letters), 1000)
        assert await run.spool.drop(Selection()) == 1000, "those without a body too"
    async with running(tmp_path / "a", limits=limits) as run:
        assert run.lost_open == 0
