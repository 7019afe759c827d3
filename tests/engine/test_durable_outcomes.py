"""What Kafka has acknowledged is told as delivered once it is on disk, and as in flight until then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from insights_tui.delivery.ledger import Place
from insights_tui.domain.clock import SystemClock
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.durable import DurableSpool
from tests.engine.setup import drafts, running
from tests.engine.waiting import until
from tests.fakes.broker import FakeCluster


@asynccontextmanager
async def held_up(spool: DurableSpool) -> AsyncIterator[None]:
    """Keep the spool's writer from its work: a disk that takes long."""
    loop, held, go = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def hold() -> None:
        loop.call_soon_threadsafe(held.set)
        asyncio.run_coroutine_threadsafe(go.wait(), loop).result()

    holding = asyncio.create_task(spool._call(hold))
    await held.wait()
    try:
        yield
    finally:
        go.set()
        await holding


async def test_what_is_acknowledged_and_not_on_disk_is_in_flight(tmp_path: Path) -> None:
    spool = DurableSpool(tmp_path, SystemClock())
    async with FakeCluster() as cluster:
        cluster.create("insights")
        async with running(spool=spool) as run:
            await run.engine.accept(drafts(5))
            async with held_up(spool):
                run.engine.use(cluster.connection())
                await until(lambda: run.engine._ledger.at(Place.DELIVERED) == 5)
                status = run.engine.status()
                assert status.counts == Counts(accepted=5, in_flight=5)
                assert run.engine.pending == 0, "the engine itself goes on"
            await until(lambda: run.engine.status().counts == Counts(accepted=5, delivered=5))


async def test_what_expired_and_is_not_on_disk_is_neither_lost_nor_forgotten(tmp_path: Path) -> None:
    spool = DurableSpool(tmp_path, SystemClock())
    async with running(spool=spool, deadline_s=0.2) as run:
        await run.engine.accept(drafts(3))
        async with held_up(spool):
            await until(lambda: run.engine._ledger.at(Place.EXPIRED_UNSENT) == 3)
            status = run.engine.status()
            assert (status.counts, status.lost_open) == (Counts(accepted=3, queued=3), 0)
        await until(lambda: run.engine.status().counts == Counts(accepted=3, expired_unsent=3))
        assert run.engine.status().lost_open == 3


async def test_a_receipt_is_given_when_its_payload_is_counted(tmp_path: Path) -> None:
    spool = DurableSpool(tmp_path, SystemClock())
    async with FakeCluster() as cluster:
        cluster.create("insights")
        async with running(cluster.connection(), spool=spool) as run:
            for sent in range(1, 6):
                await run.engine.deliver(drafts(1)[0], timeout_s=20)
                assert run.delivered() == sent


async def test_a_disk_that_hangs_holds_a_receipt_up_for_a_moment_alone(tmp_path: Path) -> None:
    spool = DurableSpool(tmp_path, SystemClock())
    async with FakeCluster() as cluster:
        cluster.create("insights")
        async with running(spool=spool) as run:
            delivering = asyncio.create_task(run.engine.deliver(drafts(1)[0], timeout_s=20))
            await until(lambda: run.engine.pending)
            async with held_up(spool):
                run.engine.use(cluster.connection())
                assert (await delivering).offset == 0
                assert run.delivered() == 0
