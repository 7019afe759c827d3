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

    AGES, EDGE = False, 0

    class Chosen(Message):
        """A view was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self) -> None:
        super().__init__()
        self.current = VIEWS[0].name

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the views; where they do not fit, names get short, then some go."""
        line = tuple(run for _, tab in self._tabs(scene) for run in tab)
        return [crop(((" ", "text"), *line), scene.width)]

    def _tabs(self, scene: Scene) -> list[Tab]:
        """Find the longest names that fit; at last the names of views without a mark go, from the right."""
        names = {entry.name: entry.title for entry in VIEWS}
        if self._fits(names, scene, air=1):
            return self._drawn(names, scene, air=1)
        if not self._fits(names, scene, air=0):
            names = {entry.name: entry.short or entry.title for entry in VIEWS}
        for marked in (False, True):
            for entry in reversed(VIEWS):
                fits = self._fits(names, scene, air=0)
                if not fits and entry.name != self.current and bool(entry.mark(scene.frame)) is marked:
                    names[entry.name] = ""
        return self._drawn(names, scene, air=0)

    def _fits(self, names: dict[str, str], scene: Scene, *, air: int) -> bool:
        blank = 0 if air else 1  # behind the last one: it may be cut
        return 1 + sum(width(tab) for _, tab in self._drawn(names, scene, air=air)) - blank <= scene.width

    def _drawn(self, names: dict[str, str], scene: Scene, *, air: int) -> list[Tab]:
        return [(entry, self._tab(entry, scene, names[entry.name], air)) for entry in VIEWS]

    def _tab(self, entry: Entry, scene: Scene, name: str, air: int) -> Line:
        mark = entry.mark(scene.frame)
        chosen = entry.name == self.current
        ground, ink = ("tab", "tab") if chosen else ("label", "text")
        key = self.told(entry.key)
        runs = [(f" {key}" if air or chosen else key, ground)]
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
