"""How long a stop waits for Kafka: as long as acknowledgements come, and no longer than it was given."""

LOOK_S = 0.01
"""Between two looks."""
NO_PROGRESS_S = 1.0
"""A drain that gets no acknowledgement for so long is given up: Kafka is frozen or gone."""
_HELD_UP_S = 5 * LOOK_S
"""A look that comes later than this was held up with the whole process: it heard nobody, so it blames nobody."""


class Patience:
    """Judges, look by look, whether to wait on. Times are the loop's, in seconds."""

    def __init__(self, pending: int, now: float, grace_s: float) -> None:
        self._pending, self._looked, self._end = pending, now, now + grace_s
        self._silent_s = 0.0

    def go_on(self, pending: int, now: float) -> bool:
        """Tell whether what is pending is worth another look."""
        if pending != self._pending:
            self._pending, self._silent_s = pending, 0.0
        else:
            self._silent_s += min(now - self._looked, _HELD_UP_S)
        self._looked = now
        return pending > 0 and now < self._end and self._silent_s < NO_PROGRESS_S
