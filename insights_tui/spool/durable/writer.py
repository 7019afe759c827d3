"""The writer: one thread that commits everything that waits in one transaction, and works in between."""

import errno
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import Any, NamedTuple

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Payload
from insights_tui.spool.base import SpoolFullError
from insights_tui.spool.durable.ops import Doubt, Final, LateAck, Op, Taken
from insights_tui.spool.durable.row import EPOCH_BITS, cost
from insights_tui.spool.durable.store import Store

_NO_SPACE, _READ_ONLY = {errno.ENOSPC, errno.EDQUOT}, errno.EROFS


class Ended(NamedTuple):
    """Payloads that the engine settled alike."""

    payloads: Sequence[Payload]
    outcome: Outcome
    reason: str
    ended_ms: int
    late_ack: bool = False


class Noted(NamedTuple):
    """Something else that happened to payloads."""

    payloads: Sequence[Payload]
    what: type[LateAck] | type[Doubt]


class Call(NamedTuple):
    """Something to be done between two commits."""

    act: Callable[[], Any]
    done: Callable[[Any, Exception | None], None]
    last: bool = False


Answers = list[tuple[Any, "Taken | Exception"]]


class Writer:
    """Owns the store from `start` until the last call; tells the loop by `resolve` and `found`, from its thread."""

    def __init__(
        self,
        store: Store,
        resolve: Callable[[Answers], None],
        found: Callable[[], None],
        problem: Callable[[str], None],
    ) -> None:
        self.store = store
        self.queue: SimpleQueue[Any] = SimpleQueue()
        self.commits: deque[float] = deque(maxlen=1000)
        """Seconds of the latest commits."""
        self._resolve, self._found, self._problem = resolve, found, problem
        self._thread = threading.Thread(target=self._run, name="spool-writer", daemon=True)
        self._trouble = ""
        self._probe_at = 0.0

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end of the thread, after the last call."""
        self._thread.join()

    def _run(self) -> None:
        more = True
        while True:
            requests = self._gather(block=not more)
            last = self._handle(requests)
            if last is not None:
                self._do(last)
                return
            more = self._between(idle=not requests or self.queue.empty())
            self.store.publish()
            self._found()

    def _gather(self, *, block: bool) -> list[Any]:
        requests: list[Any] = []
        get = self.queue.get_nowait
        try:
            if block:
                pause = max(0.001, self._probe_at - perf_counter()) if self._trouble else None
                if pause is None and self.store.unopened:
                    pause = self.store.limits.probe_s
                requests.append(self.queue.get(timeout=pause))
            while True:
                requests.append(get())
        except Empty:
            return requests

    def _handle(self, requests: list[Any]) -> Call | None:
        """Commit what waits, then do what was asked for; gives the last call where it is among them."""
        waiting: list[Any] = []
        ops: list[tuple[int, Op]] = []
        calls: list[Call] = []
        for request in requests:
            if isinstance(request, Ended):
                ops += _final(request)
            elif isinstance(request, Noted):
                ops += _noted(request)
            elif isinstance(request, Call):
                calls.append(request)
            else:
                waiting.append(request)
        if waiting or ops:
            self._commit(waiting, ops)
        if self._trouble and perf_counter() >= self._probe_at:
            self._probe()
        for call in calls:
            if call.last:
                return call
            self._do(call)
        return None

    def _commit(self, waiting: list[Any], ops: list[tuple[int, Op]]) -> None:
        started = perf_counter()
        answers: Sequence[Taken | Exception]
        try:
            answers = self.store.commit([one.batch for one in waiting], ops)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must be told and the thread goes on
            self._in_trouble(error)
            answers = [SpoolFullError(self._trouble)] * len(waiting)
        self.commits.append(perf_counter() - started)
        self.store.publish()
        if self.store.trouble is not None:
            self._in_trouble(self.store.trouble)
        if waiting:
            self._resolve(list(zip(waiting, answers, strict=True)))

    def _do(self, call: Call) -> None:
        try:
            result = call.act()
        except Exception as error:  # noqa: BLE001 - handed to whoever asked
            call.done(None, error)
        else:
            if not call.last:
                self.store.publish()  # before the loop hears of it
            call.done(result, None)

    def _between(self, *, idle: bool) -> bool:
        if self._trouble:
            return False
        try:
            self.store.upkeep.checkpoint(idle=idle)
            more = self.store.upkeep.step()
        except Exception as error:  # noqa: BLE001 - the thread goes on
            self._in_trouble(error)
            return False
        if self.store.trouble is not None:
            self._in_trouble(self.store.trouble)
        return more and not self._trouble

    def _in_trouble(self, error: Exception) -> None:
        what = words(error)
        self.store.trouble = None
        self._probe_at = perf_counter() + self.store.limits.probe_s
        if what != self._trouble:
            self._trouble = what
            self._problem(what)

    def _probe(self) -> None:
        try:
            self.store.probe()
        except Exception as error:  # noqa: BLE001 - it is tried again
            self._in_trouble(error)
        else:
            self._trouble = ""
            self._problem("")


def words(error: Exception) -> str:
    """Tell why it cannot be written, for a person."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or (isinstance(error, OSError) and error.errno in _NO_SPACE):
        return "the disk is full"
    if code == sqlite3.SQLITE_READONLY or (isinstance(error, OSError) and error.errno == _READ_ONLY):
        return "the disk is read-only"
    return f"the disk cannot be written: {error}"


def _final(ended: Ended) -> list[tuple[int, Op]]:
    return [
        (number, Final(seqs, ended.outcome, ended.reason, ended.ended_ms, size, ended.late_ack))
        for number, seqs, size in _by_epoch(ended.payloads)
    ]


def _noted(noted: Noted) -> list[tuple[int, Op]]:
    return [(number, noted.what(seqs)) for number, seqs, _ in _by_epoch(noted.payloads)]


def _by_epoch(payloads: Sequence[Payload]) -> list[tuple[int, list[int], int]]:
    seqs = sorted({payload[0] for payload in payloads})
    if not seqs:
        return []
    number = seqs[0] >> EPOCH_BITS
    if seqs[-1] >> EPOCH_BITS == number:
        return [(number, seqs, cost(payloads))]
    apart: dict[int, list[Payload]] = {}
    for payload in payloads:
        apart.setdefault(payload.seq >> EPOCH_BITS, []).append(payload)
    return [(number, sorted({one.seq for one in some}), cost(some)) for number, some in apart.items()]
