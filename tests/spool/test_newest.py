"""Dead letters listed the newest first, page by page, and found by a part of their id: on disk and in memory."""

from pathlib import Path

import pytest

from insights_tui.domain.outcome import Outcome
from insights_tui.spool.base import Selection, Spool
from insights_tui.spool.memory import MemorySpool
from tests.spool.machine import DEADLINE_S, FakeClock, drafts, running

NEWEST = Selection(newest_first=True)


async def check(spool: Spool) -> None:
    payloads = list(await spool.accept(drafts(12), DEADLINE_S))
    spool.settle_all(payloads[:10], Outcome.REJECTED, "no")
    told: list[str] = []
    after = 0
    while page := await spool.lost(NEWEST, after_seq=after, limit=4):
        told += [one.payload.id for one in page]
        after = page[-1].payload.seq
    assert told == [f"id-{number}" for number in range(9, -1, -1)]
    assert [one.payload.id for one in await spool.lost(Selection(text="d-7"))] == ["id-7"]
    assert not await spool.lost(Selection(text="payload"))  # a value is no id
    assert await spool.drop(Selection(text="id-3")) == 1
    assert await spool.drop(Selection(text="nothing")) == 0
    assert len(await spool.lost(NEWEST)) == 9


async def test_on_disk(tmp_path: Path) -> None:
    async with running(tmp_path / "a", FakeClock()) as run:
        await check(run.spool)


async def test_in_memory() -> None:
    spool = MemorySpool(FakeClock())
    await spool.open()
    await check(spool)


@pytest.mark.parametrize("selection", [Selection(text="x"), Selection(ids=frozenset("x"))])
def test_a_part_of_an_id_is_not_everything(selection: Selection) -> None:
    assert not selection.everything
