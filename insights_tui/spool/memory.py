"""The spool that keeps nothing on disk: accepted payloads live as long as the process."""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any, Literal, NamedTuple

from insights_tui.domain.clock import Clock, SystemClock
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Draft, Payload
from insights_tui.spool.base import Recovered, Settled, Spool

MAX_DEAD_LETTERS = 10_000
"""Lost payloads kept to look at; what was lost before them is counted, its bodies are gone."""

_new_payload: Callable[[type[Payload], tuple[Any, ...]], Payload] = tuple.__new__  # skips the named constructor


class DeadLetter(NamedTuple):
    """A lost payload and why."""

    payload: Payload
    outcome: Outcome
    reason: str
    late_ack: bool = False


class MemorySpool(Spool):
    """Accepts at once. The engine holds what is pending; here are the counters and the dead letters."""

    durability: Literal["full", "memory"] = "memory"

    def __init__(self, clock: Clock | None = None, max_dead_letters: int = MAX_DEAD_LETTERS) -> None:
        self._clock = clock or SystemClock()
        self._seq = 0
        self._dead: deque[DeadLetter] = deque(maxlen=max_dead_letters)
        self.lost_open = 0
        """Dead letters that nobody has redriven or dropped, those without a body included."""

    @property
    def dead_letters(self) -> Sequence[DeadLetter]:
        """The newest lost payloads, oldest first."""
        return tuple(self._dead)

    async def open(self) -> Recovered:
        """Start empty."""
        return Recovered()

    async def accept(self, drafts: Sequence[Draft], deadline_s: float) -> list[Payload]:
        """Take payloads in: give each its number and its deadline."""
        now = self._clock.now()
        accepted_ms, deadline, first = int(now.wall * 1000), now.boot + deadline_s, self._seq + 1
        self._seq += len(drafts)
        if not drafts:
            return []
        # all in C: 0.2 instead of 0.5 µs a payload
        numbers = range(first, self._seq + 1)
        rows = zip(numbers, *zip(*drafts, strict=True), repeat(accepted_ms), repeat(deadline), repeat(False))
        return list(map(_new_payload, repeat(Payload), rows))

    def settle(self, settled: Sequence[Settled]) -> None:
        """Keep what was lost."""
        for one in settled:
            self._lose(one.payload, one.outcome, one.reason, late_ack=one.late_ack)

    def settle_all(self, payloads: Sequence[Payload], outcome: Outcome, reason: str = "") -> None:
        """Keep what was lost; forget what was delivered."""
        if outcome.lost:
            for payload in payloads:
                self._lose(payload, outcome, reason)

    def note_late_ack(self, payloads: Sequence[Payload]) -> None:
        """Mark dead letters that Kafka has acknowledged after all."""
        late = {payload.seq for payload in payloads}
        for index, letter in enumerate(self._dead):
            if letter.payload.seq in late:
                self._dead[index] = letter._replace(late_ack=True)

    def mark_in_doubt(self, payloads: Sequence[Payload]) -> None:
        """Nothing to do: the payload carries the mark, and nothing outlives the process."""

    async def close(self) -> None:
        """Nothing to let go of."""

    def _lose(self, payload: Payload, outcome: Outcome, reason: str, *, late_ack: bool = False) -> None:
        if outcome.lost:
            self._dead.append(DeadLetter(payload, outcome, reason, late_ack))
            self.lost_open += 1
