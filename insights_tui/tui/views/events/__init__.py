"""The Events view: what happened, grouped, explained, with the raw text one key away."""

from insights_tui.tui.views.events.view import EventsView

__all__ = ["EventsView"]
