"""Post numbered payloads over a few connections, and go on whatever happens to the agent."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Self

from benchmarks.harness import payloads
from benchmarks.harness.answers import Answers
from benchmarks.harness.wire import Address, Wire

_AGAIN_S = 0.005
_ANSWER_S = 30.0


class Call(NamedTuple):
    """When a call was made and answered (monotonic)."""

    began: float
    answered: float
    lines: int
    accepted: bool


class Loader:
    """Threads that post NDJSON calls to `/v1/payloads` while `may` allows it; each call takes numbers of its own.

    A call is never repeated: what came of it is in `answers`.
    """

    def __init__(
        self,
        address: Address,
        answers: Answers,
        *,
        lines: int = 100,
        connections: int = 4,
        may: Callable[[], bool] = lambda: True,
        per_s: float | None = None,
    ) -> None:
        self.answers = answers
        self._address = address
        self._lines = lines
        self._may = may
        self._pace = _Pace(per_s / lines) if per_s else None
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._post, name=f"loader-{each}") for each in range(connections)]
        self.calls: list[Call] = []
        """Every call, where a pace bounds their number; those without an answer too, as not accepted."""
        self.slowest_s = 0.0
        """The longest time to an answer."""
        self.without_retry_after = 0
        """Answers 429 or 507 without `Retry-After`."""

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop posting; returns when every call under way is over."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _post(self) -> None:
        wire: Wire | None = None
        while not self._over.is_set():
            if not self._may() or (self._pace is not None and not self._pace.turn()):
                self._over.wait(_AGAIN_S)
                continue
            try:
                wire = wire or Wire(self._address, _ANSWER_S)
            except OSError:
                self._over.wait(_AGAIN_S)
                continue
            numbers = self.answers.take(self._lines)
            began = time.monotonic()
            try:
                answer = wire.post("/v1/payloads", payloads.body(numbers))
            except OSError:
                self._keep(began, numbers, accepted=False)
                self.answers.silent(numbers)
                wire.close()
                wire = None
                continue
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            self._keep(began, numbers, accepted=answer.accepted)
            self.answers.answered(numbers, answer.status)
            if answer.status in {429, 507} and b"retry-after:" not in answer.head:
                self.without_retry_after += 1
            if b"connection: close" in answer.head:
                wire.close()
                wire = None
        if wire is not None:
            wire.close()

    def _keep(self, began: float, numbers: range, *, accepted: bool) -> None:
        if self._pace is not None:
            self.calls.append(Call(began, time.monotonic(), len(numbers), accepted))


class _Pace:
    """Turns at a steady rate; what was missed is not made up for beyond a tenth of a second."""

    def __init__(self, per_s: float) -> None:
        self._gap_s = 1 / per_s
        self._next = time.monotonic()
        self._lock = threading.Lock()

    def turn(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if now < self._next:
                return False
            self._next = max(self._next + self._gap_s, now - 0.1)
            return True
