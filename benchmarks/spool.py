"""The durable spool under load: payloads/s accepted and settled, and how long `accept` takes.

`python -m benchmarks.spool [--seconds 3] [--dir DIR] [--busy 0.3]`. A peer in the same run: a thread of its own that
does the same with plain `executemany`, a transaction a group, no checksums. `--busy` is the share of the loop's time
that other work takes, in slices of 2 ms: what a thread pays for the interpreter lock shows only then.
"""

import argparse
import asyncio
import itertools
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections import deque
from pathlib import Path

import uvloop

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Draft, Payload
from insights_tui.spool.base import Arrival
from insights_tui.spool.durable import DurableSpool, SpoolLimits

VALUE = (b'{"algorithm_name": "default", "execution_duration_milliseconds": 123, "pad": "' + b"x" * 560)[:558] + b'"}'
BEHIND = 5000
"""Payloads that are pending all the time; older ones are settled."""


def drafts(count: int, start: int) -> list[Draft]:
    """Make payloads of about 560 bytes."""
    return [Draft(f"0190aaaa-bbbb-7ccc-8ddd-{number:012x}", VALUE) for number in range(start, start + count)]


async def busy(share: float) -> None:
    """Other work on the loop: Python bytecode in slices of 2 ms."""
    while True:
        end = time.perf_counter() + 0.002
        while time.perf_counter() < end:
            pass
        await asyncio.sleep(0.002 / share - 0.002)


async def load(folder: Path, *, group: int, waiters: int, seconds: float, share: float) -> dict[str, float]:
    """Accept with so many at once, settle what is older, and read it all back at the end."""
    spool = DurableSpool(folder, limits=SpoolLimits(window_payloads=1_000_000, window_bytes=1 << 40))
    arrivals: list[Arrival] = []
    spool.on_arrival = arrivals.append
    await spool.open()
    pending: deque[list[Payload]] = deque()
    took: list[float] = []
    numbers = itertools.count()
    held = accepted = 0
    begin = time.perf_counter()
    end = begin + seconds
    prepared = drafts(group, 0)

    async def one() -> None:
        nonlocal held, accepted
        while (started := time.perf_counter()) < end:
            next(numbers)
            payloads = await spool.accept(prepared, 240.0)
            took.append(time.perf_counter() - started)
            spool.attempting(payloads)
            pending.append(payloads)
            accepted += group
            held += group
            if held > BEHIND + 500:
                old: list[Payload] = []
                while held > BEHIND:
                    batch = pending.popleft()
                    held -= len(batch)
                    old += batch
                spool.settle_all(old, Outcome.DELIVERED)

    other = asyncio.create_task(busy(share)) if share else None
    cpu = time.process_time()
    await asyncio.gather(*(one() for _ in range(waiters)))
    for batch in pending:
        spool.settle_all(batch, Outcome.DELIVERED)
    await spool.load(1)
    wall = time.perf_counter() - begin
    cpu = time.process_time() - cpu
    if other is not None:
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
    usage = spool.usage()
    await spool.close()
    again = DurableSpool(folder)
    recovered = await again.open()
    await again.close()
    assert (recovered.counts.accepted, recovered.counts.delivered) == (accepted, accepted), recovered
    took.sort()
    return {
        "per_s": accepted / wall,
        "p50_ms": statistics.median(took) * 1e3,
        "p99_ms": took[len(took) * 99 // 100] * 1e3,
        "commit_p50_ms": (usage.commit_p50_s or 0) * 1e3,
        "commit_p99_ms": (usage.commit_p99_s or 0) * 1e3,
        "cpu_us": cpu / accepted * 1e6,
    }


def peer(folder: Path, *, group: int, seconds: float) -> float:
    """Plain executemany, a transaction a group, on the calling thread."""
    db = sqlite3.connect(folder / "peer.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE payload (seq INTEGER PRIMARY KEY, id TEXT, value BLOB, deadline REAL)")
    seq = 0
    end = (begin := time.perf_counter()) + seconds
    while time.perf_counter() < end:
        rows = [(seq + number, one.id, one.value, 240.0) for number, one in enumerate(drafts(group, seq), 1)]
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO payload VALUES (?, ?, ?, ?)", rows)
        seq += group
        if seq > BEHIND:
            db.executemany("DELETE FROM payload WHERE seq = ?", [(row[0] - BEHIND,) for row in rows])
        db.execute("COMMIT")
    wall = time.perf_counter() - begin
    db.close()
    return seq / wall


async def peer_beside(folder: Path, *, group: int, seconds: float, share: float) -> float:
    """Run the peer in a thread beside the same loop."""
    other = asyncio.create_task(busy(share)) if share else None
    try:
        return await asyncio.to_thread(peer, folder, group=group, seconds=seconds)
    finally:
        if other is not None:
            other.cancel()
            await asyncio.gather(other, return_exceptions=True)


def main() -> None:
    """Print a line for each way of loading it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--dir", type=Path, default=None, help="a directory on the disk to measure")
    parser.add_argument("--busy", type=float, default=0.3)
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(dir=options.dir))
    try:
        for share in (0.0, options.busy):
            print(f"loop busy {share:.0%}")
            for group, waiters in ((1, 1), (1, 128), (20, 8), (100, 4), (500, 2)):
                where = root / f"{share}-{group}-{waiters}"
                where.mkdir()
                found = uvloop.run(load(where, group=group, waiters=waiters, seconds=options.seconds, share=share))
                plain = uvloop.run(peer_beside(where, group=group, seconds=options.seconds / 2, share=share))
                shutil.rmtree(where)
                print(
                    f"  groups of {group:3} x {waiters:3} waiting: {found['per_s']:8,.0f}/s"
                    f"  accept p50 {found['p50_ms']:6.2f} ms p99 {found['p99_ms']:6.2f} ms"
                    f"  commit p50 {found['commit_p50_ms']:6.2f} ms p99 {found['commit_p99_ms']:6.2f} ms"
                    f"  CPU {found['cpu_us']:5.1f} us/payload  plain executemany {plain:8,.0f}/s",
                    flush=True,
                )
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
