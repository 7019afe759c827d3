"""The newest events, newest first, grouped by the agent."""

from insights_tui.domain.snapshot import Event
from insights_tui.domain.text import clock_time, sanitize
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
        return [crop(_line(event, scene.space), scene.width, scene.glyphs.ellipsis) for event in scene.snapshot.events]


def _line(event: Event, space: Space) -> Line:
    word, token = _LEVELS[event.level]
    times = f"  {space.glyphs.times}{event.count:,}" if event.count > 1 else ""
    if times and space.roomy and event.first_at is not None:
        times += f" since {clock_time(event.first_at)}"
    actor = f" by {sanitize(event.actor, limit=40)}" if event.actor and space.roomy else ""
    return (
        (f" {clock_time(event.at)} ", "label"),
        (f"{word} ", token),
        (sanitize(event.text, limit=300), "text"),
        (actor, "label"),
        (times, "label"),
    )
