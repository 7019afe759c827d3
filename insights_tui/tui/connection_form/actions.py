"""The foot of the form: what helps, what is asked, and the buttons that fit."""

from enum import StrEnum
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from insights_tui.domain.text import counted
from insights_tui.tui.connection_form.in_order import run_own_binding
from insights_tui.tui.glyphs import Glyphs


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
ASKING = {Mode.ASK_DISCARD: DISCARD_QUESTION, Mode.ASK_SKIP: SKIP_QUESTION, Mode.ASK_CONNECT: CONNECT_QUESTION}
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
}
"""The first one is where the focus goes, and it never does harm."""


class Actions(Vertical):
    """Help or a question, the buttons, and the count of problems."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "app.focus_previous", "Previous button", show=False, id="form.button.previous"),
        Binding("right", "app.focus_next", "Next button", show=False, id="form.button.next"),
    ]

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="actions")
        self._ellipsis = glyphs.ellipsis
        self.mode = Mode.EDIT
        self._help = ""

    def compose(self) -> ComposeResult:
        """Build every button; the mode shows some."""
        yield Static(id="help", markup=False)
        with Horizontal(id="buttons"):
            yield Button("Back to the fields", id="fields", compact=True)
            yield Button("Connect", id="connect", variant="primary", compact=True)
            yield Button("Test connection", id="test", compact=True)
            yield Button("Save anyway", id="skip", compact=True)
            yield Button("Keep editing", id="keep", variant="primary", compact=True)
            yield Button("Leave", id="discard", compact=True)
            yield Button("Back", id="back", variant="primary", compact=True)
            yield Button("Save unchecked", id="skip-now", compact=True)
            yield Button("Connect", id="connect-now", compact=True)
            yield Button("Stop", id="stop", compact=True)
            yield Button("Cancel", id="cancel", compact=True)
            yield Static(id="count", markup=False)

    async def on_key(self, event: events.Key) -> None:
        """Move between the buttons in the order of the keys."""
        await run_own_binding(self, event)

    def on_mount(self) -> None:
        """Start with the two usual buttons."""
        self.set_mode(Mode.EDIT)

    def on_resize(self, event: events.Resize) -> None:
        """Shorten a button where it would push the count of problems out of sight."""
        button = self.query_one("#test", Button)
        label = "Test connection" if event.size.width >= ROOM_FOR_WORDS else "Test"
        if str(button.label) != label:
            button.label = label
            button.refresh(layout=True)

    def set_mode(self, mode: Mode) -> None:
        """Show what fits the mode; the screen moves the focus."""
        self.mode = mode
        for button in self.query(Button):
            button.display = button.id in BUTTONS[mode]
        connect = self.query_one("#connect", Button)
        connect.label = f"Connecting{self._ellipsis}" if mode is Mode.CONNECTING else "Connect"
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
        text = f"{counted(problems, 'problem')} to fix" if problems else ""
        self._update("count", text)

    def _show_help(self) -> None:
        self._update("help", ASKING.get(self.mode, self._help))

    def _update(self, name: str, text: str) -> None:
        static, content = self.query_one(f"#{name}", Static), Content(text)
        if static.content != content:  # an update paints, also where nothing has changed
            static.update(content, layout=False)
