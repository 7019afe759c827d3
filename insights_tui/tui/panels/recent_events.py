"""The newest events, newest first, grouped by the agent."""

from datetime import datetime

from insights_tui.domain.snapshot import Event
from insights_tui.domain.text import moment, sanitize
from insights_tui.tui.frame import Scene, Space
from insights_tui.tui.lines import Line, crop
from insights_tui.tui.panels.panel import Panel

EVENTS = 5
"""Rows that a large page keeps for them."""
_LEVELS = {"info": ("info ", "label"), "warning": ("warn ", "warn"), "error": ("error", "bad")}


class RecentEvents(Panel):
    """Time, level, what happened, how often."""

    TITLE = "Recent events"

    def lines(self, scene: Scene) -> list[Line]:
        """Draw one line an event; the widget shows as many as it has rows for."""
        if scene.snapshot is None or scene.tier == "tiny":
            return []
        events, now = scene.snapshot.events, scene.snapshot.as_of
        wide = max((len(moment(event.at, now)) for event in events), default=0)
        return [crop(_line(event, scene.space, now, wide), scene.width, scene.glyphs.ellipsis) for event in events]


def _line(event: Event, space: Space, now: datetime, wide: int) -> Line:
    word, token = _LEVELS[event.level]
    times = f"  {space.glyphs.times}{event.count:,}" if event.count > 1 else ""
    if times and space.roomy and event.first_at is not None:
        times += f" since {moment(event.first_at, now)}"
    actor = f" by {sanitize(event.actor, limit=40)}" if event.actor and space.roomy else ""
    return (
        (f" {moment(event.at, now):<{wide}} ", "label"),
        (f"{word} ", token),
        (sanitize(event.text, limit=300), "text"),
        (actor, "label"),
        (times, "label"),
    )
