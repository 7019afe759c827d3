"""What can be done, by name: the palette, and the key that lets words be typed."""

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual.actions import SkipAction
from textual.binding import Binding
from textual.widgets import Input

from insights_tui.domain.text import spell
from insights_tui.tui.frame import Frame
from insights_tui.tui.screens.acts import Acts
from insights_tui.tui.screens.help import KEYS
from insights_tui.tui.screens.palette import Command, Palette
from insights_tui.tui.theme import THEMES
from insights_tui.tui.told_keys import Told, bindings, spelt
from insights_tui.tui.views.registry import VIEWS
from insights_tui.tui.views.view import View


class Offering(Acts):
    """A page that lists its acts.

    Its two keys work before the next key is looked at (`priority`): on a slow line several arrive together, and what
    follows `:` or `/` are words then, never acts.
    """

    WORDS: ClassVar[tuple[Binding, ...]] = (
        Binding("ctrl+p,colon", "palette", "Palette", id="app.palette", show=False, priority=True),
        Binding("slash", "find", "Find", id="insights.find", show=False, priority=True),
    )
    CHANGES: ClassVar[frozenset[str]] = frozenset()
    """Acts that a read-only interface does not offer."""
    frame: Frame
    """What is shown."""

    @property
    def view(self) -> View:
        """The view that is shown."""
        raise NotImplementedError

    def told(self) -> Told:
        """Spell the keys as they are now."""
        raise NotImplementedError

    async def action_view(self, name: str) -> None:
        """Open another view."""
        raise NotImplementedError

    def action_palette(self) -> None:
        """Offer everything that can be done here."""
        self._letters_first()
        self.app.push_screen(Palette(tuple(self.commands())), self._do)

    def action_find(self) -> None:
        """Let words be typed: to filter the list of the view, else to find an act."""
        self._letters_first()
        getattr(self.view, "action_filter", self.action_palette)()

    def _letters_first(self) -> None:
        if isinstance(self.focused, Input):
            raise SkipAction  # the key is a letter there

    def _do(self, chosen: Command | None) -> None:
        if chosen is not None:
            self.call_later(chosen.act)

    def commands(self) -> Iterable[Command]:
        """Give every view, every other agent by name, every act of this page and of its view, and the themes."""
        told, app = self.told(), self._interface
        for entry in VIEWS:
            yield Command(f"View: {entry.title}", told(entry.key), entry.about, partial(self.action_view, entry.name))
        for place in app.places:
            if place is not app.place:
                at = f"at {spell(str(place.socket), limit=100)}"
                yield Command(f"Agent: {app.name_of(place)}", "", at, partial(self.show_agent, place))
        yield from self._acts(told)
        for title, (words, theme) in THEMES.items():
            yield Command(title, "", words, partial(setattr, app, "theme", theme.name))
        quitting = next(one for one in bindings([type(app)]) if one.action == "quit")
        yield Command("Quit", told.of(quitting), "leave this screen", app.action_quit)

    def _acts(self, told: Told) -> Iterable[Command]:
        more = {key: words for key, _, words in KEYS}
        for owner in (self, self.view):
            for one in owner.BINDINGS:
                if not isinstance(one, Binding) or not one.show:
                    continue
                if self.frame.read_only and one.action in owner.CHANGES:
                    continue
                words = more.get(spelt(one.key.split(",")[0]), "") if owner is self else self.view.TITLE
                yield Command(one.description, told.of(one), words, getattr(owner, f"action_{one.action}"))
