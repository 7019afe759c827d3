"""The last row of a dialog: its keys, in one widget.

Textual's `Footer` makes a widget for each key, and all of them anew at each move of the focus.
"""

from collections.abc import Mapping

from textual import events
from textual.binding import Binding
from textual.screen import Screen

from insights_tui.tui.lines import Line, width
from insights_tui.tui.sheet import Sheet
from insights_tui.tui.told_keys import spelt

COPIED = "Copied (OSC 52)"
"""What a dialog says after a copy: no terminal answers to OSC 52."""


class DialogKeys(Sheet):
    """Keys in the accent, their words dim; a click does what the key would."""

    def __init__(self, words: Mapping[str, str] | None = None, *, id: str | None = None) -> None:  # noqa: A002 - Textual's
        """`words` tell acts better than their bindings do here, and offer some that are not shown elsewhere."""
        super().__init__(id=id)
        self._words = dict(words or {})
        self._offered: tuple[Binding, ...] = ()
        self.paint([()])

    def on_mount(self) -> None:
        """Follow the bindings of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._follow)

    def say(self, act: str, word: str) -> None:
        """Call an act something else from now on."""
        self._words[act] = word
        self._follow(self.screen)

    def _follow(self, screen: Screen[object]) -> None:
        if not self.is_attached or screen is not self.screen:
            return
        active = [one.binding for one in screen.active_bindings.values() if one.enabled]
        offered = [binding for binding in active if binding.show or binding.action in self._words]
        first = {binding.action: binding for binding in reversed(offered)}  # of several keys for one act the first
        self._offered = tuple(binding for binding in offered if first[binding.action] is binding)
        self.paint([tuple(run for binding in self._offered for run in self._runs(binding))])

    def _runs(self, binding: Binding) -> Line:
        word = self._words.get(binding.action, binding.description)
        return (f" {binding.key_display or spelt(binding.key)} ", "accent"), (f"{word} ", "label")

    def on_click(self, event: events.Click) -> None:
        """Press the key under the pointer."""
        at = 0
        for binding in self._offered:
            at += width(self._runs(binding))
            if event.x < at:
                self.app.simulate_key(binding.key)
                return
