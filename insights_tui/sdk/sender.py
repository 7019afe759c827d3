"""Sends what waits, batch by batch, on a thread of its own, and tries again while the agent is away."""

import logging
import random
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import NamedTuple

from insights_tui.sdk.address import Address
from insights_tui.sdk.counts import Stats
from insights_tui.sdk.outbox import Item, Outbox
from insights_tui.sdk.wire import Answer, InDoubtError, NotSentError, Wire

log = logging.getLogger("insights_tui.sdk")

PAYLOADS = "/v1/payloads"
"""Path of whole payloads, many in one call; every other path takes one item in a call."""
LINGER_S = 0.1
TIMEOUT_S = 10.0
DEADLINE_S = 240.0
WARN_EVERY_S = 60.0
_BATCH_ITEMS = 250
"""Small, so that putting one together never keeps the host's threads from running for long."""
_BATCH_BYTES = 512 * 1024
_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 5.0
_REFUSALS = {400, 413}
"""The agent will never take the batch, or one payload in it. Any other answer may change: it is asked again."""
_HURRY_S = 0.05
"""Between attempts while somebody waits for them."""
_AWAY_ATTEMPTS = 6
"""After which a warning says that the agent is away: about three seconds."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that rule the sending."""

    linger_s: float = LINGER_S
    """For which a payload waits for others to travel with."""
    timeout_s: float = TIMEOUT_S
    """For an answer."""
    deadline_s: float = DEADLINE_S
    """After which a payload is given up: the original's four minutes."""


class Failed(NamedTuple):
    """An attempt that the agent did not answer with a yes or a final no."""

    why: str
    in_doubt: bool
    """Whether the agent may have taken it all the same."""
    retry_after_s: float = 0.0


def wait_after(attempt: int, failed: Failed, jitter: float) -> float:
    """Tell the seconds to wait after so many failed attempts (from 1 on); `jitter` is 0 to 1."""
    backoff = min(_FIRST_WAIT_S * 2.0 ** min(attempt - 1, 10), _LONGEST_WAIT_S)
    return max(failed.retry_after_s, backoff * (0.5 + jitter / 2))


def judge(answer: Answer) -> Failed | None:
    """Tell why a batch must be sent again; `None` where the answer is final."""
    if answer.taken or answer.status in _REFUSALS:
        return None
    # 503 of the agent says that what it was sent may still be accepted (a slow commit, a stop).
    return Failed(f"the agent answers {answer.status}", answer.status == 503, answer.retry_after_s)


class Sender:
    """Takes from the outbox and posts; every payload that leaves the outbox is counted under one outcome."""

    def __init__(
        self, outbox: Outbox, address: Address, pace: Pace, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._outbox = outbox
        self._pace = pace
        self._clock = clock
        self._wire = Wire(address)
        self._flight: deque[list[Item]] = deque()
        """Batches that are being sent: one, or what it was split into."""
        self._counts = Stats()
        self._attempt = 0
        self._in_doubt = False
        self._warned_at: float | None = None
        self._told = 0
        self._trouble = ""
        self._hurry: SimpleQueue[None] = SimpleQueue()
        self._hurried = False
        self._retired = False
        self._abandoned = False

    def stats(self) -> Stats:
        """Tell what became of everything."""
        outbox, counts = self._outbox, self._counts
        done = counts.given_up + counts.sent + outbox.overflowed
        taken = outbox.taken
        return replace(
            counts,
            taken=taken,
            queued=max(0, taken - done),
            overflowed=outbox.overflowed,
            metrics_dropped=counts.metrics_dropped + outbox.metrics_dropped,
            late=outbox.late,
        )

    def hurry(self, on: bool) -> None:
        """Somebody waits: do not linger, try again at short intervals."""
        self._hurried = on
        if on:
            self._hurry.put(None)

    def run(self) -> None:
        """Send until retired; for a daemon thread."""
        while not self._over():
            try:
                self._outbox.wait()
                self._rest(self._pace.linger_s)
                self.drain()
            except Exception:
                # The thread must outlive whatever a broken host does to it; what waits is tried again.
                log.debug("Sending failed", exc_info=True)
                self._rest(_LONGEST_WAIT_S)
                self._outbox.ring()
        self._wire.close()

    def retire(self) -> None:
        """Let `run` end when nothing waits any more."""
        self._retired = True
        self._outbox.ring()

    def drain(self, until: float | None = None) -> None:
        """Send until nothing waits, again and again, or until this time."""
        while self._next():
            if until is not None and self._clock() >= until:
                return
            wait = self._attempt_one(until)
            self._tell()
            if wait is not None:
                self._rest(wait if until is None else min(wait, max(0.0, until - self._clock())))

    def abandon(self) -> None:
        """Stop at once and count what is still here as expired: the process ends."""
        self._abandoned = True
        self._outbox.ring()
        self._hurry.put(None)
        left = self.stats().queued
        if left:
            self._counts = replace(self._counts, expired=self._counts.expired + left)
            self._trouble = f"{left} still waited when the process ended; {self._trouble or 'the agent is slow'}"
        self._tell(at_once=True)

    def _over(self) -> bool:
        return self._abandoned or (self._retired and self.stats().queued == 0)

    def _next(self) -> bool:
        """Bring the next batch up; false where nothing is left."""
        if self._abandoned:
            return False
        edge = self._clock() - self._pace.deadline_s
        self._expire(len(self._outbox.drop_while(lambda item: item.born <= edge)))
        while self._flight:
            batch = self._flight[0]
            young = [item for item in batch if item.born > edge]
            self._expire(len(batch) - len(young))
            if young:
                self._flight[0] = young
                return True
            self._flight.popleft()
        batch = self._outbox.take(_BATCH_ITEMS, _BATCH_BYTES)
        self._attempt, self._in_doubt = 0, False
        if batch and not batch[0].path.endswith(PAYLOADS):
            self._flight.extend([item] for item in batch)
        elif batch:
            self._flight.append(batch)
        return bool(batch)

    def _attempt_one(self, until: float | None) -> float | None:
        """Make one attempt; gives the seconds to wait before the next, `None` for none."""
        batch = self._flight[0]
        path = batch[0].path
        kind = "application/x-ndjson" if path.endswith(PAYLOADS) else "application/json"
        if self._in_doubt:
            self._counts = replace(self._counts, repeated=self._counts.repeated + len(batch))
        timeout_s = self._pace.timeout_s if until is None else min(self._pace.timeout_s, until - self._clock())
        try:
            answer = self._wire.post(path, b"\n".join([item.body for item in batch]), kind, max(timeout_s, 0.05))
        except NotSentError as error:
            return self._again(Failed(f"the agent cannot be reached: {error}", in_doubt=False))
        except InDoubtError as error:
            return self._again(Failed(f"the agent did not answer: {error}", in_doubt=True))
        failed = judge(answer)
        if failed is not None:
            return self._again(failed)
        self._attempt, self._in_doubt = 0, False
        self._flight.popleft()
        self._settle(batch, answer)
        return None

    def _again(self, failed: Failed) -> float:
        self._attempt += 1
        self._in_doubt = failed.in_doubt
        self._trouble = failed.why
        return wait_after(self._attempt, failed, random.random())  # noqa: S311 - spreads attempts, guards nothing

    def _settle(self, batch: list[Item], answer: Answer) -> None:
        counts = self._counts
        if answer.taken:
            dropped = counts.metrics_dropped + answer.metrics_dropped
            self._counts = replace(counts, sent=counts.sent + len(batch), metrics_dropped=dropped)
        elif len(batch) > 1:  # all or nothing: find the one that is refused
            middle = len(batch) // 2
            self._flight.extendleft((batch[middle:], batch[:middle]))
        else:
            self._counts = replace(counts, refused=counts.refused + 1)
            self._trouble = f"the agent refuses with {answer.status}: {answer.body[:200].decode('ascii', 'replace')}"

    def _expire(self, count: int) -> None:
        if count:
            self._counts = replace(self._counts, expired=self._counts.expired + count)

    def _rest(self, seconds: float) -> None:
        """Wait, but not for long while somebody waits for us."""
        with suppress(Empty):
            if seconds > 0 and not self._hurried:
                self._hurry.get(timeout=seconds)
            elif seconds > 0:
                time.sleep(min(seconds, _HURRY_S))

    def _tell(self, *, at_once: bool = False) -> None:
        """Warn in one line, at most once a minute: more was given up, or the agent has been away for a while."""
        stats = self.stats()
        lost = stats.given_up + stats.metrics_dropped + stats.late
        if lost == self._told and self._attempt < _AWAY_ATTEMPTS:
            return
        now = self._clock()
        if not at_once and self._warned_at is not None and now - self._warned_at < WARN_EVERY_S:
            return
        self._warned_at, self._told = now, lost
        log.warning("Insights: %s. Last trouble: %s", stats, self._trouble or "none with the agent")
