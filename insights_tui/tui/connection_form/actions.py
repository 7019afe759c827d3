"""The foot of the form: what helps, what is asked, and the buttons that fit."""

from collections.abc import Container
from enum import StrEnum
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Button

from insights_tui.domain.text import counted
from insights_tui.tui.connection_form.flowing import Flowing
from insights_tui.tui.glyphs import Glyphs
from insights_tui.tui.in_order import run_own_binding
from insights_tui.tui.lines import BLANK, Line, fit, wrap


class Mode(StrEnum):
    """What the form is doing."""

    EDIT = "edit"
    CONNECTING = "connecting"
    REFUSED = "refused"
    """The check failed: saving without it is offered."""
    TESTING = "testing"
    TESTED = "tested"
    """The test covers the fields, where there is no room for both."""
    ASK_CONNECT = "ask-connect"
    ASK_DISCARD = "ask-discard"
    ASK_SKIP = "ask-skip"
    ASK_OVER = "ask-over"
    """Somebody else has saved another connection since this form was filled."""
    ASK_ANEW = "ask-anew"
    """Somebody else has deleted it."""


OPEN = (Mode.EDIT, Mode.REFUSED)
"""Modes in which the fields can be edited."""
DISCARD_QUESTION = "Leave without saving? What you changed here is forgotten."
SKIP_QUESTION = (
    "Save what the check could not prove? It is used at once: payloads wait for it, and each is lost when its "
    "deadline passes."
)
CONNECT_QUESTION = (
    "The test of these fields has failed. Connect all the same? It is saved only where the login and the topic work."
)
OVER_QUESTION = "Save over what somebody else saved meanwhile? Load theirs puts it into these fields; nothing is saved."
ANEW_QUESTION = "Make the connection anew with these fields? Somebody else deleted it meanwhile."
ASKING = {
    Mode.ASK_DISCARD: DISCARD_QUESTION,
    Mode.ASK_SKIP: SKIP_QUESTION,
    Mode.ASK_CONNECT: CONNECT_QUESTION,
    Mode.ASK_OVER: OVER_QUESTION,
    Mode.ASK_ANEW: ANEW_QUESTION,
}
ROOM_FOR_WORDS = 68
"""Cells from which on every button has its whole name."""
BUTTONS = {
    Mode.EDIT: ("connect", "test", "cancel"),
    Mode.CONNECTING: ("connect", "stop"),
    Mode.REFUSED: ("connect", "test", "skip", "cancel"),
    Mode.TESTING: ("stop",),
    Mode.TESTED: ("fields", "connect", "test"),
    Mode.ASK_CONNECT: ("back", "connect-now"),
    Mode.ASK_DISCARD: ("keep", "discard"),
    Mode.ASK_SKIP: ("back", "skip-now"),
    Mode.ASK_OVER: ("back", "theirs", "over"),
    Mode.ASK_ANEW: ("back", "over"),
}
"""The first one is where the focus goes, and it never does harm."""


STYLED = "-style-default"
"""The class that a `Button` gives itself: given with its birth, it does not have it styled once more."""
LABELS = {
    "fields": "Back to the fields",
    "connect": "Connect",
    "test": "Test connection",
    "skip": "Save anyway",
    "keep": "Keep editing",
    "discard": "Leave",
    "back": "Back",
    "theirs": "Load theirs",
    "over": "Save mine",
    "skip-now": "Save unchecked",
    "connect-now": "Connect",
    "stop": "Stop",
    "cancel": "Cancel",
}
"""Every button, in the order in which they stand."""


def _label(name: str, width: int) -> str:
    return LABELS[name] if name != "test" or width >= ROOM_FOR_WORDS else "Test"


def _button(label: str, name: str) -> Button:
    return Button(label, id=name, classes=STYLED)


class Help(Flowing):
    """What helps, or what is asked: then it is loud."""

    _text, _asking = "", False

    def say(self, text: str, *, asking: bool) -> None:
        """Say this from now on."""
        self._text, self._asking = text, asking
        self.redraw()

    def lines(self, cells: int) -> list[Line]:
        """Give two rows at least, so that a shorter text moves nothing."""
        rows: list[Line] = [((row, "worry" if self._asking else "label"),) for row in wrap(self._text, cells)]
        return [*rows, *((2 - len(rows)) * [BLANK])]


class Buttons(Flowing):
    """A row of buttons, and at its right end the count of problems."""

    _count = 0

    def count(self, problems: int) -> None:
        """Tell how many problems are left."""
        self._count = problems
        self.redraw()

    def lines(self, cells: int) -> list[Line]:
        """Write the count behind the buttons, as fully as there is room for it."""
        if not self._count:
            return [BLANK]
        left = cells - self.room
        forms = (f"{counted(self._count, 'problem')} to fix", f"{self._count} to fix", f"{self._count}!")
        words = next((form for form in forms if len(form) <= left), "")
        return [fit(((words, "wrong"),), cells, right=True)]

    @property
    def room(self) -> int:
        """Cells that the buttons take."""
        return max((one.virtual_region_with_margin.right for one in self.children if one.display), default=0)

    def offer(self, names: Container[str]) -> None:
        """Show these buttons; one that is wanted for the first time is made now: most forms never need it."""
        made = {one.id: one for one in self.query(Button)}
        after: Button | None = None
        for name in reversed(LABELS):
            button = made.get(name)
            if button is None and name in names:
                button = _button(LABELS[name], name)
                self.mount(button, before=after)
            if button is not None:
                button.display = name in names
                after = button


class Actions(Vertical):
    """Help or a question, the buttons, and the count of problems."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "app.focus_previous", "Previous button", show=False, id="form.button.previous"),
        Binding("right", "app.focus_next", "Next button", show=False, id="form.button.next"),
    ]

    def __init__(self, glyphs: Glyphs, width: int) -> None:
        self._ellipsis = glyphs.ellipsis
        self.mode = Mode.EDIT
        self._help = ""
        self._says = Help(id="help")
        self._buttons = Buttons(*(_button(_label(name, width), name) for name in BUTTONS[Mode.EDIT]), id="buttons")
        super().__init__(self._says, self._buttons, id="actions")

    async def on_key(self, event: events.Key) -> None:
        """Move between the buttons in the order of the keys."""
        await run_own_binding(self, event)

    def on_resize(self, event: events.Resize) -> None:
        """Shorten a button where it would push the count of problems out of sight."""
        button = self.query_one("#test", Button)
        label = _label("test", event.size.width)
        if str(button.label) != label:
            button.label = label
            button.refresh(layout=True)

    def set_mode(self, mode: Mode) -> None:
        """Show what fits the mode; the screen moves the focus."""
        self.mode = mode
        self._buttons.offer(BUTTONS[mode])
        connect = self.query_one("#connect", Button)
        connect.label = f"Connecting{self._ellipsis}" if mode is Mode.CONNECTING else LABELS["connect"]
        connect.disabled = mode is Mode.CONNECTING
        self.set_class(mode in ASKING, "-asking")
        self._show_help()

    def focus_first(self) -> None:
        """Move the focus to the button that does no harm."""
        self.focus_on("stop" if self.mode is Mode.CONNECTING else BUTTONS[self.mode][0])

    def focus_on(self, name: str) -> None:
        """Move the focus to a button that the mode shows."""
        self.screen.set_focus(self.query_one(f"#{name}", Button))

    def set_help(self, text: str) -> None:
        """Tell what the focus is on."""
        self._help = text
        self._show_help()

    def set_count(self, problems: int) -> None:
        """Tell how many problems are left."""
        self._buttons.count(problems)

    def _show_help(self) -> None:
        self._says.say(ASKING.get(self.mode, self._help), asking=self.mode in ASKING)
