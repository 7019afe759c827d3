"""What became of every payload: the SDK's own counters."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts since this process began to use the SDK; a forked process begins anew.

    `taken = queued + sent + refused + overflowed + expired`, whenever nothing is being moved.
    """

    taken: int = 0
    """Payloads that executions, requests and bare reports made."""
    queued: int = 0
    """Waiting here, those being sent included."""
    sent: int = 0
    """Answered 2xx by the agent: from then on it counts them."""
    refused: int = 0
    """Given up: the agent will never take them (400, 413)."""
    overflowed: int = 0
    """Given up: the oldest, when there was no more room."""
    expired: int = 0
    """Given up: the agent did not take them within the deadline, or before the process ended."""
    repeated: int = 0
    """Sent again after an answer got lost: the agent may have them twice, under the same `request_id`."""
    metrics_dropped: int = 0
    """Metrics left out: no finite number, a reserved name, beyond the limits, or dropped by the agent."""
    late: int = 0
    """Metrics reported after their execution had ended; left out."""

    @property
    def given_up(self) -> int:
        """Payloads that will not reach the agent."""
        return self.refused + self.overflowed + self.expired

    def __str__(self) -> str:
        """Give a line for people."""
        return (
            f"{self.taken} taken, {self.sent} sent, {self.queued} queued, {self.given_up} given up (refused "
            f"{self.refused}, overflowed {self.overflowed}, expired {self.expired}), {self.repeated} sent again in "
            f"doubt, {self.metrics_dropped + self.late} metrics left out"
        )
