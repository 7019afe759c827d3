"""How the rows of a narrow page are shared out: what is needed most comes first, what is left over is air."""

from dataclasses import dataclass

AIR = ("figures", "lower", "times", "events", "middle")
"""Where a blank row does most for the eye, in this order."""
_TRENDS, _CARD = 3, 2
_TABLE = 2
"""Rows below which a table of brokers says nothing: its heading and the worst one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows of each part (`Panel.most`), and the places that have a blank row above them."""

    trends: int | None = None
    card: int | None = None
    brokers: int | None = None
    events: int | None = None
    air: tuple[str, ...] = ()


def share(room: int, *, figures: int, brokers: int, events: int, card: bool) -> Plan:
    """Share out `room` rows.

    Funnel, ledger and times (`figures`) are always there. Then come the trends, the brokers, `events` rows of events
    and, where nothing is wrong, the connection. A part without room is hidden whole: another view tells of it, and half
    a table tells nothing.
    """
    left = room - figures
    trends = _TRENDS if left >= _TRENDS else 0
    left -= trends
    table = 0
    if left >= min(brokers, _TABLE):
        table = min(brokers, max(left - events, min(left, _TABLE)))
    left -= table
    lines = min(events, left)
    left -= lines
    shown = _CARD if card and left >= _CARD else 0
    left -= shown
    places = [
        place for place in AIR if not (place == "middle" and not trends) and not (place == "events" and not lines)
    ]
    air = tuple(places[: max(0, left)])
    return Plan(trends, shown, table, None if lines else 0, air)
