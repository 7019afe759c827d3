"""A spool that pages as the durable one does, its disk a list."""

from collections import deque
from collections.abc import Sequence
from typing import Literal

from insights_tui.domain.clock import Clock
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Draft, Payload
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.base import Accepted, Arrival, Expired, Recovered
from insights_tui.spool.memory import MemorySpool


class PagingSpool(MemorySpool):
    """Hands over `window` payloads; what comes beyond them waits on its disk."""

    durability: Literal["full", "memory"] = "full"

    def __init__(self, clock: Clock | None = None, *, window: int = 100) -> None:
        super().__init__(clock)
        self._window = window
        self._held = 0
        self.disk: deque[Payload] = deque()
        self.attempted = 0
        """Highest number noted by `attempting`."""
        self.most_held = 0
        self.loads = 0
        self.broken = False
        """Whether the disk can be read."""
        self.before: Sequence[Payload] = ()
        """What an earlier process has left."""

    async def open(self) -> Recovered:
        """Find what was left."""
        self.disk.extend(self.before)
        self.paged = count = len(self.disk)
        self._seq = max((payload.seq for payload in self.disk), default=0)
        return Recovered(Counts(accepted=count, queued=count))

    async def accept(self, drafts: Sequence[Draft], deadline_s: float, ended: Sequence[bytes] = ()) -> Accepted:
        """Take payloads in; beyond the window they stay on disk."""
        accepted = await super().accept(drafts, deadline_s, ended)
        if self.paged or self._held + len(accepted) > self._window:
            self.disk.extend(accepted)
            self.paged += len(accepted)
            accepted.paged = True
        else:
            self._hold(len(accepted))
        return accepted

    def _hold(self, count: int) -> None:
        self._held += count
        self.most_held = max(self.most_held, self._held)

    async def load(self, limit: int) -> list[Payload]:
        """Hand over the next payloads."""
        if self.broken:
            raise OSError(5, "Input/output error")
        self.loads += 1
        out = [self.disk.popleft() for _ in range(min(limit, len(self.disk)))]
        self.paged -= len(out)
        self._hold(len(out))
        return out

    @property
    def next_deadline(self) -> float | None:
        """The first on disk."""
        return self.disk[0].deadline if self.disk else None

    async def expire(self) -> Expired:
        """End what has expired on disk."""
        now = self._clock.boot()
        ended = []
        while self.disk and self.disk[0].deadline <= now:
            ended.append(self.disk.popleft())
        self.paged -= len(ended)
        for payload in ended:
            outcome = Outcome.EXPIRED_UNKNOWN if payload.in_doubt else Outcome.EXPIRED_UNSENT
            self._lose(payload, outcome, "its deadline passed on disk")
        unknown = sum(payload.in_doubt for payload in ended)
        return Expired(len(ended) - unknown, unknown)

    def attempting(self, payloads: Sequence[Payload]) -> None:
        """Note the highest number."""
        self.attempted = max(self.attempted, *(payload.seq for payload in payloads))

    def settle_all(self, payloads: Sequence[Payload], outcome: Outcome, reason: str = "") -> None:
        """Let go of them."""
        self._held -= len(payloads)
        super().settle_all(payloads, outcome, reason)

    def arrive(self, payloads: Sequence[Payload]) -> None:
        """Find payloads of an earlier process."""
        self._hold(len(payloads))
        assert self.on_arrival is not None
        self.on_arrival(Arrival(Counts(accepted=len(payloads), queued=len(payloads)), pending=payloads))
