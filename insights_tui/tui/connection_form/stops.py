"""Where the focus may stand, in the order of the form."""

from typing import Any

from textual.screen import Screen
from textual.widget import Widget


def next_stop(screen: Screen[Any], by: int) -> Widget | None:
    """Give the field or button that follows the one in focus, round and round.

    Textual sorts by where widgets stand on the screen; one that a key has just shown has no place yet.
    """
    stops = [
        widget
        for widget in screen.walk_children(Widget)
        if widget.focusable and all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))
    ]
    if not stops:
        return None
    if screen.focused not in stops:
        return stops[0]
    return stops[(stops.index(screen.focused) + by) % len(stops)]
