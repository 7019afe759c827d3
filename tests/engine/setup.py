"""Engines with short times, and drafts for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from insights_tui.delivery.engine import Engine
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.domain.clock import Clock, SystemClock
from insights_tui.domain.connection import Connection
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.payload import Draft
from insights_tui.domain.trouble import Code
from insights_tui.spool.base import Spool
from insights_tui.spool.memory import MemorySpool

SHORT: dict[str, Any] = {
    "request_timeout_s": 0.3,
    "connect_timeout_s": 0.3,
    "start_timeout_s": 2.0,
    "lane_backoff_s": 0.01,
    "start_backoff_s": 0.02,
    "backoff_cap_s": 0.1,
    "login_backoff_s": 0.1,
    "login_backoff_cap_s": 0.4,
    "slow_s": 0.1,
    "sweep_s": 0.01,
    "linger_s": 0.001,
    "retire_s": 0.2,
    "compression": "none",
}


class Running:
    """An engine under test and what it told."""

    def __init__(self, engine: Engine, spool: MemorySpool, told: list[Occurrence]) -> None:
        self.engine = engine
        self.spool = spool
        self.told = told

    def codes(self) -> set[Code]:
        """Tell what is wrong just now."""
        return {active.trouble.code for active in self.engine.status().troubles}

    def delivered(self) -> int:
        """Tell how many payloads are delivered."""
        return self.engine.status().counts.delivered


@asynccontextmanager
async def running(
    connection: Connection | None = None,
    *,
    clock: Clock | None = None,
    spool: Spool | None = None,
    **settings: Any,
) -> AsyncIterator[Running]:
    """Run an engine with short times; afterwards nothing of it may be left, and its counts must add up."""
    before = asyncio.all_tasks()
    clock = clock or SystemClock()
    memory = MemorySpool(clock)
    told: list[Occurrence] = []
    engine = Engine(
        spool=spool or memory,
        clock=clock,
        settings=DeliverySettings(**{**SHORT, **settings}),
        on_occurrence=told.append,
    )
    await engine.start()
    engine.use(connection)
    try:
        yield Running(engine, memory, told)
    finally:
        counts = await engine.stop(grace_s=0)
        assert counts.balanced
        assert engine.book_agrees()
        left = {task for task in asyncio.all_tasks() - before if "fakes/broker" not in repr(task)}
        assert not left, left


def drafts(count: int, prefix: str = "id", *, key: bytes | None = None, size: int = 20) -> list[Draft]:
    """Make payloads."""
    return [Draft(f"{prefix}-{number}", b'{"n": %d}' % number + b" " * size, key) for number in range(count)]
