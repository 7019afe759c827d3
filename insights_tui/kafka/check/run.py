"""The check as a whole: all bootstrap servers at once, every member as soon as one of them reports it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime

from insights_tui.domain.check import CheckStep, CheckVerdict, Role
from insights_tui.domain.connection import Connection, Server
from insights_tui.kafka.check.job import Job
from insights_tui.kafka.check.limits import CheckLimits
from insights_tui.kafka.check.scene import Scene
from insights_tui.kafka.check.server import ServerCheck
from insights_tui.kafka.check.verdict import unusable_verdict, verdict_of
from insights_tui.kafka.view import View
from insights_tui.kafka.wire import let_go

_STANDARD = CheckLimits()


async def check(
    connection: Connection, *, limits: CheckLimits = _STANDARD, now: datetime, login: bool = True
) -> AsyncGenerator[CheckStep | CheckVerdict, None]:
    """Give each step as it ends, at last the verdict; `login=False` stops before logging in.

    Every step is bounded, so is the whole. Closing the generator or cancelling who reads it ends every task and every
    connection. Nothing is created and nothing written; a wrong password costs one login.
    """
    started = asyncio.get_running_loop().time()
    try:
        run = _Run(connection, limits, now, login=login)
    except (ValueError, OSError) as error:  # an SSLError is an OSError
        yield unusable_verdict(connection, error)
        return
    try:
        run.begin()
        while (step := await run.next()) is not None:
            yield step
        seconds = asyncio.get_running_loop().time() - started
        yield replace(verdict_of(run.scene, limits), seconds=round(seconds, 3))
    finally:
        await run.stop()


async def explain(
    connection: Connection, *, now: datetime, limits: CheckLimits = _STANDARD, login: bool = True
) -> CheckVerdict:
    """Run a check for its verdict alone."""
    verdict = CheckVerdict("failed", 0)
    async with aclosing(check(connection, limits=limits, now=now, login=login)) as steps:
        async for item in steps:
            if isinstance(item, CheckVerdict):
                verdict = item
    return verdict


class _Run:
    """The tasks of one check; raises what `Job.of` raises."""

    def __init__(self, connection: Connection, limits: CheckLimits, now: datetime, *, login: bool) -> None:
        self._job = Job.of(connection, limits, now, login=login, told=self._tell, viewed=self._viewed)
        self._told: asyncio.Queue[CheckStep | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._checks: dict[Server, ServerCheck] = {}

    @property
    def scene(self) -> Scene:
        """Everything that was seen, each address once."""
        job = self._job
        seen = tuple(one.seen for one in self._checks.values())
        return Scene(seen, job.connection, job.now, job.trusted, job.login)

    def begin(self) -> None:
        """Start with the bootstrap servers."""
        for server in self._job.connection.servers[: self._job.limits.servers]:
            self._start(server, Role.BOOTSTRAP)

    async def next(self) -> CheckStep | None:
        """Wait for the next step that ends; `None` once nobody is under way."""
        return await self._told.get()

    async def stop(self) -> None:
        """End every task and every connection."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await let_go(self._job.wires)

    def _start(self, server: Server, role: Role, node_id: int | None = None) -> None:
        check = self._checks[server] = ServerCheck(self._job, server, role, node_id)
        task = asyncio.create_task(check.run(), name=f"check-{server}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not self._tasks:
            self._told.put_nowait(None)
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error  # a mistake of ours: into the loop's log, not into silence

    def _tell(self, step: CheckStep) -> None:
        self._told.put_nowait(step)

    def _viewed(self, view: View) -> None:
        """Take the members that a server reports: those not tried yet are, a bootstrap server learns who it is."""
        for number, server in view.brokers.items():
            known = self._checks.get(server)
            if known is not None:
                known.seen.node_id = number if known.seen.node_id is None else known.seen.node_id
            elif len(self._checks) < self._job.limits.servers:
                self._start(server, Role.MEMBER, number)
