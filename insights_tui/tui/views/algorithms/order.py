"""In what order algorithms stand: taken when a person asks, and kept until the next time, so that no row moves."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from insights_tui.domain.algorithms import Algorithm, Which


class By(NamedTuple):
    """One order."""

    column: str
    """The heading that is marked."""
    falling: bool
    """Whether the greatest comes first."""
    words: str
    """What comes first; empty where names alone decide."""
    rank: Callable[[Algorithm], tuple[float, ...]]
    """What comes first has the least; where it is the same, names decide."""


def _rate(one: Algorithm) -> tuple[float, ...]:
    return (-float(f"{one.rate_per_s:.2g}"),)  # what differs by less is not seen, and changes at every look


def _silent(one: Algorithm) -> tuple[float, ...]:
    """Those that never reported come last: nothing has become of them."""
    return (0.0, one.last_at.timestamp()) if one.last_at is not None else (1.0,)


ORDERS = (
    By("algorithm", False, "", lambda _one: ()),
    By("rate", True, "fastest first", _rate),
    By("last", False, "longest silent first", _silent),
    By("insights", False, "off first", lambda one: (float(one.insights_enabled),)),
)


def _named(one: Algorithm) -> Which:
    return Which(one.owner, one.name, one.version)


class Order:
    """The order that is wanted, and the places that were given by it."""

    def __init__(self) -> None:
        self.by = ORDERS[0]
        self.old = False
        """Whether the rows would stand otherwise if the order were taken now."""
        self._places: dict[Which, int] = {}

    def next(self) -> None:
        """Go on to the next order; `put` takes it."""
        self.by = ORDERS[(ORDERS.index(self.by) + 1) % len(ORDERS)]
        self._places = {}

    def put(self, algorithms: Iterable[Algorithm], *, anew: bool) -> dict[Which, Algorithm]:
        """Put them in order; unless it is taken anew, each keeps its place, and who is new comes last."""
        fresh = sorted(algorithms, key=lambda one: (self.by.rank(one), _named(one)))
        kept = {} if anew or self.by is ORDERS[0] else self._places
        rows = sorted(fresh, key=lambda one: kept.get(_named(one), len(kept)))
        self.old = rows != fresh
        found = {_named(one): one for one in rows}
        self._places = {name: place for place, name in enumerate(found)}
        return found
