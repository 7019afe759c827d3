"""One execution, one payload: merging, measuring, ending, silence, limits, restarts."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from insights_tui.agent.executions.ops import NotWrittenError, Op, Returning
from insights_tui.agent.executions.table import Table
from insights_tui.agent.ingest import NotAcceptedError
from insights_tui.domain.execution import key_of, payload_id
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.report import Names
from insights_tui.spool.base import CommitTimeoutError, QueueFullError, SpoolFullError
from tests.executions.bench import NAMES, running
from tests.spool.machine import FakeClock

TEN_MINUTES = 600.0
TICK = 8.0


async def refused(act: object) -> NotAcceptedError:
    with pytest.raises(NotAcceptedError) as caught:
        await act  # type: ignore[misc]  # any call of a bench
    return caught.value


async def test_reports_merge_into_one_payload_and_the_last_value_wins(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as bench:
        one = await bench.begin(session_id="rses-mine")
        assert await bench.report(one, a=1, b=True) == ()
        assert await bench.report(one, a=2, c="3.5") == ("a",)
        assert await bench.report(one, a=2) == (), "the same value again replaces nothing"
        bench.clock.sleep(1.25)
        assert await bench.finish(one)
        (value,) = bench.values
        assert {name: value.pop(name) for name in "abc"} == {"a": 2, "b": 1, "c": 3.5}
        assert value.pop("duration_milliseconds") == 1250.0
        assert value.pop("time") == "2023-11-14T22:13:21.250000", "when it ended"
        assert value == {
            "request_id": one,
            "session_id": "rses-mine",
            "algorithm_owner": "acme",
            "algorithm_name": "score",
            "algorithm_version": "1.0.6",
        }


async def test_one_that_reports_nothing_yields_its_operational_payload(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as bench:
        one, two = await bench.begin(), await bench.begin()
        assert await bench.finish(one, 8)
        assert await bench.finish(two)
        first, second = bench.values
        assert first["duration_milliseconds"] == 8
        assert second["duration_milliseconds"] == 0
        assert set(first) == {
            "request_id",
            "session_id",
            "algorithm_owner",
            "algorithm_name",
            "algorithm_version",
            "time",
            "duration_milliseconds",
        }
        assert first["session_id"] != second["session_id"], "nobody joined them"
        assert UUID(bench.taken[0].id).version == 7


async def test_ending_it_again_is_harmless_also_at_the_same_time_and_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as bench:
        one = await bench.begin()
        ended = await asyncio.gather(*(bench.finish(one) for _ in range(5)))
        assert sorted(ended) == [False, False, False, False, True]
        assert not await bench.finish(one)
        late = await refused(bench.report(one, a=1))
        assert (late.status, late.errors[0].code) == (409, "execution_finished")
        assert len(bench.taken) == 1
    async with running(tmp_path / "a", bench.clock) as bench:
        assert not await bench.finish(one)
        assert not bench.taken
        assert not await bench.spool.ended(), "the close is on disk, so the note went"


@pytest.mark.parametrize("request_id", ["req-1", "", "x" * 500, "req-00000000-0000-4000-8000-000000000000", "req-\x00"])
async def test_an_unknown_one_is_404(tmp_path: Path, request_id: str) -> None:
    async with running(tmp_path / "a") as bench:
        for act in (bench.finish(request_id), bench.report(request_id, a=1)):
            assert (await refused(act)).status == 404
        assert bench.refusals == {Refusal.INVALID: 2}


async def test_committed_reports_survive_a_kill_and_the_clock_runs_on(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path / "a", clock) as bench:
        one, two = await bench.begin(), await bench.begin()
        await bench.report(one, a=1, big=2**70)
        await bench.report(two, é=1e300)
        await bench.power_off(tmp_path / "b")
        await bench.power_off(tmp_path / "c")
    clock.sleep(30)
    async with running(tmp_path / "b", clock) as bench:
        await bench.report(one, b=2)
        assert await bench.finish(one)
        assert (bench.values[0]["a"], bench.values[0]["b"], bench.values[0]["big"]) == (1, 2, 2**70)
        assert bench.values[0]["duration_milliseconds"] == 30_000
    clock.reboot(down_s=60)
    clock.sleep(10)
    async with running(tmp_path / "c", clock) as bench:
        assert await bench.finish(two)
        assert bench.values[0]["é"] == 1e300
        assert bench.values[0]["duration_milliseconds"] == 100_000, "the wall clock tells how long it was away"


async def test_a_clock_set_back_across_a_reboot_makes_no_negative_time(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path / "a", clock) as bench:
        one = await bench.begin()
        clock.sleep(5)
        await bench.report(one, a=1)
    clock.reboot(down_s=-86_400 * 365)
    async with running(tmp_path / "a", clock) as bench:
        assert await bench.finish(one)
        assert bench.values[0]["duration_milliseconds"] == 5000


async def test_one_that_nobody_ends_is_published_after_ten_minutes_of_silence(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path / "a", clock) as bench:
        silent, alive = await bench.begin(), await bench.begin()
        await bench.report(silent, a=1)
        clock.sleep(TEN_MINUTES - TICK)
        await bench.report(alive, b=1)
        assert not await bench.executions.sweep()
        assert not bench.taken, "it is too early"
    clock.sleep(3 * TICK)
    async with running(tmp_path / "a", clock) as bench:
        await bench.executions.sweep()
        (value,) = bench.values
        assert (value["request_id"], value["a"]) == (silent, 1)
        assert "duration_milliseconds" not in value, "nobody knows when it ended"
        assert [(note.code, note.subject) for note in bench.notes] == [("execution_unfinished", "acme/score")]
        assert not await bench.finish(silent)
        assert (bench.executions.unfinished, bench.executions.open) == (1, 1)
        assert await bench.finish(alive)
        await bench.executions.sweep()
        assert len(bench.taken) == 2


async def test_silence_waits_where_the_queue_is_full_and_refuses_nobody(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path / "a", clock) as bench:
        one = await bench.begin()
        clock.sleep(TEN_MINUTES + 2 * TICK)
        bench.error = QueueFullError("full")
        await bench.executions.sweep()
        assert (bench.refusals, bench.taken) == ({}, [])
        await bench.report(one, a=1)  # it goes on
        bench.error = None
        assert await bench.finish(one)


async def test_an_end_that_is_refused_leaves_it_open(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as bench:
        one = await bench.begin()
        bench.error = QueueFullError("full")
        full = await refused(bench.finish(one))
        assert (full.status, full.retry_after_s, full.reason) == (429, 5, Refusal.QUEUE_FULL)
        bench.error = CommitTimeoutError("slow")
        assert (await refused(bench.finish(one))).status == 503
        bench.error = None
        await bench.report(one, a=1)
        assert await bench.finish(one)
        assert len(bench.taken) == 1


async def test_a_slow_commit_that_lands_ends_it(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as bench:
        accept = bench.spool.accept

        async def late(*arguments: object) -> None:
            await accept(*arguments)  # type: ignore[arg-type]  # passed on
            raise CommitTimeoutError("it takes longer than a second")

        bench.spool.accept = late  # type: ignore[method-assign, assignment]
        one = await bench.begin()
        assert await bench.finish(one)
        assert not await bench.finish(one)


async def test_its_limits_are_those_of_one_payload(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as bench:
        one = await bench.begin()
        await bench.report(one, **{f"m{number}": number for number in range(25)})
        many = await refused(bench.report(one, m24=0, another=1))
        assert (many.status, many.errors[0].code) == (400, "too_many_metrics")
        two = await bench.begin()
        await bench.report(two, **{"x" * 20_000: 1})
        large = await refused(bench.report(two, **{"y" * 20_000: 1}))
        assert (large.status, large.reason) == (413, Refusal.TOO_LARGE)
        assert await bench.finish(one)
        assert await bench.finish(two)
        assert bench.values[0]["m24"] == 24, "nothing of a refused report is taken"
        assert "another" not in bench.values[0]


async def test_there_are_only_so_many(tmp_path: Path) -> None:
    async with running(tmp_path / "a", max_open=3) as bench:
        open_ = [await bench.begin() for _ in range(3)]
        full = await refused(bench.begin())
        assert (full.status, full.errors[0].code) == (429, "executions_full")
        await bench.finish(open_[0])
        await bench.executions.stop()  # closing is on disk now
    async with running(tmp_path / "a", bench.clock, max_open=3) as bench:
        assert bench.executions.open == 2
        await bench.begin()
        assert (await refused(bench.begin())).status == 429


async def test_those_beyond_memory_are_read_from_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insights_tui.agent.executions.table.HELD", 10)
    async with running(tmp_path / "a") as bench:
        many = [await bench.begin() for _ in range(50)]
        await asyncio.gather(*(bench.report(one, n=number) for number, one in enumerate(many)))
        assert len(bench.store._table.held) == 10
        assert all(await asyncio.gather(*(bench.finish(one) for one in many)))
        assert [value["n"] for value in sorted(bench.values, key=lambda value: value["n"])] == list(range(50))


async def test_those_that_ended_are_forgotten_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insights_tui.agent.executions.store._FORGET_EVERY_S", 0.0)
    async with running(tmp_path / "a") as bench:
        one = await bench.begin()
        await bench.finish(one)
        await bench.begin()
        assert not await bench.finish(one)
        bench.clock.sleep(120 + 2 * TICK)
        await bench.begin()
        await bench.begin()
        bench.store._table.held.clear()
        assert (await refused(bench.finish(one))).status == 404


async def test_a_disabled_algorithm_publishes_nothing(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path / "a", clock) as bench:
        one, silent, other = await bench.begin(), await bench.begin(), await bench.begin(Names("acme", "x", "1"))
        bench.registry.entry(NAMES).on = False
        await bench.report(one, a=1)
        assert not await bench.finish(one)
        assert await bench.finish(other)
        clock.sleep(TEN_MINUTES + 2 * TICK)
        await bench.executions.sweep()
        assert bench.refusals == {Refusal.DISABLED: 2}
        assert [value["algorithm_name"] for value in bench.values] == ["x"]
        assert not await bench.finish(silent)


async def test_a_damaged_row_is_told_and_never_published(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path / "a", clock) as bench:
        await bench.begin()
        good = await bench.begin()
    with closing(sqlite3.connect(tmp_path / "a/executions.db")) as db:
        db.execute("UPDATE run SET body = replace(body, 'acme', 'evil') WHERE seq = 1")
        db.commit()
    clock.sleep(TEN_MINUTES + 2 * TICK)
    async with running(tmp_path / "a", clock) as bench:
        await bench.executions.sweep()
        assert [value["request_id"] for value in bench.values] == [good]
        await bench.begin()  # what the thread told has arrived before its next answer
        assert sorted(note.code for note in bench.notes) == ["damaged", "execution_unfinished"]


@pytest.mark.parametrize("content", [b"no database at all" * 100, b""])
async def test_a_file_that_is_none_of_ours_is_kept_and_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/executions.db").write_bytes(content)
    async with running(tmp_path / "a") as bench:
        assert await bench.finish(await bench.begin())
        kept = [path.read_bytes() for path in (tmp_path / "a").glob("executions.db.damaged-*")]
        assert kept == ([content] if content else []), "an empty file is a new one"
        assert [note.code for note in bench.notes] == (["damaged"] if content else [])


def test_a_payload_s_id_follows_from_the_execution() -> None:
    key = key_of("req-9f5345b4-a1cd-431c-a43a-bd2a06f4a6f4")
    assert key is not None
    assert payload_id(key, 1_600_000_000_000) == payload_id(key, 1_600_000_000_000)
    assert payload_id(key, 1_600_000_000_000) < payload_id(b"\0" * 16, 1_600_000_000_001), "in order of time"
    assert UUID(payload_id(key, 1)).version == 7


async def test_a_disk_that_refuses_at_the_start_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(Table, "start", refuses)
    async with running(tmp_path / "a") as bench:
        assert (await refused(bench.begin())).status == 507
        assert [note.code for note in bench.notes] == ["executions_damaged", "refused_disk_full"]
        monkeypatch.undo()
        await bench.executions._recover()
        assert await bench.finish(await bench.begin())


async def test_a_close_that_the_disk_refuses_is_tried_again_and_nothing_is_published_twice(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as bench:
        one = await bench.begin()
        write = bench.store._table.write

        def refuses(_: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        bench.store._table.write = refuses  # type: ignore[method-assign, assignment]
        assert await bench.finish(one)
        assert (await refused(bench.finish(one))).status in {503, 507}, "its end is not on disk yet"
        assert list(await bench.spool.ended())
        bench.store._table.write = write  # type: ignore[method-assign]
        bench.executions._close(())
        while await bench.spool.ended():
            await asyncio.sleep(0)
        assert not await bench.finish(one)
        assert len(bench.taken) == 1


async def test_a_crowd_that_went_silent_is_published_in_one_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insights_tui.agent.executions.keeper._PAGE", 10)
    clock = FakeClock()
    async with running(tmp_path / "a", clock) as bench:
        silent = await asyncio.gather(*(bench.begin() for _ in range(55)))
        clock.sleep(TEN_MINUTES + 2 * TICK)
        pages = 1
        while await bench.executions.sweep():
            pages += 1
        assert pages == 6, "each page is one of its own, as soon as the one before is closed"
        assert sorted(value["request_id"] for value in bench.values) == sorted(silent)
        assert (bench.executions.open, bench.executions.unfinished) == (0, 55)


async def test_a_full_disk_does_not_end_the_sweeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insights_tui.agent.executions.keeper.SWEEP_S", 0.01)
    clock = FakeClock()
    async with running(tmp_path / "a", clock) as bench:
        silent = await bench.begin()
        ask, failed = bench.store.ask, asyncio.Event()

        async def refuses(op: Op) -> object:
            answer = await ask(op)
            if isinstance(op, Returning):
                failed.set()
                raise NotWrittenError("database or disk is full")
            return answer

        monkeypatch.setattr(bench.store, "ask", refuses)
        bench.error = SpoolFullError("the disk is full")
        clock.sleep(TEN_MINUTES + 2 * TICK)
        await failed.wait()
        bench.error = None
        async with asyncio.timeout(10):
            while not bench.taken:
                await asyncio.sleep(0.001)
        assert [value["request_id"] for value in bench.values] == [silent]
