"""Executions over a real spool, with a clock that a test moves; the HTTP layer and Kafka are left out."""

import json
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from insights_tui.agent.algorithms.file import AlgorithmsFile
from insights_tui.agent.algorithms.registry import Registry
from insights_tui.agent.executions.keeper import Executions
from insights_tui.agent.executions.store import Store
from insights_tui.agent.ingest import Intake
from insights_tui.domain.execution import Begin
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.payload import Draft, Payload
from insights_tui.domain.report import Names, read_report
from insights_tui.spool.durable import DurableSpool
from tests.spool.machine import DEADLINE_S, FakeClock

NAMES = Names("acme", "score", "1.0.6")


class Bench:
    """What an agent would put together."""

    def __init__(self, state_dir: Path, clock: FakeClock, **limits: int) -> None:
        self.state_dir, self.clock = state_dir, clock
        self.spool = DurableSpool(state_dir, clock)
        self.error: Exception | None = None
        self.taken: list[Draft] = []
        self.pending: list[Payload] = []
        self.notes: list[Occurrence] = []
        self.refusals: dict[Refusal, int] = {}
        self.registry = Registry(AlgorithmsFile(None), clock, self.note)
        self.intake = Intake(self, clock, Names("local", "default", "0.0.0"), self.registry)
        self.store = Store(
            state_dir / "executions.db",
            clock,
            damaged=lambda what: self.note(Occurrence("error", "damaged", "", what)),
            **limits,
        )
        self.executions = Executions(self.store, self.intake, self, self.spool, clock)

    # What ingest asks for.

    async def accept(self, drafts: Sequence[Draft], ended: Sequence[bytes] = ()) -> None:
        if self.error is not None:
            raise self.error
        accepted = await self.spool.accept(drafts, DEADLINE_S, ended)
        self.taken += drafts
        if not accepted.paged:
            self.pending += accepted

    def fill(self) -> float:
        return 0.0

    def refused(self, reason: Refusal, count: int = 1) -> None:
        self.refusals[reason] = self.refusals.get(reason, 0) + count

    def note(self, occurrence: Occurrence) -> None:
        self.notes.append(occurrence)

    # What a test does.

    async def begin(self, names: Names = NAMES, session_id: str | None = None) -> str:
        return (await self.executions.begin(Begin(names, session_id))).request_id

    async def report(self, request_id: str, **metrics: Any) -> tuple[str, ...]:
        merged, _ = await self.executions.report(request_id, read_report(metrics))
        return merged.replaced

    async def finish(self, request_id: str, duration_ms: float | None = None) -> bool:
        return (await self.executions.finish(request_id, duration_ms)).published

    @property
    def values(self) -> list[dict[str, Any]]:
        """What was published, in order."""
        return [json.loads(draft.value) for draft in self.taken]

    async def power_off(self, to: Path) -> Path:
        """Copy the files as they are: first the executions, whose notes the spool then still has."""
        shutil.copytree(self.state_dir, to)
        return to


@asynccontextmanager
async def running(state_dir: Path, clock: FakeClock | None = None, **limits: int) -> AsyncIterator[Bench]:
    """Start executions over a spool, and stop both in order."""
    state_dir.mkdir(exist_ok=True)  # noqa: ASYNC240 - a test may wait for its disk
    bench = Bench(state_dir, clock or FakeClock(), **limits)
    await bench.spool.open()
    await bench.executions.start()
    try:
        yield bench
    finally:
        await bench.executions.stop()
        await bench.spool.close()
