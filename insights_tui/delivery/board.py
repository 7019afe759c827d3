"""The board of what is wrong just now."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from insights_tui.delivery.status import ActiveTrouble
from insights_tui.domain.clock import Moment
from insights_tui.domain.trouble import Code, Trouble

_WORST_FIRST = {
    code: rank
    for rank, code in enumerate(
        (
            Code.KAFKA_UNREACHABLE,
            Code.TLS_FAILED,
            Code.AUTH_FAILED,
            Code.MECHANISM_REFUSED,
            Code.NAME_NOT_RESOLVED,
            Code.TOPIC_MISSING,
            Code.NOT_AUTHORIZED,
            Code.NO_LEADER,
            Code.BROKER_UNREACHABLE,
            Code.BROKER_REFUSES,
            Code.KAFKA_SLOW,
        )
    )
}

_AWAY = {Code.KAFKA_UNREACHABLE, Code.BROKER_UNREACHABLE, Code.NAME_NOT_RESOLVED}
"""Within these it is one incident, whoever is met: it stands since the first of them."""


@dataclass(frozen=True, slots=True)
class _Entry:
    trouble: Trouble
    since: Moment
    show_at: float
    """Boot-time clock."""
    until: float | None = None


class Board:
    """Keeps each trouble under the place where it was seen, until it is over there."""

    def __init__(self) -> None:
        self._entries: dict[Hashable, _Entry] = {}
        self.errors: Counter[Code] = Counter()
        """Failures by cause, since the start."""
        self.rejections: Counter[str] = Counter()
        """Rejected payloads by the name of Kafka's error, since the start."""

    def put(
        self, place: Hashable, trouble: Trouble, now: Moment, *, show_after_s: float = 0.0, lasts_s: float | None = None
    ) -> bool:
        """Note a trouble, for `lasts_s` or until it is cleared; tell whether it is a new one at this place."""
        self.errors[trouble.code] += 1
        old = self._entries.get(place)
        until = None if lasts_s is None else now.boot + lasts_s
        if old is not None and (old.trouble.code, old.trouble.subject) == (trouble.code, trouble.subject):
            self._entries[place] = replace(old, trouble=trouble, until=until)
            return False
        if old is not None and {old.trouble.code, trouble.code} <= _AWAY:  # each attempt may meet another server
            self._entries[place] = replace(old, trouble=trouble, until=until)
            return True
        self._entries[place] = _Entry(trouble, now, now.boot + show_after_s, until)
        return True

    def clear(self, *places: Hashable) -> None:
        """Take down what is over."""
        for place in places:
            self._entries.pop(place, None)

    def clear_all(self, kind: str) -> None:
        """Take down everything under places that are tuples beginning with `kind`."""
        for place in [place for place in self._entries if isinstance(place, tuple) and place[0] == kind]:
            del self._entries[place]

    def reset(self) -> None:
        """Take everything down: another connection, other troubles."""
        self._entries.clear()

    def latest(self) -> Trouble | None:
        """Tell the worst trouble, shown yet or not: why a payload was lost."""
        return min((entry.trouble for entry in self._entries.values()), key=_rank, default=None)

    def active(self, now: float) -> list[ActiveTrouble]:
        """Tell what is wrong, worst first, the same thing seen at several places once."""
        found: dict[tuple[Code, str], ActiveTrouble] = {}
        for place, entry in list(self._entries.items()):
            if entry.until is not None and entry.until <= now:
                del self._entries[place]
            elif entry.show_at <= now:
                key = (entry.trouble.code, entry.trouble.subject)
                if key not in found or entry.since.boot < found[key].since.boot:
                    found[key] = ActiveTrouble(entry.trouble, entry.since)
        return sort_troubles(found.values())


def sort_troubles(troubles: Iterable[ActiveTrouble]) -> list[ActiveTrouble]:
    """Put the worst first, then the oldest."""
    return sorted(troubles, key=lambda one: (_rank(one.trouble), one.since.boot))


def _rank(trouble: Trouble) -> int:
    return _WORST_FIRST.get(trouble.code, len(_WORST_FIRST))
