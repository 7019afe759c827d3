"""A batch: payloads that travel together to one partition, with one outcome where nothing goes wrong."""

from collections.abc import Sequence
from typing import NamedTuple

from insights_tui.delivery.sequence import ProducerSequence
from insights_tui.domain.payload import Payload
from insights_tui.kafka.records import ANONYMOUS, ProducerState
from insights_tui.kafka.stamps import Stamp


class Landing(NamedTuple):
    """Where Kafka put the first payload of a batch."""

    topic: str
    partition: int
    offset: int


class Batch:
    """Payloads in order of their deadlines, cut for one partition.

    A batch that failed waits as it is and is sent again as it is, less what expired meanwhile; one that is frozen is
    sent again with that too.
    """

    __slots__ = ("attempts", "bound", "done", "expired", "payloads", "producer", "sequence", "size", "stamp", "started")

    def __init__(self, payloads: Sequence[Payload], size: int, bound: int | None = None) -> None:
        self.payloads = payloads
        self.size = size
        """Bytes of the values."""
        self.bound = bound
        """The partition that its keys belong to; `None` where any will do."""
        self.expired = 0
        """So many payloads from the start are past their deadline and counted."""
        self.attempts = 0
        self.started = 0.0
        """When the attempt under way began, seconds on the boot-time clock."""
        self.done = False
        """No longer under way: acknowledged, given back, or its client is gone."""
        self.sequence: ProducerSequence | None = None
        """Whose numbers it carries; `None` where Kafka keeps none of them."""
        self.producer: ProducerState = ANONYMOUS
        """Under which id and number it goes out: a batch in doubt must not change."""
        self.stamp: Stamp | None = None
        """Which timestamps its records may have; `None` where any will do."""

    @property
    def open(self) -> Sequence[Payload]:
        """The payloads whose outcome is open."""
        return self.payloads[self.expired :] if self.expired else self.payloads

    @property
    def deadline(self) -> float | None:
        """The earliest deadline that is still open."""
        return self.payloads[self.expired].deadline if self.expired < len(self.payloads) else None

    def expire(self, now: float) -> Sequence[Payload]:
        """Pass over the payloads whose deadline is over, and tell them."""
        first = self.expired
        payloads = self.payloads
        end = len(payloads)
        at = first
        while at < end and payloads[at].deadline <= now:
            at += 1
        self.expired = at
        return payloads[first:at]
