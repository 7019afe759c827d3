"""When the demo's payloads are due: a steady flow with a burst now and then, exact in the long run."""

from dataclasses import dataclass

PERIOD_S = 15.0
"""Seconds from one burst to the next, about."""
_BURST = 0.2
"""Part of a period that is a burst."""
_HIGH = 1.6
"""How much more than usual comes in a burst; the rest of the period makes up for it."""
_LOW = (1 - _BURST * _HIGH) / (1 - _BURST)


@dataclass(frozen=True, slots=True)
class Schedule:
    """`rate` payloads a second on average; with `seconds` exactly `total` of them by then, none after."""

    rate: float
    seconds: float | None = None

    @property
    def total(self) -> int | None:
        """Payloads altogether; `None` where it never ends."""
        return None if self.seconds is None else round(self.rate * self.seconds)

    @property
    def period_s(self) -> float:
        """A period that fits a whole number of times, so that the last one is not cut off in the middle."""
        if self.seconds is None:
            return PERIOD_S
        return self.seconds / max(1, round(self.seconds / PERIOD_S))

    def due(self, elapsed_s: float) -> int:
        """Tell how many payloads are due after so many seconds."""
        total = self.total
        if total is not None and self.seconds is not None and elapsed_s >= self.seconds:
            return total
        whole, part = divmod(max(0.0, elapsed_s) / self.period_s, 1.0)
        low = 1 - _BURST
        shaped = part * _LOW if part < low else low * _LOW + (part - low) * _HIGH
        return int((whole + shaped) * self.period_s * self.rate)
