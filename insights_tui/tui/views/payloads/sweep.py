"""Which payload stands in which row: the newest takes the place of the oldest, and nothing else moves.

A list that scrolls repaints every row for each payload (3 kB a second on a wall screen) and cannot be read while it
does. Here each row stays where it is until its turn comes again.
"""

from collections.abc import Sequence

from insights_tui.domain.tail import Tailed

PER_TICK, PER_TICK_WIDE = 3, 2
"""Rows written at a time, fewer where they are long: one costs 300 to 650 bytes. What more came is counted."""


class Sweep:
    """Rows that are written from the top down, then from the top again."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, Tailed]] = []
        """A number for each payload that was shown, and the payload."""
        self.newest: int | None = None
        """The number of the one written last."""
        self.left_out = 0
        """Payloads that came and were not shown, those that the agent left out included."""
        self._fills = 3
        self._next = 0
        self._number = 0
        self._waiting: list[Tailed] = []
        self._came = 0

    def take(self, one: Tailed) -> None:
        """Let one wait for the next tick."""
        self._came += 1 + one.skipped
        self.left_out += one.skipped
        self._waiting.append(one)

    def pass_by(self, one: Tailed) -> None:
        """Count one that is not to be shown."""
        self._came += 1 + one.skipped
        self.left_out += 1 + one.skipped

    def begin(self, payloads: Sequence[Tailed], room: int) -> None:
        """Fill the rows at once with what was there before."""
        for one in payloads[-room:]:
            self._write(one, room)

    def tick(self, room: int, most: int = PER_TICK) -> int:
        """Write what waits, the newest `most` of it; tell how many came since the last time."""
        self._fit(room)
        waiting, self._waiting = self._waiting, []
        # Those from before fill the rows at once; after that an empty row is filled no faster than a full one.
        self._fills -= bool(waiting) and self._fills > 0
        free = min(room, max(most, room - len(self.rows)) if self._fills else most)
        shown = waiting[-free:]
        self.left_out += len(waiting) - len(shown)
        for one in shown:
            self._write(one, room)
        came, self._came = self._came, 0
        return came

    def hold(self) -> None:
        """Keep no more than can be shown while nothing is written."""
        if len(self._waiting) > PER_TICK:
            self.left_out += len(self._waiting) - PER_TICK
            del self._waiting[:-PER_TICK]

    def _write(self, one: Tailed, room: int) -> None:
        self._number += 1
        self.newest = self._number
        if len(self.rows) < room:
            self.rows.append((self._number, one))
            self._next = len(self.rows) % max(1, room)
        elif self.rows:
            self.rows[self._next] = (self._number, one)
            self._next = (self._next + 1) % len(self.rows)

    def _fit(self, room: int) -> None:
        """Keep the newest in order where the room has changed."""
        if len(self.rows) > room or (len(self.rows) < room and self._next):
            self.rows = sorted(self.rows, key=lambda pair: pair[0])[-room:] if room else []
            self._next = len(self.rows) % max(1, room)
