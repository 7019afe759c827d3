"""R8: how soon a spool that holds a million payloads accepts and hands over, after a kill and after an orderly stop.

`python -m benchmarks.spool_start [--payloads 1000000] [--dir DIR]`. Also: how long the rest takes in the background,
and how long it takes to end them all where their deadline has passed meanwhile. Gate: accepting <= 1 s, sending <= 3 s.
"""

import argparse
import asyncio
import shutil
import tempfile
import time
from pathlib import Path

import uvloop

from benchmarks.spool import drafts
from insights_tui.domain.clock import Moment, SystemClock
from insights_tui.spool.durable import DurableSpool


class Later(SystemClock):
    """The machine's clocks, so many seconds ahead."""

    def __init__(self, ahead_s: float) -> None:
        super().__init__()
        self._ahead_s = ahead_s

    def now(self) -> Moment:
        """Read both clocks."""
        now = super().now()
        return Moment(now.wall + self._ahead_s, now.boot + self._ahead_s)

    def boot(self) -> float:
        """Read the boot-time clock alone (seconds)."""
        return super().boot() + self._ahead_s


async def fill(folder: Path, count: int, killed: Path) -> None:
    """Accept so many, and copy the files of the open spool: what a kill leaves."""
    spool = DurableSpool(folder)
    await spool.open()
    for start in range(0, count, 2000):
        await spool.accept(drafts(2000, start), 3600.0)
    shutil.copytree(folder, killed)
    await spool.close()


async def start(folder: Path, count: int, name: str) -> None:
    """Open it, accept one, take the first window, then all the rest."""
    began = time.perf_counter()
    spool = DurableSpool(folder)
    lag = 0.0
    recovered = await spool.open()
    opened = time.perf_counter() - began
    await spool.accept(drafts(1, count), 3600.0)
    accepting = time.perf_counter() - began
    first = len(recovered.pending)
    while not first:
        first = len(await spool.load(1000))
    sending = time.perf_counter() - began
    worst = 0.0
    while spool.paged:
        await spool.load(2000)
        asked = time.perf_counter()
        await spool.accept(drafts(1, count), 3600.0)
        lag = time.perf_counter() - asked
        worst = max(worst, lag)
        if spool.paged < 10:
            break
    rest = time.perf_counter() - began
    await spool.close()
    assert recovered.counts.pending == count, recovered.counts
    print(
        f"  {name}: open {opened:.3f} s, accepting {accepting:.3f} s, first payloads {sending:.3f} s,"
        f" all handed over {rest:.1f} s; slowest accept beside it {worst * 1e3:.0f} ms",
        flush=True,
    )


async def expired(folder: Path, count: int) -> None:
    """Open it when every deadline has passed, and end them all."""
    spool = DurableSpool(folder, Later(4000.0))
    began = time.perf_counter()
    await spool.open()
    ended = 0
    while ended < count:
        found = sum(await spool.expire())
        ended += found
        if not found:
            await asyncio.sleep(0.001)
    wall = time.perf_counter() - began
    assert ended == count
    print(f"  after its deadlines: {count:,} ended in {wall:.1f} s", flush=True)
    await spool.close()


def main() -> None:
    """Print a line for each way of starting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payloads", type=int, default=1_000_000)
    parser.add_argument("--dir", type=Path, default=None)
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(dir=options.dir))
    try:
        clean, killed = root / "clean", root / "killed"
        clean.mkdir()
        uvloop.run(fill(clean, options.payloads, killed))
        late = root / "late"
        shutil.copytree(killed, late)
        print(f"{options.payloads:,} payloads spooled")
        uvloop.run(start(clean, options.payloads, "after an orderly stop"))
        uvloop.run(start(killed, options.payloads, "after a kill"))
        uvloop.run(expired(late, options.payloads))
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
