"""Record timestamps that Kafka takes: the time of acceptance, unless the broker's clock or the topic forbids it.

A broker refuses a record whose timestamp is too far from its own clock (`message.timestamp.after.max.ms`, an hour by
default, and `message.timestamp.before.max.ms`) and says which times it takes. That is no fault of the content: the
record goes with the nearest of them, and the true time of acceptance stays in its header. Pure, clock passed in.
Source: Kafka's LogValidator.validateTimestamp.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from insights_tui.domain.clock import Moment
from insights_tui.domain.text import duration
from insights_tui.domain.trouble import Trouble
from insights_tui.kafka.verdict import Peer

KEPT_S = 60.0
"""For which a broker's word is gone by; after that the time of acceptance is tried again."""
_MARGIN_MS = 1000
"""Left to the latest time: clocks do not go at quite the same rate, nor those of two brokers alike."""
_WITHIN = re.compile(r"within \[(-?\d{1,19}), (-?\d{1,19})\]")


class Stamp(NamedTuple):
    """The times that a batch may carry, milliseconds since the Unix epoch."""

    earliest: int
    latest: int

    def of(self, accepted_ms: int) -> int:
        """Choose the time nearest to the acceptance.

        What is too old gets one from the middle: the earliest would be too old before it arrives.
        """
        if accepted_ms > self.latest:
            return self.latest
        if accepted_ms < self.earliest:
            return (self.earliest + self.latest) // 2
        return accepted_ms

    def fits(self, accepted_ms: int) -> bool:
        """Tell whether a payload goes with its own time."""
        return self.earliest <= accepted_ms <= self.latest


UNSTAMPED = Stamp(-1, -1)
"""Kafka's "no timestamp", which no broker refuses: for those that do not say what they take."""


class Stamps:
    """What one client has learned of the times that its cluster takes."""

    def __init__(self) -> None:
        self._stamp: Stamp | None = None
        self._learned = 0.0

    def at(self, now: Moment) -> Stamp | None:
        """Tell what a batch may carry that is made now; `None`: its time of acceptance."""
        if self._stamp is None or self._stamp is UNSTAMPED:
            return self._stamp if now.boot - self._learned <= KEPT_S else None
        passed = now.boot - self._learned
        if passed > KEPT_S:
            self._stamp = None
            return None
        return Stamp(*(one + int(passed * 1000) for one in self._stamp))

    def refused(self, reasons: Iterable[str], now: Moment) -> Stamp | None:
        """Learn from a refusal; tells the times that the broker takes where it says so."""
        found = next((match for match in map(_WITHIN.search, reasons) if match), None)
        told = None if found is None else Stamp(int(found[1]), int(found[2]))
        if told is not None and not 0 <= told.latest >= told.earliest:
            told = None
        self._stamp, self._learned = UNSTAMPED, now.boot
        if told is not None:
            self._stamp = Stamp(told.earliest, max(told.earliest, told.latest - _MARGIN_MS))
        return told


def explained(trouble: Trouble, told: Stamp | None, now: Moment, peer: Peer) -> Trouble:
    """Say which clock is wrong, where the broker's answer shows it."""
    if told is None:
        return trouble
    for seconds, way, edge in (
        (now.wall - told.latest / 1000, "ahead of", "after the latest"),
        (told.earliest / 1000 - now.wall, "behind", "before the earliest"),
    ):
        if seconds > 0:
            what = f"This machine's clock is {way} Kafka's, by {duration(seconds)} more than Kafka takes."
            return replace(trouble, what=what, raw=f"{trouble.raw} {edge} that {peer.name.rstrip(',')} takes".strip())
    return trouble
