"""The last row of a dialog: its keys, in one widget.

Textual's `Footer` makes a widget for each key, and all of them anew at each move of the focus.
"""

from textual import events
from textual.binding import Binding
from textual.screen import Screen

from insights_tui.tui.lines import Line, width
from insights_tui.tui.sheet import Sheet


class DialogKeys(Sheet):
    """Keys in the accent, their words dim; a click does what the key would."""

    def __init__(self) -> None:
        super().__init__()
        self._offered: tuple[Binding, ...] = ()
        self.paint([()])

    def on_mount(self) -> None:
        """Follow the bindings of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._follow)

    def _follow(self, screen: Screen[object]) -> None:
        if not self.is_attached or screen is not self.screen:
            return
        offered = [one.binding for one in screen.active_bindings.values() if one.binding.show and one.enabled]
        first = {binding.action: binding for binding in reversed(offered)}  # of several keys for one act the first
        self._offered = tuple(binding for binding in offered if first[binding.action] is binding)
        self.paint([tuple(run for binding in self._offered for run in self._runs(binding))])

    def _runs(self, binding: Binding) -> Line:
        return (f" {self.app.get_key_display(binding)} ", "accent"), (f"{binding.description} ", "label")

    def on_click(self, event: events.Click) -> None:
        """Press the key under the pointer."""
        at = 0
        for binding in self._offered:
            at += width(self._runs(binding))
            if event.x < at:
                self.app.simulate_key(binding.key)
                return
