"""The spool's notes of executions that ended with a payload."""

import sqlite3
from contextlib import closing
from pathlib import Path

from insights_tui.domain.outcome import Outcome
from insights_tui.spool.base import Selection
from tests.spool.machine import DEADLINE_S, FakeClock, drafts, running

KEYS = [bytes([number]) * 16 for number in range(4)]


async def test_a_note_is_in_the_commit_of_its_payload_and_goes_when_it_is_forgotten(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as run:
        await run.spool.accept(drafts(1, "x"), DEADLINE_S, KEYS[:1])
        await run.spool.accept(drafts(3, "y"), DEADLINE_S, KEYS[1:3])
        await run.power_off(tmp_path / "a", tmp_path / "b")
    async with running(tmp_path / "b") as run:
        assert sorted(await run.spool.ended()) == KEYS[:3]
        run.spool.forget_ended([KEYS[0], KEYS[2], b"never noted"])
        assert list(await run.spool.ended()) == [KEYS[1]]
        await run.accept(drafts(1, "z"))
        await run.power_off(tmp_path / "b", tmp_path / "c")
    async with running(tmp_path / "c") as run:
        assert list(await run.spool.ended()) == [KEYS[1]], "forgetting was committed with the next payload"


async def test_a_note_outlives_its_payload_and_the_file_that_held_it(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path / "a", clock) as run:
        await run.spool.accept(drafts(1), DEADLINE_S, KEYS[:1])
        run.spool.settle_all(await run.spool.load(1) or (await run.accept(drafts(1, "more"))), Outcome.DELIVERED)
        await run.written()
    clock.reboot()
    async with running(tmp_path / "a", clock) as run:
        run.spool.settle_all(run.recovered.pending, Outcome.DELIVERED)
        await run.accept(drafts(1, "new"))
        await run.examined()
        assert len(run.spool._store.epochs) == 1, "the drained file is folded into the new one"
        assert list(await run.spool.ended()) == KEYS[:1]
        assert not await run.spool.lost(Selection())
    async with running(tmp_path / "a", clock) as run:
        assert list(await run.spool.ended()) == KEYS[:1]


async def test_a_spool_of_the_first_version_gets_its_table(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as run:
        await run.accept(drafts(2))
    path = next((tmp_path / "a/spool").glob("*.db"))
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE ended")
        db.execute("PRAGMA user_version = 1")
        db.commit()
    async with running(tmp_path / "a") as run:
        assert [one.id for one in run.recovered.pending] == ["id-0", "id-1"]
        await run.spool.accept(drafts(1, "x"), DEADLINE_S, KEYS[:1])
        assert list(await run.spool.ended()) == KEYS[:1]
