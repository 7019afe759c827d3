"""The durable spool across stops, kills, reboots and long outages."""

import asyncio
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Draft
from insights_tui.spool.base import CommitTimeoutError, Selection, Settled, SpoolFullError, SpoolPlaceError
from insights_tui.spool.durable import SpoolLimits, folder, schema
from insights_tui.spool.durable.writer import Call
from tests.spool.machine import DEADLINE_S, FakeClock, drafts, ids, running

SMALL = SpoolLimits(window_payloads=100, page_rows=50)


async def test_what_is_accepted_survives_a_kill_and_what_is_settled_stays_so(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as run:
        payloads = await run.accept([*drafts(10), Draft("key", b"v", b"k"), Draft("empty", b"", b"")])
        run.spool.settle_all(payloads[:3], Outcome.DELIVERED)
        run.spool.settle_all(payloads[3:5], Outcome.REJECTED, "too large")
        run.spool.settle([Settled(payloads[5], Outcome.EXPIRED_UNKNOWN, "late", late_ack=True)])
        await run.written()
        await run.power_off(tmp_path / "a", tmp_path / "b")
    async with running(tmp_path / "b") as run:
        await run.load_all()
        await run.examined()
        left = [run.held[seq] for seq in sorted(run.held)]
        assert [one._replace(in_doubt=False) for one in left] == payloads[6:]
        assert (run.counts.delivered, run.counts.rejected, run.counts.expired_unknown) == (3, 2, 1)
        assert run.counts.balanced
        assert (run.lost_open, run.recovered.late_acks) == (3, 1)
        assert [
            (one.payload.id, one.outcome, one.reason, one.late_ack) for one in await run.spool.lost(Selection())
        ] == [
            ("id-3", Outcome.REJECTED, "too large", False),
            ("id-4", Outcome.REJECTED, "too large", False),
            ("id-5", Outcome.EXPIRED_UNKNOWN, "late", True),
        ]
        assert await run.accept(drafts(1, "later")), "it accepts beside"


@pytest.mark.parametrize("clean", [True, False])
async def test_in_doubt_is_exact_after_a_stop_and_cautious_after_a_kill(tmp_path: Path, clean: bool) -> None:
    async with running(tmp_path / "a") as run:
        payloads = await run.accept(drafts(6))
        run.spool.attempting(payloads[2:4])
        run.spool.attempting(payloads[:1])
        run.spool.mark_in_doubt(payloads[2:3])
        await run.written()
        await run.power_off(tmp_path / "a", tmp_path / "b")
    async with running(tmp_path / ("a" if clean else "b")) as run:
        await run.load_all()
        doubtful = [one.id for one in run.held.values() if one.in_doubt]
        assert doubtful == (["id-2"] if clean else ["id-0", "id-1", "id-2", "id-3"])


async def test_after_a_reboot_everything_may_have_been_sent(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path / "a", clock) as run:
        await run.accept(drafts(3))
        await run.power_off(tmp_path / "a", tmp_path / "b")
    clock.reboot()
    async with running(tmp_path / "b", clock) as run:
        assert all(one.in_doubt for one in await run.load_all())


async def test_in_doubt_is_sticky_over_many_starts(tmp_path: Path) -> None:
    async with running(tmp_path / "0") as run:
        payloads = await run.accept(drafts(4))
        run.spool.attempting(payloads[:2])
        await run.power_off(tmp_path / "0", tmp_path / "1")
    async with running(tmp_path / "1") as run:
        await run.load_all()
        await run.power_off(tmp_path / "1", tmp_path / "2")
    for _ in range(2):
        async with running(tmp_path / "2") as run:
            await run.load_all()
            assert [one.in_doubt for one in run.held.values()] == [True, True, False, False]
            await run.examined()


async def test_an_orderly_stop_goes_on_in_the_same_file_and_a_kill_begins_a_new_one(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as run:
        first = await run.accept(drafts(2))
    async with running(tmp_path / "a") as run:
        assert ids(run.recovered.pending) == ["id-0", "id-1"]
        second = await run.accept(drafts(1, "more"))
        assert second[0].seq == first[-1].seq + 1
        await run.power_off(tmp_path / "a", tmp_path / "b")
    async with running(tmp_path / "b") as run:
        third = await run.accept(drafts(1, "again"))
        assert third[0].seq > second[0].seq + 1
        assert sorted(path.name for path in (tmp_path / "b/spool").glob("*.db")) == ["000000.db", "000001.db"]


async def test_a_drained_old_file_is_folded_and_goes(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as run:
        payloads = await run.accept(drafts(5))
        run.spool.settle_all(payloads[:2], Outcome.REJECTED, "no")
        await run.written()
        await run.power_off(tmp_path / "a", tmp_path / "b")
    async with running(tmp_path / "b") as run:
        loaded = await run.load_all()
        run.spool.settle_all(loaded, Outcome.DELIVERED)
        async with asyncio.timeout(10):
            while (tmp_path / "b/spool/000000.db").exists():
                await run.written()
        run.spool.note_late_ack(payloads[:1])  # of an epoch that is gone
        await run.written()
        letters = await run.spool.lost(Selection())
        assert [(one.payload.id, one.late_ack) for one in letters] == [("id-0", True), ("id-1", False)]
    async with running(tmp_path / "b") as run:
        assert run.counts.accepted == 5
        assert (run.counts.delivered, run.counts.rejected, run.lost_open, run.recovered.late_acks) == (3, 2, 2, 1)
        assert run.counts.balanced
        assert not (tmp_path / "b/spool/000000.mark").exists()


async def test_a_long_queue_is_paged_in_order_of_deadlines(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path / "a", clock, SMALL) as run:
        for number in range(10):
            clock.sleep(1.0)
            await run.accept(drafts(40, f"b{number}"))
        assert len(run.held) == 80, "the window, whole batches"
        assert run.spool.paged == 320
        loaded = await run.load_all()
        assert [one.deadline for one in loaded] == sorted(one.deadline for one in loaded)
        assert len(run.held) == 400
        run.spool.settle_all(list(run.held.values()), Outcome.DELIVERED)
        await run.written()
        later = await run.accept(drafts(1, "later"))
        assert later[0].seq in run.held, "an empty queue is held again"
    async with running(tmp_path / "a", clock, SMALL) as run:
        assert run.counts.delivered == 400
        assert ids(run.recovered.pending) == ["later-0"]


async def test_deadlines_rule_the_order_over_files(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path / "a", clock, SMALL) as run:
        await run.accept(drafts(90, "long"), 600.0)
        await run.power_off(tmp_path / "a", tmp_path / "b")
    clock.sleep(10.0)
    async with running(tmp_path / "b", clock, SMALL) as run:
        await run.accept(drafts(60, "short"), 100.0)
        await run.accept(drafts(60, "longer"), 700.0)
        await run.examined()
        loaded = await run.load_all()
        assert [one.id.split("-")[0] for one in loaded] == ["short"] * 60 + ["long"] * 90 + ["longer"] * 60
        assert run.counts.balanced


async def test_what_expires_on_disk_is_counted_once_under_its_outcome(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path / "a", clock, SMALL) as run:
        payloads = await run.accept(drafts(1000))
        run.spool.attempting(payloads[:100])
        await run.power_off(tmp_path / "a", tmp_path / "b")
    clock.sleep(DEADLINE_S + 1)
    async with running(tmp_path / "b", clock, SMALL) as run:
        unsent = unknown = 0
        async with asyncio.timeout(20):
            while run.spool.next_deadline is not None:
                expired = await run.spool.expire()
                unsent, unknown = unsent + expired.unsent, unknown + expired.unknown
        assert (unsent, unknown) == (900, 100)
    async with running(tmp_path / "b", clock, SMALL) as run:
        assert (run.counts.expired_unsent, run.counts.expired_unknown, run.counts.pending) == (900, 100, 0)
        assert (run.counts.accepted, run.lost_open) == (1000, 1000)


async def test_nothing_expires_on_disk_before_its_deadline(tmp_path: Path) -> None:
    clock = FakeClock()
    limits = SpoolLimits(window_payloads=0, page_rows=50)
    async with running(tmp_path / "a", clock, limits) as run:
        early = await run.accept(drafts(70, "early"))
        clock.sleep(10.0)
        await run.accept(drafts(70, "later"))
        clock.at = early[0].deadline
        assert sum(await run.spool.expire()) == 70
        assert run.spool.next_deadline == early[0].deadline + 10.0
        assert sum(await run.spool.expire()) == 0
        assert {one.id.split("-")[0] for one in await run.load_all()} == {"later"}


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0, 315e6, -315e6])
@pytest.mark.parametrize("clean", [True, False])
async def test_no_jump_of_the_wall_clock_moves_a_deadline(tmp_path: Path, jump_s: float, clean: bool) -> None:
    clock = FakeClock(wall=1_800_000_000.0)
    async with running(tmp_path / "a", clock) as run:
        payloads = await run.accept(drafts(2))
        clock.wall += jump_s
        payloads += await run.accept(drafts(2, "after"))
        await run.power_off(tmp_path / "a", tmp_path / "b")
    clock.sleep(100.0)
    clock.wall -= 2 * jump_s
    async with running(tmp_path / ("a" if clean else "b"), clock) as run:
        await run.load_all()
        assert [one.deadline for one in run.held.values()] == [one.deadline for one in payloads]


@pytest.mark.parametrize("jump_s", [0.0, 3600.0, -3600.0, 315e6, -315e6])
async def test_a_reboot_counts_by_the_wall_clock_once_and_within_bounds(tmp_path: Path, jump_s: float) -> None:
    clock = FakeClock(wall=1_800_000_000.0)
    async with running(tmp_path / "a", clock) as run:
        await run.accept(drafts(2))
    clock.reboot(down_s=60.0)
    clock.wall += jump_s
    async with running(tmp_path / "a", clock) as run:
        deadline = run.recovered.pending[0].deadline
        assert deadline - clock.at == min(DEADLINE_S, max(0.0, DEADLINE_S - 60.0 - jump_s))
    clock.sleep(30.0)
    clock.wall += 5000.0
    async with running(tmp_path / "a", clock) as run:
        assert run.recovered.pending[0].deadline == deadline, "a restart moves nothing"


async def test_a_full_spool_refuses_and_takes_again(tmp_path: Path) -> None:
    async with running(tmp_path / "a", limits=SpoolLimits(max_bytes=50_000)) as run:
        payloads = await run.accept(drafts(80, size=400))
        with pytest.raises(SpoolFullError):
            await run.accept(drafts(80, "over", size=400))
        assert await run.accept(drafts(1, "small")), "what fits is taken"
        run.spool.settle_all(payloads, Outcome.DELIVERED)
        await run.written()
        assert len(await run.accept(drafts(80, "now", size=400))) == 80


async def test_a_commit_that_is_cut_short_or_late_still_counts(tmp_path: Path) -> None:
    entered, gate = threading.Event(), threading.Event()

    def stall() -> None:
        entered.set()
        gate.wait(10)

    async with running(tmp_path / "a", limits=SpoolLimits(commit_timeout_s=0.05)) as run:
        run.spool._writer.queue.put(Call(stall, lambda _result, _error: None))
        await asyncio.to_thread(entered.wait, 10)
        late = asyncio.create_task(run.spool.accept(drafts(2, "late"), DEADLINE_S))
        with pytest.raises(CommitTimeoutError):
            await late
        cancelled = asyncio.create_task(run.spool.accept(drafts(3, "gone"), DEADLINE_S))
        await asyncio.sleep(0)
        cancelled.cancel()
        gate.set()
        await asyncio.gather(cancelled, return_exceptions=True)
        await run.written()
        assert (run.counts.accepted, run.counts.queued, len(run.held)) == (5, 5, 5)
    async with running(tmp_path / "a") as run:
        assert run.counts.accepted == 5


async def test_only_this_user_reads_the_files(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        async with running(tmp_path / "a") as run:
            await run.accept(drafts(3))
            files = list((tmp_path / "a/spool").iterdir())
            assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
            assert len(files) == 3
            assert stat.S_IMODE((tmp_path / "a/spool").stat().st_mode) == 0o700
    finally:
        os.umask(old)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_file_system_is_refused(tmp_path: Path, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    escaped = str(tmp_path).replace(" ", "\\040")
    mounts.write_text(f"22 1 0:21 / / rw - ext4 /dev/vda rw\n36 22 0:31 / {escaped} rw - {kind} server:/x rw\n")
    with pytest.raises(SpoolPlaceError, match="network file system") as refused:
        folder.prepare(tmp_path / "spool", mounts)
    assert "INSIGHTS_STATE_DIR" in refused.value.hint
    mounts.write_text("22 1 0:21 / / rw - ext4 /dev/vda rw\n36 22 0:31 / /else rw - nfs server:/x rw\n")
    folder.prepare(tmp_path / "spool", mounts)


async def test_the_empty_queue_stays_empty_across_restarts(tmp_path: Path) -> None:
    for _ in range(3):
        async with running(tmp_path / "a") as run:
            assert run.counts.accepted == 0
            assert (run.spool.paged, run.lost_open, run.spool.usage().dead_letters) == (0, 0, 0)
            assert await run.spool.load(10) == []
            assert run.spool.next_deadline is None
            await run.power_off(tmp_path / "a", tmp_path / "b")
        (tmp_path / "b/spool/000000.mark").unlink()
        async with running(tmp_path / "b") as run:
            await run.examined()
            assert run.counts.accepted == 0


async def test_a_large_drained_file_gives_the_disk_back(tmp_path: Path) -> None:
    async with running(tmp_path / "a", limits=SpoolLimits(rotate_bytes=200_000)) as run:
        payloads = await run.accept(drafts(1000, size=400))
        run.spool.settle_all(payloads, Outcome.DELIVERED)
        await run.spool._call(run.spool._store.epochs[0].checkpoint)
        async with asyncio.timeout(10):
            while (tmp_path / "a/spool/000000.db").exists():
                await run.written()
        assert folder.size(tmp_path / "a/spool") < 200_000
    async with running(tmp_path / "a") as run:
        assert (run.counts.accepted, run.counts.delivered) == (1000, 1000)


async def test_a_file_of_an_earlier_version_is_migrated_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path / "a") as run:
        await run.accept(drafts(3))
    fails = True

    def step(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE meta ADD COLUMN note TEXT")
        if fails:
            raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, step))
    path = tmp_path / "a/spool/000000.db"
    with pytest.raises(schema.ForeignFileError):
        schema.connect(path)
    fails = False
    async with running(tmp_path / "a") as run:
        assert ids(run.recovered.pending) == ["id-0", "id-1", "id-2"]
        version = await run.spool._call(lambda: schema.user_version(run.spool._store.epochs[0].db))
        assert version == len(schema.MIGRATIONS)


async def test_memory_holds_a_window_of_bytes_too(tmp_path: Path) -> None:
    async with running(tmp_path / "a", limits=SpoolLimits(window_bytes=100_000)) as run:
        for number in range(5):
            await run.accept(drafts(10, f"b{number}", size=5000))
        assert len(run.held) == 10
        assert run.spool.paged == 40
