"""A process that dies at every named point: whatever it had answered is there, and the books agree."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from insights_tui.domain.outcome import Outcome
from insights_tui.spool.base import REDRIVE_DEFAULT, Selection
from insights_tui.spool.crash import POINTS
from insights_tui.spool.durable import DurableSpool, SpoolLimits
from tests.spool.machine import drafts, running

LIMITS = SpoolLimits(window_payloads=50, page_rows=50)
ELSEWHERE = {"before_send", "after_ack_before_delete"}
"""Points that belong to whoever sends; here the child passes them itself."""


async def child(state_dir: Path) -> None:
    """Work until death, and print what was answered and settled, each line once it is true."""
    from insights_tui.spool.crash import crash_point

    def say(what: str, names: list[str]) -> None:
        os.write(1, "".join(f"{what} {name}\n" for name in names).encode())

    run = os.urandom(4).hex()
    spool = DurableSpool(state_dir, limits=LIMITS)
    recovered = await spool.open()
    held = list(recovered.pending)
    for number in range(100):
        accepted = await spool.accept(drafts(20, f"{run}-{number}"), 240.0)
        say("accepted", [one.id for one in accepted])
        if not accepted.paged:
            held += accepted
        if spool.paged:
            held += await spool.load(30)
        if number % 3 == 2:
            sent, held = held[:15], held[15:]
            spool.attempting(sent)
            crash_point("before_send")
            outcome = Outcome.EXPIRED_UNKNOWN if number % 9 == 8 else Outcome.DELIVERED
            say("ending", [one.id for one in sent])
            crash_point("after_ack_before_delete")
            spool.settle_all(sent, outcome, "late")
            await spool.load(0)
            say("ended", [one.id for one in sent])
        if number % 20 == 19:
            again = await spool.redrive(REDRIVE_DEFAULT, 240.0, limit=5)
            say("again", [one.id for one in again])
        if number % 20 == 19:
            await spool._call(spool._store.epochs[max(spool._store.epochs)].checkpoint)
    os.kill(os.getpid(), signal.SIGKILL)


def die(state_dir: Path, at: str) -> list[tuple[str, str]]:
    """Run a child until it dies; tell what it said."""
    environ = {**os.environ, "INSIGHTS_TEST_CRASH_AT": at}
    done = subprocess.run(
        [sys.executable, "-m", "tests.spool.test_crash", state_dir], env=environ, capture_output=True, timeout=60
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]
    lines = [line.split(" ") for line in done.stdout.decode().splitlines()]
    return [(what, name) for what, name in lines]


async def hold_against(state_dir: Path, said: list[tuple[str, str]]) -> None:
    """Every id that was answered is pending or has ended, and no outcome that was written came undone."""
    async with running(state_dir) as run:
        await run.load_all()
        await run.examined()
        await run.load_all()
        pending = {one.id: one for one in run.held.values()}
        letters = {one.payload.id for one in await run.spool.lost(Selection(), limit=100_000, open_only=False)}
        accepted = {name for what, name in said if what == "accepted"}
        ending = {name for what, name in said if what == "ending"}
        ended = {name for what, name in said if what == "ended"}
        again = {name for what, name in said if what == "again"}
        assert accepted - pending.keys() - letters <= ending, "only what was settled is gone"
        assert not (ended - again) & (pending.keys() - letters), "what ended does not come back"
        assert all(pending[name].in_doubt for name in (ending - ended) & (pending.keys() - letters))
        counts = run.counts
        assert counts.balanced
        assert counts.damaged == 0
        assert counts.pending == len(run.held)
        assert counts.accepted >= len(accepted) + len(again)
        assert run.lost_open + run.spool._store.total("redriven") == counts.expired_unknown
        run.spool.settle_all(list(run.held.values()), Outcome.DELIVERED)


@pytest.mark.parametrize("point", [*POINTS, "none"])
async def test_death_at_a_named_point(tmp_path: Path, point: str) -> None:
    said: list[tuple[str, str]] = []
    for nth in (1, 4):
        said += await asyncio.to_thread(die, tmp_path, f"{point}:{nth}")
    await hold_against(tmp_path, said)
    async with running(tmp_path) as run:
        assert run.counts.pending == 0
        assert run.counts.balanced


if __name__ == "__main__":
    asyncio.run(child(Path(sys.argv[1])))
