"""What was answered for each number: one byte a payload, so that millions fit."""

import threading
from collections import Counter
from collections.abc import Sequence

UNANSWERED, ACCEPTED, REFUSED = 1, 2, 3
"""Posted and no answer came: it may have been accepted. Answered 2xx. Answered that it is not accepted."""
_GROW = 1_000_000


class Answers:
    """Hands out numbers and keeps what became of them; safe from any thread."""

    def __init__(self) -> None:
        self._states = bytearray()
        self._lock = threading.Lock()
        self.taken = 0
        """Numbers handed out."""
        self.accepted = 0
        """Numbers answered 2xx."""
        self.refused: Counter[int] = Counter()
        """Numbers refused, by status."""
        self.unanswered: list[range] = []
        """Calls without an answer."""

    def take(self, count: int) -> range:
        """Hand out the next numbers, for one call; they count as unanswered until they are marked."""
        with self._lock:
            first, self.taken = self.taken, self.taken + count
            if self.taken > len(self._states):
                self._states += bytes(max(_GROW, count))
            self._states[first : self.taken] = bytes([UNANSWERED]) * count
            return range(first, first + count)

    def answered(self, numbers: range, status: int) -> None:
        """Keep an answer; 503 says that it may still be accepted, so it counts as none."""
        with self._lock:
            if status // 100 == 2:
                self._states[numbers.start : numbers.stop] = bytes([ACCEPTED]) * len(numbers)
                self.accepted += len(numbers)
            elif status == 503:
                self.unanswered.append(numbers)
            else:
                self._states[numbers.start : numbers.stop] = bytes([REFUSED]) * len(numbers)
                self.refused[status] += len(numbers)

    def silent(self, numbers: range) -> None:
        """Keep that no answer came."""
        with self._lock:
            self.unanswered.append(numbers)

    @property
    def states(self) -> Sequence[int]:
        """The state of each number handed out."""
        return memoryview(self._states)[: self.taken]
