"""No outcome is told before it is on disk, so that none is taken back by a SIGKILL."""

import asyncio
from pathlib import Path

import pytest

from insights_tui.delivery.ledger import Ledger, Place
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.base import Durable, Selection, Spool
from insights_tui.spool.durable import SpoolLimits
from insights_tui.spool.memory import MemorySpool
from tests.spool.machine import FakeClock, drafts, running


async def test_what_a_kill_leaves_behind_is_never_less_than_what_was_told(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as run:
        payloads = await run.accept(drafts(300))
        told: list[tuple[Durable | None, Path]] = []
        for turn in range(10):
            some = payloads[30 * turn : 30 * turn + 30]
            run.spool.settle_all(some[:20], Outcome.DELIVERED)
            run.spool.settle_all(some[20:25], Outcome.REJECTED, "too large")
            run.spool.settle_all(some[25:28], Outcome.EXPIRED_UNSENT, "late")
            run.spool.settle_all(some[28:], Outcome.EXPIRED_UNKNOWN, "late")
            before = run.spool.durable()
            told.append((before, await run.power_off(tmp_path / "a", tmp_path / f"kill-{turn}")))
        assert run.spool.durable() == Durable(200, 50, 30, 20, 0, 100, 0)
    for before, left in told:
        async with running(left) as run:
            after = run.spool.durable()
            assert before is not None
            assert after is not None
            assert all(now >= then for now, then in zip(after, before, strict=True))
            assert after.delivered == run.counts.delivered, "all of it: it was written before the files were copied"


async def test_while_the_writer_is_held_up_nothing_more_is_told(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as run:
        payloads = await run.accept(drafts(3))
        go, held = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def hold() -> None:
            loop.call_soon_threadsafe(held.set)
            asyncio.run_coroutine_threadsafe(go.wait(), loop).result()

        holding = asyncio.create_task(run.spool._call(hold))
        await held.wait()
        run.spool.settle_all(payloads, Outcome.DELIVERED)
        written = asyncio.create_task(run.spool.written())
        await asyncio.sleep(0)
        assert not written.done()
        assert run.spool.durable() == Durable()
        go.set()
        await asyncio.gather(holding, written)
        assert run.spool.durable() == Durable(delivered=3)


async def test_after_the_close_the_last_figures_are_told(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as run:
        run.spool.settle_all(await run.accept(drafts(4)), Outcome.DELIVERED)
    assert run.spool.durable() == Durable(delivered=4)


async def test_they_stay_when_a_drained_epoch_is_folded_and_when_the_dead_are_dropped(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path / "a", clock) as run:
        payloads = await run.accept(drafts(5))
        run.spool.settle_all(payloads[:3], Outcome.DELIVERED)
        run.spool.settle_all(payloads[3:], Outcome.EXPIRED_UNSENT, "late")
        await run.written()
        await run.power_off(tmp_path / "a", tmp_path / "b")
    async with running(tmp_path / "b", clock, SpoolLimits(fold_rows=10)) as run:
        async with asyncio.timeout(10):
            while len(run.spool._store.epochs) > 1:
                await asyncio.sleep(0.001)
        await run.written()
        assert run.spool.durable() == Durable(delivered=3, expired_unsent=2, lost_open=2)
        assert await run.spool.drop(Selection()) == 2
        assert run.spool.durable() == Durable(delivered=3, expired_unsent=2)


async def test_in_memory_every_outcome_is_as_true_as_the_process() -> None:
    spool: Spool = MemorySpool()
    assert spool.durable() is None
    ledger = Ledger()
    ledger.accept(1)
    ledger.move(1, Place.QUEUED, Place.DELIVERED)
    assert ledger.counts(spool.durable()) == Counts(accepted=1, delivered=1)


@pytest.mark.parametrize(
    ("at", "durable", "told"),
    [
        (Place.DELIVERED, Durable(), Counts(10, in_flight=10)),
        (Place.DELIVERED, Durable(delivered=4), Counts(10, in_flight=6, delivered=4)),
        (Place.DELIVERED, Durable(delivered=11), Counts(10, delivered=10)),
        (Place.REJECTED, Durable(rejected=1), Counts(10, in_flight=9, rejected=1)),
        (Place.EXPIRED_UNKNOWN, Durable(), Counts(10, in_flight=10)),
        (Place.EXPIRED_UNSENT, Durable(expired_unsent=9), Counts(10, queued=1, expired_unsent=9)),
        (Place.DAMAGED, Durable(lost_open=7), Counts(10, queued=10)),
    ],
)
def test_an_outcome_that_is_not_on_disk_is_told_as_what_was_before(at: Place, durable: Durable, told: Counts) -> None:
    ledger = Ledger()
    ledger.accept(10)
    ledger.move(10, Place.QUEUED, at)
    assert ledger.counts(durable) == told
    assert told.balanced
    assert ledger.counts().pending == 0, "the engine goes on: only what is told waits"
