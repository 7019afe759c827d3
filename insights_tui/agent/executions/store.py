"""Executions on disk as the loop sees them: one thread commits everything that waits in one transaction."""

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from insights_tui.agent.executions.ops import (
    Closing,
    EndedError,
    FullError,
    NotWrittenError,
    Op,
    Opening,
    Quiet,
    Reporting,
    Returning,
    Taking,
    UnknownError,
)
from insights_tui.agent.executions.run import Run
from insights_tui.agent.executions.table import NotOursError, Table, broken
from insights_tui.domain.clock import Clock, Moment
from insights_tui.domain.execution import CLOSED_KEPT_S, Merged, merge
from insights_tui.domain.report import BadReportError, MetricKind, Names
from insights_tui.spool.crash import crash_point

MAX_OPEN = 1_000_000
"""Executions open at a time; beyond it a beginning is answered 429."""
MAX_BYTES = 1024**3
"""Bytes that they may take together."""
_FORGET, _FORGET_EVERY_S = 4000, 0.5


class _Waiting(NamedTuple):
    op: Op
    done: "asyncio.Future[Any]"


class Store:
    """Owns the file `executions.db`; without a path nothing outlives the process."""

    def __init__(
        self,
        path: Path | None,
        clock: Clock,
        *,
        damaged: Callable[[str], None] = lambda _: None,
        max_open: int = MAX_OPEN,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """`damaged` is told on the loop, in words, what could not be read."""
        self._clock, self._damaged = clock, damaged
        self._max_open, self._max_bytes = max_open, max_bytes
        self._table = Table(path, clock)
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._up = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started: asyncio.Future[None] | None = None
        self._marked: list[bytes] = []
        """Taken in the transaction under way."""
        self._forgot_at = 0.0

    async def start(self) -> None:
        """Open the file; raises `OSError` or `sqlite3.Error` where the disk does not let it, to be tried again."""
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name="executions-writer", daemon=True)
        self._thread.start()
        await self._started

    async def stop(self) -> None:
        """Commit what waits and let go of the file."""
        if self._thread is not None and self.running:
            self._up = False
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    @property
    def running(self) -> bool:
        """Whether the file is open."""
        return self._up and self._thread is not None and self._thread.is_alive()

    @property
    def open(self) -> int:
        """Executions that are open; a glance at what the thread counts."""
        return self._table.open

    def now(self) -> float:
        """Tell the second of the timeline."""
        return self._table.timeline.at(self._clock.boot())

    async def ask(self, op: Op) -> Any:
        """Have something done; returns after the commit.

        Raises `UnknownError`, `EndedError`, `FullError`, `NotWrittenError`, `BadReportError`.
        """
        if self._loop is None or not self.running:
            raise NotWrittenError("the agent is stopping")
        done: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put(_Waiting(op, done))
        return await done

    # From here on: the thread.

    def _run(self) -> None:
        try:
            self._open()
        except Exception as error:  # noqa: BLE001 - whatever it is, the start must be told
            self._tell(self._not_started, error)
            return
        self._tell(self._is_started, None)
        last = False
        while not last:
            waiting, last = self._gather()
            if waiting:
                answers = self._commit(waiting)
                self._tell(_resolve, answers)
            with contextlib.suppress(sqlite3.Error):  # tried again after the next commit
                self._upkeep(idle=self._queue.empty())
        with contextlib.suppress(sqlite3.Error):
            self._table.checkpoint(idle=True)
        self._table.close()

    def _open(self) -> None:
        try:
            self._table.start()
        except NotOursError as error:
            self._anew(str(error))

    def _anew(self, why: str) -> None:
        kept = self._table.set_aside()
        self._table.start()
        self._tell(self._damaged, f"executions.db cannot be used ({why}); it is kept as {kept}.")

    def _gather(self) -> tuple[list[_Waiting], bool]:
        found: list[_Waiting] = []
        one = self._queue.get()
        while one is not None:
            found.append(one)
            try:
                one = self._queue.get_nowait()
            except Empty:
                return found, False
        return found, True

    def _commit(self, waiting: Sequence[_Waiting]) -> list[tuple["asyncio.Future[Any]", Any]]:
        staged: dict[bytes, Run] = {}
        now = self._clock.now()
        answers: list[Any] = []
        self._marked.clear()
        try:
            for one in waiting:
                answers.append(self._apply(one.op, staged, now))  # noqa: PERF401 - each sees what those before it staged
            changed = [run for run in staged.values() if run.seq]
            if changed:
                crash_point("run_before_commit")
                self._table.write(changed)
                crash_point("run_after_commit")
        except Exception as error:  # noqa: BLE001 - those who wait must be told, and the thread goes on
            self._failed(error)
            for key in self._marked:
                if (run := self._table.held.get(key)) is not None:
                    self._table.held[key] = run._replace(ending=False)
            trouble = NotWrittenError(str(error))
            return [(one.done, trouble) for one in waiting]
        return [(one.done, answer) for one, answer in zip(waiting, answers, strict=True)]

    def _failed(self, error: Exception) -> None:
        if isinstance(error, sqlite3.DatabaseError) and broken(error):
            with contextlib.suppress(OSError, sqlite3.Error, NotOursError):
                self._anew(str(error))

    def _apply(self, op: Op, staged: dict[bytes, Run], now: Moment) -> Any:
        match op:
            case Opening():
                return self._begin(op, staged, now)
            case Reporting():
                return self._report(op, staged, now)
            case Taking():
                run = self._find(op.key, staged)
                if run is not None and not run.closed and not run.ending:  # what fails unmarks what it marked
                    self._mark(run, staged, ending=True)
                return UnknownError() if run is None else run
            case Closing():
                for run in [one for one in self._all(op.keys, staged) if not one.closed]:
                    staged[run.key] = self._touched(run, now)._replace(closed=True, ending=False, metrics={}, kinds={})
                return None
            case Returning():
                for run in self._all(op.keys, staged):
                    self._mark(run, staged, ending=False)
                return None
            case Quiet():
                return self._quiet(op, staged, now)

    def _find(self, key: bytes, staged: dict[bytes, Run]) -> Run | None:
        return staged.get(key) or self._table.find(key)

    def _all(self, keys: Sequence[bytes], staged: dict[bytes, Run]) -> list[Run]:
        return [run for run in (self._find(key, staged) for key in keys) if run is not None]

    def _report(self, op: Reporting, staged: dict[bytes, Run], now: Moment) -> tuple[Merged, Names] | Exception:
        run = self._find(op.key, staged)
        if run is None:
            return UnknownError()
        if run.closed or run.ending:
            return EndedError()
        try:
            merged = merge(run.metrics, op.metrics)
        except BadReportError as bad:
            return bad
        staged[op.key] = self._touched(run, now)._replace(metrics=merged.metrics, kinds=_kinds(run, op))
        return merged, run.names

    def _begin(self, op: Opening, staged: dict[bytes, Run], now: Moment) -> Run | FullError:
        table = self._table
        begun = sum(1 for run in staged.values() if run.seq >= table.next)
        if table.open + begun >= self._max_open or table.bytes >= self._max_bytes:
            return FullError()
        at = table.timeline.at(now.boot)
        names, session = op.begin
        run = Run(table.next + begun, op.key, names, session or "", int(now.wall * 1000), at, at, now.wall, {}, {})
        staged[op.key] = run
        return run

    def _quiet(self, op: Quiet, staged: dict[bytes, Run], now: Moment) -> list[Run]:
        found, bad = self._table.quiet(self._table.timeline.at(now.boot) - op.silence_s, op.limit)
        if bad:
            self._table.remove(bad)
            self._tell(self._damaged, f"{len(bad)} executions in executions.db cannot be read; they are left out.")
        taken = [run for run in found if run.key not in staged]
        for run in taken:
            self._mark(run, staged, ending=True)
        return taken

    def _mark(self, run: Run, staged: dict[bytes, Run], *, ending: bool) -> None:
        """Note in memory alone that it is ending, or goes on."""
        if ending:
            self._marked.append(run.key)
        if run.key in staged:
            staged[run.key] = staged[run.key]._replace(ending=ending)
        else:
            self._table.held[run.key] = run._replace(ending=ending)

    def _touched(self, run: Run, now: Moment) -> Run:
        return run._replace(touched=self._table.timeline.at(now.boot), touched_wall=now.wall)

    def _upkeep(self, *, idle: bool) -> None:
        table = self._table
        if (now := time.monotonic()) - self._forgot_at >= _FORGET_EVERY_S:
            self._forgot_at = now
            table.forget(table.timeline.at(self._clock.boot()) - CLOSED_KEPT_S, _FORGET)
        table.checkpoint(idle=idle)

    def _tell(self, what: Callable[[Any], None], value: Any) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is gone, and nobody waits
                loop.call_soon_threadsafe(what, value)

    def _is_started(self, _: None) -> None:
        self._up = True
        if self._started is not None and not self._started.done():
            self._started.set_result(None)

    def _not_started(self, error: Exception) -> None:
        if self._started is not None and not self._started.done():
            self._started.set_exception(error)


def _kinds(run: Run, op: Reporting) -> dict[str, MetricKind]:
    if not op.kinds and not run.kinds:
        return run.kinds
    return {name: kind for name, kind in run.kinds.items() if name not in op.metrics} | op.kinds


def _resolve(answers: Sequence[tuple["asyncio.Future[Any]", Any]]) -> None:
    for done, answer in answers:
        if done.done():
            continue
        if isinstance(answer, Exception):
            done.set_exception(answer)
        else:
            done.set_result(answer)
