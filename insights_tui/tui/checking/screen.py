"""The check of the saved connection, on a screen of its own."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from insights_tui.client.protocol import AgentApi
from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.refused import FieldError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import sanitize
from insights_tui.tui.checking.panel import CheckPanel
from insights_tui.tui.checking.run import run_check
from insights_tui.tui.dialog_keys import DialogKeys
from insights_tui.tui.glyphs import ASCII, UNICODE
from insights_tui.tui.styles_path import style


class CheckScreen(ModalScreen[None]):
    """Checks the connection in use, and again where asked to; leaving ends the check."""

    CSS_PATH = style("checking")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (112, "-roomy")]  # noqa: RUF012 - no ClassVar in Screen
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,k", "close", "Close", key_display="esc", id="check.close"),
        Binding("r", "again", "Check again", id="check.again"),
        Binding("y", "copy", "Copy as text", id="check.copy"),
        Binding("down", "scroll(1)", "Scroll down", show=False, id="check.down"),
        Binding("up", "scroll(-1)", "Scroll up", show=False, id="check.up"),
    ]

    class StepEnded(Message):
        """Posted when a step has ended, or all of it."""

        def __init__(self, item: CheckStep | CheckVerdict) -> None:
            super().__init__()
            self.item = item

    def __init__(self, client: AgentApi, snapshot: Snapshot | None, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._client = client
        self._servers = snapshot.connection.bootstrap_servers if snapshot and snapshot.connection else ()
        self._topic = snapshot.connection.topic if snapshot and snapshot.connection else ""
        self._ascii = ascii_only
        self._worker: Worker[tuple[FieldError, ...]] | None = None

    def compose(self) -> ComposeResult:
        """Title, what kept it from a verdict, the check, keys."""
        about = f": topic {sanitize(self._topic, limit=80)}" if self._topic else ""
        with Vertical(id="dialog", classes="-ascii" if self._ascii else ""):
            yield Static(f"Check of the connection{about}", id="title", markup=False)
            yield Static(id="trouble", markup=False)
            yield CheckPanel(ASCII if self._ascii else UNICODE)
            yield DialogKeys()

    def on_mount(self) -> None:
        """Begin at once: nobody opens it for another reason."""
        self.action_again()

    def action_again(self) -> None:
        """Check, unless a check is under way."""
        if self._worker is not None and self._worker.is_running:
            return
        self._say(())
        self.query_one(CheckPanel).begin(self._servers)
        self._worker = self.run_worker(self._check(), group="check", exit_on_error=False)

    async def _check(self) -> tuple[FieldError, ...]:
        return await run_check(self._client, None, lambda item: self.post_message(self.StepEnded(item)))

    def on_check_screen_step_ended(self, event: StepEnded) -> None:
        """Fill it in."""
        with self.app.batch_update():
            self.query_one(CheckPanel).take(event.item)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say what kept it from its verdict."""
        event.stop()
        if event.worker is not self._worker or not self.is_attached:
            return
        if event.state is WorkerState.SUCCESS and event.worker.result is not None:
            self.query_one(CheckPanel).stop()
            self._say(event.worker.result)
        elif event.state is WorkerState.ERROR:  # a bug of ours: its text may hold anything
            self.query_one(CheckPanel).stop()
            name = type(event.worker.error).__name__
            self._say((FieldError("internal", f"This screen failed ({name}).", "Report it."),))

    def action_copy(self) -> None:
        """Copy it as text, through the terminal (OSC 52)."""
        self.app.copy_to_clipboard(self.query_one(CheckPanel).text)
        self.notify("Copied as text, if this terminal allows it (OSC 52).", markup=False)

    def action_scroll(self, by: int) -> None:
        """Scroll a line."""
        self.query_one(CheckPanel).scroll_relative(y=by, animate=False)

    def action_close(self) -> None:
        """Go back; a check under way ends."""
        if self._worker is not None:
            self._worker.cancel()
        if self.is_active:  # `dismiss` takes away whatever is on top
            self.dismiss(None)

    def _say(self, errors: tuple[FieldError, ...]) -> None:
        trouble = self.query_one("#trouble", Static)
        trouble.update(Content("\n").join(Content(sanitize(error.text, limit=600)) for error in errors))
        trouble.display = bool(errors)
        self.query_one(CheckPanel).display = not errors
