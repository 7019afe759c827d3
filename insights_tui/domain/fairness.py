"""Who may have the last room in the queue: no source that floods it keeps the others out."""

RESERVED_FROM = 0.9
"""Share of the queue from which a source gets no more than its fair share of what is taken in."""
WINDOW_S = 10.0
"""Seconds that a source's share is reckoned over."""
MAX_SOURCES = 1000
"""Sources told apart; those beyond count as one."""

_OTHERS = ("", "")
Source = tuple[str, str]
"""Owner and name of an algorithm."""


class Fairness:
    """Reckons what each source was given lately, and says no to the greedy while room is scarce.

    The window is two halves, the older one dropped at a time, so that a source which was refused for a while is
    back at its fair share soon. A source that is alone is never refused: there is nobody to keep room for.
    """

    def __init__(self) -> None:
        self._new: dict[Source, int] = {}
        self._old: dict[Source, int] = {}
        self._turned = 0.0

    def admits(self, source: Source, count: int, *, fill: float, now: float) -> bool:
        """Say whether a source may hand in `count` payloads, and reckon them where it may.

        `fill` is how full the queue is (0 to 1), `now` seconds on a clock that never goes back.
        """
        self._turn(now)
        if source not in self._new and len(self._new) >= MAX_SOURCES:
            source = _OTHERS
        if fill >= RESERVED_FROM and self._greedy(source, count):
            self._new.setdefault(source, 0)  # it asks, so it has a share
            return False
        self._new[source] = self._new.get(source, 0) + count
        return True

    def _turn(self, now: float) -> None:
        if now - self._turned >= WINDOW_S / 2:
            self._old = self._new if now - self._turned < WINDOW_S else {}
            self._new = {}
            self._turned = now

    def _greedy(self, source: Source, count: int) -> bool:
        sources = {source, *self._new, *self._old}
        total = sum(self._new.values()) + sum(self._old.values()) + count
        own = self._new.get(source, 0) + self._old.get(source, 0) + count
        return own * len(sources) > total
