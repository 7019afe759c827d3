"""The book of what is pending: pure bookkeeping between acceptance and outcome, no I/O, no clock of its own."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, Protocol

from aiokafka.partitioner import murmur2

from insights_tui.delivery.batch import Batch, Landing
from insights_tui.delivery.ledger import OF_OUTCOME, Ledger, Place
from insights_tui.delivery.line import Lines
from insights_tui.delivery.waiting import Waiting, anew
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Payload

Phase = Literal["never sent", "waiting for the next attempt", "in flight"]


class Settle(Protocol):
    """Takes final outcomes, each payload once; `landing` is the first payload's, where it was delivered."""

    def __call__(
        self, payloads: Sequence[Payload], outcome: Outcome, reason: str, landing: Landing | None = None
    ) -> None:
        """Write them down."""
        ...


def partition_of(key: bytes, count: int) -> int:
    """Choose the partition of a key as the Java client does."""
    return int((murmur2(key) & 0x7FFFFFFF) % count)


class Book:
    """Every pending payload is in exactly one place here, and the ledger counts it under the same."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        settle: Settle,
        late: Callable[[Sequence[Payload]], None],
        doubt: Callable[[Sequence[Payload]], None],
        why: Callable[[Phase], str],
        attempting: Callable[[Sequence[Payload]], None] = lambda _: None,
        window: int = 20_000,
        thaw_left_s: float = 0.0,
    ) -> None:
        self._ledger = ledger
        self._settle, self._late, self._doubt, self._why = settle, late, doubt, why
        self._attempting = attempting
        self._window, self._thaw_left_s = window, thaw_left_s
        self._fresh = Lines(window)
        self._unrouted: list[Payload] = []
        self._keyed: dict[int, Lines] = {}
        self._waiting = Waiting()
        self._doomed: list[tuple[Payload, Place]] = []
        self.in_flight: dict[Batch, None] = {}
        """Batches under way, oldest attempt first."""
        self._partitions = 0
        self.attempts = 0
        """Payloads put into batches that were sent, each repetition counted again."""
        self.bytes = 0
        """Of the values of all that is pending in memory."""

    def add(self, payloads: Sequence[Payload]) -> None:
        """Queue payloads that were accepted, given in order of their deadlines; the ledger counts them already."""
        self.bytes += sum([len(payload[2]) for payload in payloads])
        if [1 for payload in payloads if payload[3] is not None]:
            self._queue_keyed(payload for payload in payloads if payload.key is not None)
            payloads = [payload for payload in payloads if payload.key is None]
        self._fresh.extend(payloads)

    def route(self, partitions: int) -> None:
        """Say how many partitions the topic has: keys find theirs anew."""
        if partitions == self._partitions:
            return
        self._partitions = partitions
        keyed = [payload for lines in self._keyed.values() for payload in lines.drain()]
        self._keyed = {}
        keyed += self._unrouted
        self._unrouted = []
        self._queue_keyed(sorted(keyed, key=lambda payload: payload.seq))
        self._waiting.route(partitions, lambda key: partition_of(key, partitions))

    def has_work(self) -> bool:
        """Tell whether anything waits that some partition could take."""
        return bool(self._waiting or len(self._fresh) or self._keyed)

    @property
    def has_pending(self) -> bool:
        """Tell whether any outcome is open."""
        return self._ledger.pending > 0

    @property
    def bound(self) -> int:
        """Payloads that wait for one partition, because of their keys or because they are frozen."""
        return self._waiting.bound + sum(map(len, self._keyed.values()))

    @property
    def full_batch_waits(self) -> bool:
        """Tell whether lingering is pointless: a repeated batch, or plenty of payloads."""
        return self._waiting.free or len(self._fresh) >= 1000

    def cut(self, partition: int, *, max_bytes: int, max_payloads: int, now: float, margin_s: float) -> Batch | None:
        """Take the next batch for a partition; it is in flight from here on. `None` where nothing fits."""
        if self._waiting.frozen_at(partition):
            batch = self._thawing(partition, now)
            if batch is None:
                return None  # its numbers are lost: the lane needs new ones before it sends anything else
        else:
            batch = self._next_retry(partition, now + margin_s)
        place = Place.RETRYING
        if batch is None:
            place = Place.QUEUED
            keyed = self._keyed.get(partition)
            lines, bound = (keyed, partition) if keyed else (self._fresh, None)
            if lines.deadline is not None and lines.deadline <= now + margin_s:
                self._doom(lines.take_before(now + margin_s), Place.QUEUED)
            payloads, size = lines.take(max_bytes, max_payloads)
            if keyed is not None and not keyed:
                del self._keyed[partition]
            if not payloads:
                return None
            batch = Batch(payloads, size, bound)
        batch.attempts += 1
        batch.started = now
        batch.done = False
        count = len(batch.payloads) - batch.expired
        self.attempts += count
        self._ledger.move(count, place, Place.IN_FLIGHT)
        self.in_flight[batch] = None
        self._attempting(batch.open)
        return batch

    def acked(self, batch: Batch, landing: Landing | None = None) -> int:
        """Kafka has the batch: tell how many payloads are delivered by it."""
        self._land(batch)
        payloads = batch.open
        if batch.expired:
            self._late(batch.payloads[: batch.expired])
        if payloads:
            if landing is not None and landing.offset >= 0:
                landing = landing._replace(offset=landing.offset + batch.expired)
            self._finish(payloads, Place.IN_FLIGHT, Outcome.DELIVERED, "", size=0, landing=landing)
            self.bytes -= batch.size
        return len(payloads)

    def failed(self, batch: Batch, *, in_doubt: bool) -> None:
        """Note that the attempt failed: the batch waits for the next one."""
        self._land(batch)
        self._give_back(batch, batch.open, in_doubt=in_doubt)

    def freeze(self, batch: Batch, partition: int, *, in_doubt: bool) -> None:
        """Note that the attempt failed of a batch that Kafka may have: it waits for its partition, unchanged."""
        if not batch.open or self._waiting.frozen_at(partition):
            self.failed(batch, in_doubt=in_doubt)
            return
        self._land(batch)
        if self._doubt_all(batch.open):
            batch.payloads = [payload._replace(in_doubt=True) for payload in batch.payloads]
        self._ledger.move(len(batch.open), Place.IN_FLIGHT, Place.RETRYING)
        self._waiting.freeze(batch, partition)

    def frozen_at(self, partition: int) -> bool:
        """Tell whether a frozen batch waits for a partition."""
        return self._waiting.frozen_at(partition)

    def thaw(self) -> None:
        """Let what is frozen go anywhere: the cluster that may have it is no longer written to."""
        self._waiting.thaw()

    def refused(self, batch: Batch, reason: str) -> Sequence[Payload]:
        """Kafka refuses the content: halve the batch, or reject its one payload; tell what was rejected."""
        self._land(batch)
        payloads = batch.open
        if len(payloads) > 1:
            middle = len(payloads) // 2
            self._give_back(batch, payloads[middle:], in_doubt=False)
            self._give_back(batch, payloads[:middle], in_doubt=False)
            return ()
        if payloads:
            self._finish(payloads, Place.IN_FLIGHT, Outcome.REJECTED, reason)
        return payloads

    def sweep(self, now: float) -> int:
        """Settle every payload whose deadline is over, wherever it is; tell how many."""
        expired = 0
        for lines in [self._fresh, *self._keyed.values()]:
            if lines.deadline is not None and lines.deadline <= now:
                expired += self._expire(lines.take_before(now), Place.QUEUED, "never sent")
        self._keyed = {partition: lines for partition, lines in self._keyed.items() if lines}
        gone = [payload for payload in self._unrouted if payload.deadline <= now]
        if gone:
            self._unrouted = [payload for payload in self._unrouted if payload.deadline > now]
            expired += self._expire(gone, Place.QUEUED, "never sent")
        for batch in self._waiting:
            expired += self._expire(batch.expire(now), Place.RETRYING, "waiting for the next attempt", batch)
        self._waiting.forget_expired()
        self._waiting.thaw(now + self._thaw_left_s)
        for batch in self.in_flight:
            expired += self._expire(batch.expire(now), Place.IN_FLIGHT, "in flight", batch)
        if self._doomed:
            due, self._doomed = self._doomed, []
            for payload, place in due:
                if payload.deadline > now:
                    self._doomed.append((payload, place))
                else:
                    phase: Phase = "never sent" if place is Place.QUEUED else "waiting for the next attempt"
                    expired += self._expire((payload,), place, phase)
        return expired

    @property
    def deadline(self) -> float | None:
        """The earliest deadline of all that is pending."""
        waiting = [lines.deadline for lines in (self._fresh, *self._keyed.values())]
        batches = [batch.deadline for batch in (*self._waiting, *self.in_flight)]
        apart = [payload.deadline for payload in self._unrouted[:1]] + [payload.deadline for payload, _ in self._doomed]
        return min((found for found in (*waiting, *batches, *apart) if found is not None), default=None)

    def sizes(self) -> dict[Place, int]:
        """Count what is really here, by place: what the ledger must say too."""
        doomed = [place for _, place in self._doomed]
        queued = len(self._fresh) + len(self._unrouted) + sum(map(len, self._keyed.values()))
        return {
            Place.QUEUED: queued + doomed.count(Place.QUEUED),
            Place.RETRYING: sum(len(batch.open) for batch in self._waiting) + doomed.count(Place.RETRYING),
            Place.IN_FLIGHT: sum(len(batch.open) for batch in self.in_flight),
        }

    def _queue_keyed(self, payloads: Iterable[Payload]) -> None:
        if not self._partitions:
            self._unrouted.extend(payloads)
            return
        for payload in payloads:
            partition = partition_of(payload.key or b"", self._partitions)
            self._keyed.setdefault(partition, Lines(self._window)).extend((payload,))

    def _thawing(self, partition: int, now: float) -> Batch | None:
        """Take the batch that is frozen for a partition: whatever the margin, it is in doubt already."""
        batch = self._waiting.take_frozen(partition)
        if batch is not None:
            self._expire(batch.expire(now), Place.RETRYING, "waiting for the next attempt", batch)
        return batch if batch is not None and batch.open else None

    def _next_retry(self, partition: int, not_before: float) -> Batch | None:
        while (batch := self._waiting.take_free(partition)) is not None:
            late = batch.expire(not_before)
            if late:
                self._doom(late, Place.RETRYING)
                batch.size -= sum(len(payload.value) for payload in late)
                batch.payloads, batch.expired = batch.open, 0
            if batch.payloads:
                return batch
        return None

    def _doom(self, payloads: Iterable[Payload], place: Place) -> None:
        self._doomed.extend((payload, place) for payload in payloads)

    def _land(self, batch: Batch) -> None:
        del self.in_flight[batch]
        batch.done = True

    def _give_back(self, batch: Batch, payloads: Sequence[Payload], *, in_doubt: bool) -> None:
        if not payloads:
            return
        if in_doubt and self._doubt_all(payloads):
            payloads = [payload._replace(in_doubt=True) for payload in payloads]
        self._ledger.move(len(payloads), Place.IN_FLIGHT, Place.RETRYING)
        self._waiting.add(anew(batch, payloads))

    def _doubt_all(self, payloads: Sequence[Payload]) -> bool:
        """Have it written down which payloads are in doubt from now on; tell whether there are any."""
        clear = [payload for payload in payloads if not payload.in_doubt]
        if clear:
            self._doubt(clear)
        return bool(clear)

    def _expire(self, payloads: Sequence[Payload], place: Place, phase: Phase, batch: Batch | None = None) -> int:
        if not payloads:
            return 0
        reason = f"The deadline passed ({phase}). {self._why(phase)}".strip()
        unknown = payloads if place is Place.IN_FLIGHT else [payload for payload in payloads if payload.in_doubt]
        unsent = [] if unknown is payloads else [payload for payload in payloads if not payload.in_doubt]
        before = self.bytes
        self._finish(unknown, place, Outcome.EXPIRED_UNKNOWN, reason)
        self._finish(unsent, place, Outcome.EXPIRED_UNSENT, reason)
        if batch is not None:
            batch.size -= before - self.bytes
        return len(payloads)

    def _finish(
        self,
        payloads: Sequence[Payload],
        place: Place,
        outcome: Outcome,
        reason: str,
        *,
        size: int | None = None,
        landing: Landing | None = None,
    ) -> None:
        if payloads:
            self.bytes -= sum([len(payload[2]) for payload in payloads]) if size is None else size
            self._ledger.move(len(payloads), place, OF_OUTCOME[outcome])
            self._settle(payloads, outcome, reason, landing)
