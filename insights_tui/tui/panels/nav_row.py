"""Row 2, left: the views there are, the one that is shown set off like a tab."""

from textual import events
from textual.message import Message

from insights_tui.tui.frame import Scene
from insights_tui.tui.lines import Line, crop, width
from insights_tui.tui.panels.panel import Panel
from insights_tui.tui.views.registry import VIEWS, Entry

Tab = tuple[Entry, Line]


class NavRow(Panel):
    """The views, the current one strong; a click opens one."""

    class Chosen(Message):
        """A view was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self) -> None:
        super().__init__()
        self.current = VIEWS[0].name

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the views; where they do not fit, names get short, then those of the others go."""
        line = tuple(run for _, tab in self._tabs(scene) for run in tab)
        return [crop(((" ", "text"), *line), scene.width)]

    def _tabs(self, scene: Scene) -> list[Tab]:
        for names, air in (("title", 1), ("title", 0), ("short", 0)):
            tabs = [(entry, self._tab(entry, scene, names, air)) for entry in VIEWS]
            if 1 + sum(width(tab) for _, tab in tabs) <= scene.width:
                return tabs
        return [(entry, self._tab(entry, scene, "short" if entry.name == self.current else "", 0)) for entry in VIEWS]

    def _tab(self, entry: Entry, scene: Scene, names: str, air: int) -> Line:
        name = {"title": entry.title, "short": entry.short or entry.title}.get(names, "")
        mark = entry.mark(scene.frame) if names else ""
        chosen = entry.name == self.current
        ground, ink = ("tab", "tab") if chosen else ("label", "text")
        runs = [(f" {entry.key}" if air or chosen else entry.key, ground)]
        runs += [(f" {name}", ink)] if name else []
        runs += [(f" {mark}", "tab" if chosen else "worry")] if mark else []
        runs += [(" ", ground)] if air or chosen else []
        return (*runs, (" ", "text"))

    def on_click(self, event: events.Click) -> None:
        """Open the view under the pointer."""
        at = 1
        for entry, tab in self._tabs(Scene(self._frame, self._space, self.size.width or self._space.width)):
            at += width(tab)
            if event.x < at:
                self.post_message(self.Chosen(entry.name))
                return
