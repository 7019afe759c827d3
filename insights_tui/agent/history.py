"""The last five minutes, second by second, so that a newly attached screen has charts."""

from collections import deque
from datetime import UTC, datetime

from insights_tui.delivery.status import EngineStatus
from insights_tui.domain.clock import Moment
from insights_tui.domain.snapshot import Counts, Rates, Second

KEPT_S = 300


class History:
    """Turns totals into seconds: fed once a second with the engine's status."""

    def __init__(self) -> None:
        self._seconds: deque[Second] = deque(maxlen=KEPT_S)
        self._last: tuple[Moment, Counts, int] | None = None
        self.rates = Rates()
        """Over the time between the last two feeds; unknown before the second."""

    def feed(self, status: EngineStatus, p99_s: float | None, *, p50_s: float | None = None, refused: int = 0) -> None:
        """Take the totals at one instant in."""
        counts = status.counts
        if self._last is not None:
            then, before, refused_before = self._last
            elapsed = status.at.boot - then.boot
            if elapsed <= 0:
                return
            accepted = counts.accepted - before.accepted
            delivered = counts.delivered - before.delivered
            self.rates = Rates(accepted_per_s=accepted / elapsed, delivered_per_s=delivered / elapsed)
            self._seconds.append(
                Second(
                    at=datetime.fromtimestamp(status.at.wall, UTC),
                    accepted=accepted,
                    delivered=delivered,
                    lost=counts.lost - before.lost,
                    pending=counts.pending,
                    p99_s=p99_s,
                    p50_s=p50_s,
                    retrying=counts.retrying,
                    rejected=counts.rejected - before.rejected,
                    expired_unsent=counts.expired_unsent - before.expired_unsent,
                    expired_unknown=counts.expired_unknown - before.expired_unknown,
                    damaged=counts.damaged - before.damaged,
                    refused=refused - refused_before,
                )
            )
        self._last = (status.at, counts, refused)

    def last(self, seconds: int) -> tuple[Second, ...]:
        """Tell up to that many seconds, oldest first."""
        if seconds <= 0:
            return ()
        return tuple(self._seconds)[-seconds:]
