"""Executions: one payload each, published once, whatever dies in between.

An execution ends with the commit that puts its payload into the spool: the same transaction notes its key there.
Where the process dies before it, the execution is still open; where it dies after it, the next start finds the note
and closes the execution. The note goes once the close is on disk.
"""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, cast

from uuid_utils import uuid4

from insights_tui.agent.control import Ingest
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
from insights_tui.agent.executions.store import Store
from insights_tui.agent.executions.words import BEING_ENDED, answer, damaged, unfinished
from insights_tui.agent.ingest import Intake, NotAcceptedError
from insights_tui.domain.clock import Clock
from insights_tui.domain.execution import SILENCE_S, Begin, Merged, key_of, payload_id, request_id_of
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.payload import Draft
from insights_tui.domain.report import DURATION, BadReportError, Names, Number, Report, encode_value
from insights_tui.spool.base import CommitTimeoutError, QueueFullError, SpoolFullError
from insights_tui.spool.crash import crash_point

SWEEP_S = 5.0
"""How often those that went silent are looked for."""
ANSWER_S = 1.5
"""For which the end of an execution is waited for; it goes on after that."""
_PAGE = 500


class Notes(Protocol):
    """What the spool knows of executions that ended; see `Spool.ended`."""

    async def ended(self) -> Sequence[bytes]:
        """Tell the keys whose payload was accepted and that were not forgotten; after what waits to be committed."""
        ...

    def forget_ended(self, keys: Sequence[bytes]) -> None:
        """Forget them: their close is on disk."""
        ...


class Begun(NamedTuple):
    """An execution that somebody began."""

    request_id: str
    session_id: str


class Ended(NamedTuple):
    """How an execution ended."""

    published: bool
    """`False` where it had ended before, or where Insights is off."""
    id: str | None = None
    disabled: bool = False
    """Insights is off for its algorithm."""


class Executions:
    """All executions of one agent, on its loop."""

    def __init__(self, store: Store, intake: Intake, ingest: Ingest, notes: Notes, clock: Clock) -> None:
        self._store, self._intake, self._ingest, self._notes, self._clock = store, intake, ingest, notes, clock
        self._ending: dict[bytes, asyncio.Task[Ended]] = {}
        self._closing: list[bytes] = []
        self._trouble = "the file is not open"
        self._closer: asyncio.Task[None] | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self.unfinished = 0
        """Published after a silence, since the start."""

    @property
    def open(self) -> int | None:
        """Executions that nobody has ended yet; `None` where the file cannot be used."""
        return None if self._trouble else self._store.open

    async def start(self) -> None:
        """Open the store and close what the spool has already; what the disk refuses is tried again, and told."""
        await self._recover()
        self._sweeper = asyncio.create_task(self._sweeping(), name="executions-sweeper")

    async def _recover(self) -> None:
        """Close what an earlier process ended; before that nothing is taken in, for it could be ended twice."""
        try:
            if not self._store.running:
                await self._store.start()
            ended = await self._notes.ended()
            if ended:
                await self._store.ask(Closing(ended))
                self._notes.forget_ended(ended)
        except (OSError, sqlite3.Error, NotWrittenError) as error:
            self._trouble = str(error)
            self._ingest.note(damaged(f"executions.db cannot be used: {error}. It is tried again."))
        else:
            self._trouble = ""

    async def _ask(self, op: Op) -> Any:
        if self._trouble:
            raise NotWrittenError(self._trouble)
        return await self._store.ask(op)

    async def stop(self) -> None:
        """Let what is ending come to its end, and close the file; what is open stays."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        under_way: list[asyncio.Task[Ended] | asyncio.Task[None]] = [*self._ending.values()]
        if under_way:
            await asyncio.wait(under_way, timeout=1.0)
        if self._closer is not None:
            await asyncio.wait({self._closer}, timeout=1.0)
        await self._store.stop()

    async def begin(self, begin: Begin) -> Begun:
        """Begin one; returns after the commit, raises `NotAcceptedError`."""
        key = uuid4().bytes
        session_id = begin.session_id or f"rses-{uuid4()}"
        try:
            await self._ask(Opening(key, Begin(begin.names, session_id)))
        except (FullError, NotWrittenError) as error:
            raise self._refused(error) from None
        return Begun(request_id_of(key), session_id)

    async def report(self, request_id: str, report: Report) -> tuple[Merged, Names]:
        """Merge a report into one; returns after the commit, raises `NotAcceptedError`."""
        try:
            return cast(
                "tuple[Merged, Names]",
                await self._ask(Reporting(self._key(request_id), report.metrics, report.kinds)),
            )
        except BadReportError as bad:
            status = 413 if bad.reason is Refusal.TOO_LARGE else 400
            raise self._intake.refuse((bad.error,), status=status, reason=bad.reason) from None
        except (UnknownError, EndedError, NotWrittenError) as error:
            raise self._refused(error) from None

    async def finish(self, request_id: str, duration_ms: Number | None) -> Ended:
        """End one and publish its payload; returns after the commit, raises `NotAcceptedError`.

        `duration_ms` is measured where it is not given. A second time it gives `published=False`.
        """
        key = self._key(request_id)
        task = self._ending.get(key)
        mine = task is None
        if task is None:
            task = self._ending[key] = asyncio.create_task(self._end(key, duration_ms))
            task.add_done_callback(lambda _: self._ending.pop(key, None))
        done, _ = await asyncio.wait({task}, timeout=ANSWER_S)  # it goes on where the client hangs up
        if not done:
            raise NotAcceptedError((BEING_ENDED,), status=503, reason=None, retry_after_s=1)
        try:
            ended = task.result()
        except (UnknownError, NotWrittenError) as error:
            raise self._refused(error) from None
        return ended if mine else Ended(published=False)

    async def _end(self, key: bytes, duration_ms: Number | None) -> Ended:
        run = cast("Run", await self._ask(Taking(key)))
        if run.closed:
            return Ended(published=False)
        if run.ending:  # it went silent, and is being published just now
            raise NotAcceptedError((BEING_ENDED,), status=503, reason=None, retry_after_s=1)
        crash_point("run_taken")
        algorithm = self._intake.entry(run.names)
        if not algorithm.on:
            self._intake.disabled(algorithm)
            self._close([run.key])
            return Ended(published=False, disabled=True)
        if duration_ms is None:
            duration_ms = round(max(0.0, self._store.now() - run.begun) * 1000, 3)
        draft = self._draft(run, self._clock.now().wall, {DURATION: duration_ms})
        try:
            await self._intake.accept((draft,), run.names, ended=(key,))
        except BaseException as error:
            slow = isinstance(error, NotAcceptedError) and error.reason is None
            if not (slow and key in await self._notes.ended()):
                await self._store.ask(Returning((key,)))
                raise
        crash_point("run_accepted")
        self._intake.took(algorithm, Report(run.metrics, kinds=run.kinds), draft.value)
        self._close([key])
        return Ended(published=True, id=draft.id)

    # Those that nobody ends.

    async def _sweeping(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            if self._trouble:
                await self._recover()
            self._close(())
            while await self.sweep():
                pass

    async def sweep(self) -> bool:
        """Publish a page of those that went silent; tells whether there may be more. Returns when they are closed."""
        try:
            runs = cast("list[Run]", await self._ask(Quiet(SILENCE_S, _PAGE)))
        except NotWrittenError:
            return False
        wanted = [run for run in runs if self._intake.entry(run.names).on]
        unwanted = [run for run in runs if not self._intake.entry(run.names).on]
        for run in unwanted:
            self._intake.disabled(self._intake.entry(run.names))
        self._close([run.key for run in unwanted])
        if wanted and not await self._publish_silent(wanted):
            with contextlib.suppress(NotWrittenError):  # it marks in memory alone; the sweeper must outlive the disk
                await self._store.ask(Returning([run.key for run in wanted]))
            return False
        if self._closer is not None:  # until they are closed, the next page would be these again
            await asyncio.wait({self._closer})
        return len(runs) == _PAGE

    async def _publish_silent(self, runs: Sequence[Run]) -> bool:
        """Publish without a duration: when they ended, nobody knows. Tells whether it was taken."""
        drafts = [self._draft(run, run.touched_wall, {}) for run in runs]
        keys = [run.key for run in runs]
        try:
            await self._ingest.accept(drafts, keys)
        except CommitTimeoutError:
            if not set(keys) <= set(await self._notes.ended()):
                return False
        except (QueueFullError, SpoolFullError, NotAcceptedError):
            return False  # nobody was refused: it is tried again
        crash_point("run_accepted")
        for run, draft in zip(runs, drafts, strict=True):
            self._intake.took(self._intake.entry(run.names), Report(run.metrics, kinds=run.kinds), draft.value)
        for names, count in Counter(run.names for run in runs).items():
            self._ingest.note(unfinished(names, count))
        self.unfinished += len(runs)
        self._close(keys)
        return True

    # Closing.

    def _close(self, keys: Sequence[bytes]) -> None:
        self._closing += keys
        if self._closing and self._closer is None:
            self._closer = asyncio.create_task(self._closes())

    async def _closes(self) -> None:
        """Close what is in the spool, then let the spool forget it; what fails is tried again by the sweeper."""
        try:
            while self._closing:
                keys, self._closing = self._closing, []
                try:
                    await self._store.ask(Closing(keys))
                except NotWrittenError:
                    self._closing += keys
                    return
                crash_point("run_closed")
                self._notes.forget_ended(keys)
        finally:
            self._closer = None

    def _draft(self, run: Run, wall: float, given: dict[str, str | Number]) -> Draft:
        request_id = request_id_of(run.key)
        value = encode_value(
            run.metrics,
            names=run.names,
            request_id=request_id,
            session_id=run.session_id,
            time=datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
            given=given,
        )
        return Draft(payload_id(run.key, run.begun_ms), value, self._intake.record_key(run.names, request_id))

    def _key(self, request_id: str) -> bytes:
        key = key_of(request_id)
        if key is None:
            raise self._refused(UnknownError())
        return key

    def _refused(self, error: Exception) -> NotAcceptedError:
        status, wrong, reason, retry_after_s = answer(error)
        return self._intake.refuse((wrong,), status=status, reason=reason, retry_after_s=retry_after_s)
