"""A machine to run spools on: its disk, its clocks, and ways to end the power."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from insights_tui.domain.clock import Moment
from insights_tui.domain.payload import Draft, Payload
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.base import Arrival, Recovered
from insights_tui.spool.durable import DurableSpool, SpoolLimits
from insights_tui.spool.durable.told import add

DEADLINE_S = 240.0


class FakeClock:
    """A clock to be moved."""

    def __init__(self, wall: float = 1_700_000_000.0, boot: float = 1000.0, boot_id: str = "boot-1") -> None:
        self.wall, self.at, self.boot_id = wall, boot, boot_id

    def now(self) -> Moment:
        return Moment(self.wall, self.at)

    def boot(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        """Time passes, awake or asleep: the boot-time clock counts both."""
        self.wall += seconds
        self.at += seconds

    def reboot(self, *, down_s: float = 60.0) -> None:
        self.wall += down_s
        self.at = 5.0
        self.boot_id += "'"


@dataclass
class Running:
    """An open spool, and the books that an engine would keep of it."""

    spool: DurableSpool
    recovered: Recovered
    counts: Counts = field(default_factory=Counts)
    lost_open: int = 0
    held: dict[int, Payload] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)

    def arrive(self, arrival: Arrival) -> None:
        self.arrivals.append(arrival)
        self.counts = add(self.counts, arrival.counts)
        self.lost_open += arrival.lost_open
        self.hold(arrival.pending)

    def hold(self, payloads: Sequence[Payload]) -> None:
        for payload in payloads:
            assert payload.seq not in self.held, "handed over twice"
            self.held[payload.seq] = payload

    async def accept(self, drafts: Sequence[Draft], deadline_s: float = DEADLINE_S) -> list[Payload]:
        accepted = await self.spool.accept(drafts, deadline_s)
        self.counts = add(self.counts, Counts(accepted=len(accepted), queued=len(accepted)))
        if not accepted.paged:
            self.hold(accepted)
        return accepted

    async def load_all(self) -> list[Payload]:
        """Load until nothing is on disk alone; waits for an examination under way."""
        loaded: list[Payload] = []
        async with asyncio.timeout(10):
            while self.spool.paged:
                loaded += await self.spool.load(1000)
                await asyncio.sleep(0)
        self.hold(loaded)
        return loaded

    async def examined(self) -> None:
        """Wait until nothing of an earlier start is left to examine."""
        async with asyncio.timeout(10):
            while self.spool._store.jobs:
                await asyncio.sleep(0.001)
        await self.written()

    async def written(self) -> None:
        """Wait until everything handed to the writer is on disk, and until the loop has heard of it."""
        await self.spool._call(lambda: None)
        await self.spool._call(lambda: None)

    async def power_off(self, state_dir: Path, to: Path) -> Path:
        """Copy the files as they are just now: what a process killed at this instant leaves behind.

        The writer itself copies them: it changes nothing meanwhile.
        """

        def copy() -> Path:
            shutil.rmtree(to, ignore_errors=True)
            shutil.copytree(state_dir, to)
            return to

        return await self.spool._call(copy)

    def codes(self) -> list[str]:
        return [one.code for arrival in self.arrivals for one in arrival.occurrences]


@asynccontextmanager
async def running(
    state_dir: Path, clock: FakeClock | None = None, limits: SpoolLimits | None = None
) -> AsyncIterator[Running]:
    """Open a spool, and close it in order."""
    state_dir.mkdir(exist_ok=True)  # noqa: ASYNC240 - a test may wait for its disk
    spool = DurableSpool(state_dir, clock or FakeClock(), limits)
    run = Running(spool, Recovered())
    spool.on_arrival = run.arrive
    run.recovered = await spool.open()
    run.counts, run.lost_open = run.recovered.counts, run.recovered.lost_open
    run.hold(run.recovered.pending)
    try:
        yield run
    finally:
        await spool.close()


def drafts(count: int, prefix: str = "id", size: int = 20, key: bytes | None = None) -> list[Draft]:
    """Make payloads."""
    return [Draft(f"{prefix}-{number}", b'{"n": %d}' % number + b" " * size, key) for number in range(count)]


def ids(payloads: Sequence[Payload]) -> list[str]:
    return [payload.id for payload in payloads]
