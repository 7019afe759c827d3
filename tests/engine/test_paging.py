"""With a spool on disk, memory holds a window and the rest comes in time, each payload counted where it is."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from insights_tui.domain.clock import SystemClock
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Draft, Payload
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.base import Arrival
from insights_tui.spool.durable import DurableSpool, SpoolLimits
from tests.engine.setup import drafts, running
from tests.engine.waiting import until
from tests.fakes.broker import FakeCluster
from tests.fakes.paging_spool import PagingSpool


def left(numbers: range, *, in_s: float = 60.0, in_doubt: bool = False) -> list[Payload]:
    """Make payloads of an earlier process."""
    deadline = SystemClock().boot() + in_s
    now_ms = int(time.time() * 1000)
    return [Payload(n, f"left-{n}", b"{}", None, now_ms, deadline + n / 1000, in_doubt) for n in numbers]


def names(payloads: Sequence[Payload | Draft]) -> list[str]:
    return sorted(payload.id for payload in payloads)


async def test_what_lies_on_disk_is_counted_as_queued_and_comes_when_there_is_room() -> None:
    spool = PagingSpool(window=100)
    async with FakeCluster(2) as cluster:
        cluster.create("insights", 4)
        # an attempt that a busy machine lets time out ties its batch to its partition, beside the window
        async with running(spool=spool, window_payloads=100, batch_payloads=10, request_timeout_s=20.0) as run:
            for part in range(20):
                await run.engine.accept(drafts(50, f"part{part}"))
            status = run.engine.status()
            assert status.counts.queued == 1000
            assert spool.paged == 900
            assert status.queue_bytes < 100 * 50
            assert run.engine.book_agrees()
            assert (status.next_loss_s or 0) > 200
            run.engine.use(cluster.connection())
            await until(lambda: run.delivered() == 1000)
            assert spool.paged == 0
        assert names([one for part in range(20) for one in drafts(50, f"part{part}")]) == sorted(cluster.ids())
    assert spool.most_held <= 100
    assert spool.loads > 9


async def test_every_attempt_is_noted_before_it_can_reach_kafka() -> None:
    spool = PagingSpool()
    async with FakeCluster() as cluster:
        cluster.create("insights")
        async with running(cluster.connection(), spool=spool) as run:
            await run.engine.accept(drafts(30))
            await until(lambda: run.delivered() == 30)
    assert spool.attempted == 30


async def test_what_expires_on_disk_is_counted_once_under_its_outcome() -> None:
    spool = PagingSpool(window=10)
    spool.before = [*left(range(1, 4), in_s=0.1, in_doubt=True), *left(range(4, 30), in_s=0.1)]
    async with running(spool=spool, window_payloads=1, deadline_s=0.3) as run:
        await run.engine.accept(drafts(20))
        await until(lambda: run.engine.status().counts.pending == 0)
        status = run.engine.status()
    counts = status.counts
    assert (counts.expired_unknown, counts.expired_unsent) == (3, 46)
    assert status.lost_open == 49
    assert sum("not delivered" in one.text for one in run.told) >= 1
    doubted = {letter.payload.id for letter in spool.dead_letters if letter.outcome is Outcome.EXPIRED_UNKNOWN}
    assert doubted == {"left-1", "left-2", "left-3"}


async def test_an_old_epoch_that_was_examined_goes_out_in_order_of_deadlines() -> None:
    spool = PagingSpool(window=1000)
    async with FakeCluster() as cluster:
        topic = cluster.create("insights")
        async with running(spool=spool, window_payloads=1000) as run:
            await run.engine.accept(drafts(10, "new"))
            spool.arrive(left(range(1000, 1010)))
            assert run.engine.status().counts.queued == 20
            spool.on_arrival(Arrival(Counts(accepted=2, damaged=2), lost_open=2))  # type: ignore[misc] # it is set
            run.engine.use(cluster.connection())
            await until(lambda: run.delivered() == 20)
            status = run.engine.status()
        order = [dict(record.headers)["insights-id"].decode() for record in topic.logs[0]]
    assert order == [f"left-{n}" for n in range(1000, 1010)] + [f"new-{n}" for n in range(10)]
    assert (status.counts.damaged, status.lost_open, status.counts.accepted) == (2, 2, 22)


async def test_keys_keep_their_order_from_disk_and_a_stuck_partition_keeps_no_other_out() -> None:
    spool = PagingSpool(window=50)
    async with FakeCluster(2) as cluster:
        topic = cluster.create("insights", 2)
        async with running(
            cluster.connection(), spool=spool, window_payloads=50, batch_payloads=10, request_timeout_s=5.0
        ) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            topic.leaders[:] = [-1, 2]
            await run.engine.accept(drafts(100, "stuck", key=b"k"))  # its partition is 0
            await run.engine.accept(drafts(100, "free"))
            await until(lambda: run.delivered() == 101)
            assert run.engine.status().counts.pending == 100
            topic.leaders[:] = [2, 2]
            await until(lambda: run.delivered() == 201)
        ids = [dict(record.headers)["insights-id"].decode() for record in topic.logs[0]]
    assert [one for one in ids if one.startswith("stuck")] == [f"stuck-{n}" for n in range(100)]
    assert 100 <= spool.most_held <= 250


async def test_a_disk_that_cannot_be_read_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insights_tui.delivery.pager._AGAIN_S", 0.01)
    spool = PagingSpool(window=10)
    spool.broken = True
    async with FakeCluster() as cluster:
        cluster.create("insights")
        async with running(cluster.connection(), spool=spool, window_payloads=10) as run:
            for part in range(5):
                await run.engine.accept(drafts(10, f"part{part}"))
            await until(lambda: run.delivered() == 10)
            await until(lambda: any(one.code == "spool_unreadable" for one in run.told))
            spool.broken = False
            await until(lambda: run.delivered() == 50)


async def test_a_drain_at_the_stop_takes_what_is_on_disk_along_though_the_machine_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("insights_tui.delivery.drain.NO_PROGRESS_S", 0.2)
    spool = PagingSpool(window=50)
    async with FakeCluster() as cluster:
        cluster.create("insights", 2)
        async with running(  # a slow machine is no silent Kafka
            cluster.connection(), spool=spool, window_payloads=50, request_timeout_s=20.0, connect_timeout_s=20.0
        ) as run:
            await until(lambda: run.engine.status().link.phase == "up")
            for part in range(10):
                await run.engine.accept(drafts(50, f"part{part}"))
            asyncio.get_running_loop().call_soon(time.sleep, 0.3)
            assert (await run.engine.stop(grace_s=10)).delivered == 500


async def test_the_durable_spool_pages_across_a_restart(tmp_path: Path) -> None:
    limits = SpoolLimits(window_payloads=200)
    async with FakeCluster(2) as cluster:
        cluster.create("insights", 4)
        async with running(spool=DurableSpool(tmp_path, limits=limits), window_payloads=200) as run:
            for part in range(30):
                await run.engine.accept(drafts(100, f"part{part}"))
            assert run.engine.status().counts.queued == 3000
        async with running(
            cluster.connection(), spool=DurableSpool(tmp_path, limits=limits), window_payloads=200, batch_payloads=50
        ) as run:
            await until(lambda: run.delivered() == 3000)
            assert run.engine.usage().paged == 0
        assert sorted(cluster.ids()) == names([one for part in range(30) for one in drafts(100, f"part{part}")])


async def test_what_an_earlier_process_left_on_disk_goes_out_although_nothing_new_comes() -> None:
    spool = PagingSpool(window=20_000)
    spool.before = left(range(1, 2001))
    async with FakeCluster() as cluster:
        cluster.create("insights", 2)
        async with running(cluster.connection(), spool=spool) as run:  # the usual window, nothing in memory yet
            await until(lambda: run.delivered() == 2000)
