"""Batches that wait for another attempt: those that any lane may take, and those that are frozen for one partition."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from insights_tui.delivery.batch import Batch
from insights_tui.domain.payload import Payload


class Waiting:
    """Keeps repeated batches in order of acceptance, the oldest first; each partition has at most one frozen."""

    def __init__(self) -> None:
        self._free: deque[Batch] = deque()
        self._frozen: dict[int, Batch] = {}

    def __bool__(self) -> bool:
        return bool(self._free or self._frozen)

    def __iter__(self) -> Iterator[Batch]:
        yield from self._free
        yield from self._frozen.values()

    @property
    def free(self) -> bool:
        """Whether some wait that are not frozen."""
        return bool(self._free)

    @property
    def bound(self) -> int:
        """Payloads that wait for one partition."""
        free = sum(len(batch.open) for batch in self._free if batch.bound is not None)
        return free + sum(len(batch.open) for batch in self._frozen.values())

    def add(self, batch: Batch) -> None:
        """Let a batch wait for any lane that may take it."""
        seq = batch.payloads[0].seq
        at = 0
        for at, other in enumerate(self._free):  # noqa: B007 - the index is what is looked for
            if other.payloads[0].seq > seq:
                break
        else:
            at = len(self._free)
        self._free.insert(at, batch)

    def freeze(self, batch: Batch, partition: int) -> None:
        """Let a batch wait for one partition, unchanged."""
        self._frozen[partition] = batch

    def frozen_at(self, partition: int) -> bool:
        """Tell whether a frozen batch waits for a partition."""
        return partition in self._frozen

    def take_frozen(self, partition: int) -> Batch | None:
        """Take the batch that is frozen for a partition."""
        return self._frozen.pop(partition, None)

    def take_free(self, partition: int) -> Batch | None:
        """Take the oldest batch that a partition may have."""
        for index, batch in enumerate(self._free):
            if batch.bound is None or batch.bound == partition:
                del self._free[index]
                return batch
        return None

    def thaw(self, until: float | None = None) -> None:
        """Let what is frozen go anywhere: all of it, or what has no key and expires by `until` (boot-time clock)."""
        for partition, batch in list(self._frozen.items()):
            deadline = batch.deadline
            if until is None or (batch.bound is None and deadline is not None and deadline <= until):
                del self._frozen[partition]
                if deadline is not None:
                    self.add(anew(batch, batch.open))

    def route(self, partitions: int, of: Callable[[bytes], int]) -> None:
        """Sort batches with keys by the partitions that these now have."""
        if any(number >= partitions for number in self._frozen):
            self.thaw()  # the topic was made anew
        waiting, self._free = self._free, deque()
        for batch in waiting:
            if batch.bound is None or not partitions:
                self._free.append(batch)
                continue
            parts: dict[int, list[Payload]] = {}
            for payload in batch.open:
                parts.setdefault(of(payload.key or b""), []).append(payload)
            for number, part in parts.items():
                self._free.append(Batch(part, sum(len(payload.value) for payload in part), number))

    def forget_expired(self) -> None:
        """Drop the batches of which nothing is open."""
        if self._free:
            self._free = deque(batch for batch in self._free if batch.deadline is not None)
        if self._frozen:
            self._frozen = {at: batch for at, batch in self._frozen.items() if batch.deadline is not None}


def anew(batch: Batch, payloads: Sequence[Payload]) -> Batch:
    """Make a batch of some payloads of one that failed: any lane may take it, under numbers of its own."""
    again = Batch(payloads, sum([len(payload[2]) for payload in payloads]), batch.bound)
    again.attempts = batch.attempts
    return again
