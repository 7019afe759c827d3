"""The bounded queue between the host's threads and the one that sends. Nothing here waits longer than a millisecond."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import NamedTuple

_WAIT_S = 0.0005
"""For the lock, which nobody holds longer than it takes to move a batch."""


class Item(NamedTuple):
    """A payload, or a report to an execution that another process ends, ready to be sent."""

    born: float
    """Monotonic time."""
    path: str
    body: bytes
    """One line of JSON."""


class Outbox:
    """Keeps what is newest: where there is no room, the oldest goes, which is also nearest to its deadline.

    The lock is reentrant and the bell a `SimpleQueue`, so that a signal handler or a destructor may report too.
    """

    def __init__(self, max_items: int, max_bytes: int) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._items: deque[Item] = deque()
        self._aside: deque[Item] = deque(maxlen=max_items)
        """Put there while the lock could not be had in time; taken in with the next batch."""
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._rung = False
        self._taken = 0
        self._size = 0
        self.overflowed = 0
        self.metrics_dropped = 0
        self.late = 0

    @property
    def taken(self) -> int:
        """Everything that was ever put."""
        return self._taken + len(self._aside)

    def __len__(self) -> int:
        """Tell how many wait."""
        return len(self._items) + len(self._aside)

    def put(self, item: Item, metrics_dropped: int = 0) -> None:
        """Queue an item."""
        if self._lock.acquire(timeout=_WAIT_S):
            try:
                self.metrics_dropped += metrics_dropped
                self._append(item)
            finally:
                self._lock.release()
        else:
            self._aside.append(item)
        self.ring()

    def note_late(self, metrics: int) -> None:
        """Count metrics that came after the end of their execution."""
        if self._lock.acquire(timeout=_WAIT_S):
            self.late += metrics
            self._lock.release()

    def take(self, max_items: int, max_bytes: int) -> list[Item]:
        """Take the oldest items out that go the same way, in their order."""
        taken: list[Item] = []
        size = 0
        with self._lock:
            while self._aside:
                self._append(self._aside.popleft())
            while self._items and len(taken) < max_items:
                item = self._items[0]
                size += len(item.body) + 1
                if taken and (size > max_bytes or item.path != taken[0].path):
                    break
                taken.append(self._pop())
        return taken

    def drop_while(self, old: Callable[[Item], bool]) -> Sequence[Item]:
        """Take the oldest items out for as long as the condition holds."""
        dropped: list[Item] = []
        with self._lock:
            while self._items and old(self._items[0]):
                dropped.append(self._pop())
        return dropped

    def ring(self) -> None:
        """Wake the sender."""
        if not self._rung:
            self._rung = True
            self._bell.put(None)

    def wait(self) -> None:
        """Wait for the bell, for ever; the sender's own."""
        self._bell.get()
        self._rung = False

    def _append(self, item: Item) -> None:
        self._taken += 1
        self._size += len(item.body)
        self._items.append(item)
        while len(self._items) > self._max_items or (self._size > self._max_bytes and len(self._items) > 1):
            self._pop()
            self.overflowed += 1

    def _pop(self) -> Item:
        item = self._items.popleft()
        self._size -= len(item.body)
        return item
