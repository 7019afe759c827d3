"""ctrl+g and a letter: to any field at once. The letters stand beside the labels while one is awaited."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget

from insights_tui.tui.connection_form.actions import OPEN, Actions
from insights_tui.tui.connection_form.body import FormBody
from insights_tui.tui.connection_form.keys import FormKeys
from insights_tui.tui.connection_form.words import JUMP_HELP, JUMP_HELP_TESTED, LETTERS, Field
from insights_tui.tui.in_order import settle

_BUTTONS, _RESULTS = "buttons", "results"
_OTHERS = {_BUTTONS: "b", _RESULTS: "r"}


def _jumps() -> list[BindingType]:
    names = {**{field.value: letter for field, letter in LETTERS.items()}, **_OTHERS}
    return [
        Binding(letter, f"jump_to('{name}')", f"Go to {name}", show=False, priority=True, id=f"form.jump.{letter}")
        for name, letter in names.items()
    ]


class FormJump(FormKeys):
    """Waits for one letter; until then nothing has the focus, so that no key is typed into a field.

    The letters are priority bindings for the same reason as the other keys that move the focus (`in_order.py`), and
    are offered only while one is awaited: typing meets none of them.
    """

    BINDINGS: ClassVar[list[BindingType]] = _jumps()
    _jumping = False
    _left: Widget | None = None
    """Where the focus was."""

    async def action_jump(self) -> None:
        """Show the letters and wait for one."""
        await settle(self)
        self._left, self._jumping = self.focused, True
        with self.app.batch_update():
            letters = {field: self.told(letter) for field, letter in LETTERS.items()}
            self.query_one(FormBody).show_letters(letters)
            self.set_focus(None)
            words = JUMP_HELP if self._place(_RESULTS) is None else JUMP_HELP_TESTED
            self.query_one(Actions).set_help(self.told.words(words))

    async def action_jump_to(self, name: str) -> None:
        """Go where the letter says."""
        await settle(self)
        self._arrive(self._place(name))

    async def on_key(self, event: events.Key) -> None:
        """Take any other key for a no."""
        if self._jumping:
            event.stop()
            event.prevent_default()
            self._arrive(self._left)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the letters while one is awaited, and nothing else."""
        if action == "jump_to":
            return self._jumping and self._place(str(parameters[0])) is not None
        if action == "jump":
            # Asked also while the form is built or taken down, when a part of it may not be there.
            return not self._jumping and any(actions.mode in OPEN for actions in self.query(Actions))
        return not self._jumping

    def jumped(self) -> None:
        """Take the letters away: something has the focus again, whatever has moved it."""
        if self._jumping:
            self._jumping = False
            self.query_one(FormBody).show_letters({})

    def _arrive(self, place: Widget | None) -> None:
        self.set_focus(place if place is not None and place.focusable else self._place(_BUTTONS))
        self.jumped()

    def _place(self, name: str) -> Widget | None:
        if name == _BUTTONS:
            return self.query_one("#connect")
        if name == _RESULTS:
            panel = self.results
            return panel if panel is not None and panel.display and panel.focusable else None
        return self.query_one(FormBody).shown(Field(name))
