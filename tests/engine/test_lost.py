"""What was lost can be looked at, sent again under the same id, or dropped; the old outcome stays counted."""

import pytest

from insights_tui.delivery.engine import EngineClosedError
from insights_tui.domain.outcome import Outcome
from insights_tui.spool.base import REDRIVE_DEFAULT, QueueFullError, Selection
from tests.engine.setup import Running, drafts, running
from tests.engine.waiting import until
from tests.fakes.broker import FakeCluster


async def lose(run: Running, count: int) -> None:
    """Accept payloads while there is no connection and wait for their deadline."""
    await run.engine.accept(drafts(count))
    await until(lambda: run.engine.status().counts.expired_unsent == count)
    assert run.engine.status().lost_open == count


async def test_what_is_redriven_goes_out_under_its_own_id_and_its_old_outcome_stays_counted() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        async with running(deadline_s=1.0, margin_s=0.0) as run:
            await lose(run, 5)
            run.engine.use(cluster.connection())
            await until(lambda: run.engine.status().link.phase == "up")
            assert [await run.engine.redrive(REDRIVE_DEFAULT, limit=3) for _ in range(3)] == [3, 2, 0]
            assert run.engine.status().counts.balanced
            await until(lambda: run.delivered() == 5)
            status = run.engine.status()
            kept = await run.engine.lost(Selection(), open_only=False)
            opened = await run.engine.lost(Selection())
    counts = status.counts
    assert (counts.accepted, counts.delivered, counts.expired_unsent) == (10, 5, 5)
    assert (status.lost_open, status.redriven) == (0, 5)
    assert sorted(cluster.ids()) == sorted(draft.id for draft in drafts(5))
    assert {letter.state for letter in kept} == {"redriven"}
    assert opened == []


async def test_what_is_dropped_is_gone_and_stays_counted() -> None:
    async with running(deadline_s=0.05, margin_s=0.0) as run:
        await lose(run, 4)
        assert await run.engine.drop(Selection(ids=frozenset({"id-0", "id-1", "strange"}))) == 2
        assert run.engine.status().lost_open == 2
        assert await run.engine.drop(Selection(outcomes=frozenset({Outcome.REJECTED}))) == 0
        assert await run.engine.drop(Selection()) == 2
        status = run.engine.status()
    assert (status.lost_open, status.counts.expired_unsent, status.redriven) == (0, 4, 0)


async def test_a_redrive_takes_no_more_than_there_is_room_for() -> None:
    async with running(deadline_s=0.3, margin_s=0.0, max_payloads=10) as run:
        await lose(run, 6)
        await run.engine.accept(drafts(7, "new"))
        assert await run.engine.redrive(REDRIVE_DEFAULT) == 3
        with pytest.raises(QueueFullError):
            await run.engine.redrive(REDRIVE_DEFAULT)
        assert run.engine.status().lost_open == 3


async def test_nothing_is_redriven_while_the_engine_stops() -> None:
    async with running(deadline_s=0.05, margin_s=0.0) as run:
        await lose(run, 1)
        await run.engine.stop(grace_s=0)
        with pytest.raises(EngineClosedError):
            await run.engine.redrive(REDRIVE_DEFAULT)
        assert run.engine.status().lost_open == 1
