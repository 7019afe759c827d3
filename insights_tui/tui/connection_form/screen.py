"""The screen of the connection form: which key and which answer leads to what."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import Reactive
from textual.widget import Widget
from textual.widgets import Button, Footer, Static
from textual.worker import Worker, WorkerState

from insights_tui.client.protocol import AgentApi
from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.refused import FieldError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import sanitize
from insights_tui.tui.checking.panel import CheckPanel
from insights_tui.tui.connection_form.actions import Actions, Mode
from insights_tui.tui.connection_form.attempt import Answer, Check, ask, broken, load, prepare
from insights_tui.tui.connection_form.body import FormBody
from insights_tui.tui.connection_form.command_line import CommandLine
from insights_tui.tui.connection_form.in_order import settle
from insights_tui.tui.connection_form.messages import Asked, Loaded, LoadFailed
from insights_tui.tui.connection_form.tested import Tested
from insights_tui.tui.connection_form.testing import FormTest
from insights_tui.tui.connection_form.values import Values
from insights_tui.tui.connection_form.verdict import Verdict
from insights_tui.tui.connection_form.words import BUTTON_HELP, HELP, HELP_UNCHANGED, OFFER_TEST, Field
from insights_tui.tui.glyphs import ASCII, UNICODE
from insights_tui.tui.styles_path import style

STOPPED = FieldError(
    "stopped",
    "Stopped waiting.",
    "The agent may have finished all the same: the page shows which connection is saved.",
)
OPEN = (Mode.EDIT, Mode.REFUSED)
"""Modes in which the fields can be edited."""
DELETED = FieldError("deleted", "The connection was deleted meanwhile.", "Connect makes a new one.")


class ConnectionFormScreen(FormTest):
    """Connect to Kafka, or edit the connection; dismissed with what was saved, `None` where nothing was."""

    # Textual's own repaints the whole screen at each move of the focus; what has the focus repaints itself.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    CSS_PATH: ClassVar[list[str | PurePath]] = [style("connection_form"), style("checking")]
    AUTO_FOCUS = f"#{Field.TOPIC}"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-wide"), (112, "-roomy")]  # noqa: RUF012 - no ClassVar in Screen
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-normal"), (36, "-tall")]  # noqa: RUF012 - likewise
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "connect", "Connect", priority=True, id="form.connect"),
        Binding("ctrl+t", "test", "Test", priority=True, id="form.test"),
        Binding("escape", "back", "Cancel", priority=True, id="form.cancel"),
        Binding("ctrl+y", "copy_command", "Copy command", priority=True, id="form.copy-command"),
        Binding("ctrl+r", "show_password", "Show/hide", priority=True, id="form.show-password"),
    ]

    def __init__(
        self,
        client: AgentApi,
        snapshot: Snapshot,
        *,
        ascii_only: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        self._client = client
        self._snapshot = snapshot
        self._ascii = ascii_only
        self._now = now
        self._editing = snapshot.connection is not None
        self._worker: Worker[Answer] | None = None
        self._saved: SavedConnection | None = None
        self._before: Widget | None = None  # where the focus was when a question came
        self._done = False
        self._refused: Values | None = None
        self._tested = Tested()

    def compose(self) -> ComposeResult:
        """Title, fields, what went wrong, buttons, the same as a command, keys."""
        glyphs = ASCII if self._ascii else UNICODE
        with Vertical(id="dialog", classes="-ascii" if self._ascii else ""):
            with Horizontal(id="title"):
                yield Static("Edit Connection" if self._editing else "Connect to Kafka", id="what", markup=False)
                yield Static(sanitize(self._snapshot.agent.installation or "", limit=40), id="where", markup=False)
            with Horizontal(id="main"):
                yield FormBody(self._snapshot, ascii_only=self._ascii, now=self._now)
                yield CheckPanel(glyphs)
            yield Verdict(glyphs)
            yield Actions(glyphs)
            yield CommandLine()
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Ask for what the snapshot does not hold."""
        if self._editing:
            self.run_worker(self._load(), group="load", exit_on_error=False)

    async def _load(self) -> Answer | None:
        loaded = await load(self._client)
        if isinstance(loaded, Answer):
            self.post_message(LoadFailed(loaded))
            return loaded
        self.post_message(Loaded(loaded))
        return None

    def on_loaded(self, event: Loaded) -> None:
        """Fill in the saved connection."""
        self.query_one(FormBody).take_saved(event.saved)
        if event.saved is None:
            self._show_verdict((DELETED,))

    def on_load_failed(self, event: LoadFailed) -> None:
        """Say so; Connect asks again before it sends anything."""
        self._show_verdict(event.answer.errors)

    def _show_verdict(self, errors: Sequence[FieldError], offer: str = "") -> None:
        self.query_one(Verdict).show(errors, offer)
        self.query_one("#dialog").set_class(bool(errors), "-verdict")

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Take a newer snapshot: the count of payloads that wait stays true."""
        self.query_one(FormBody).take_snapshot(snapshot)

    def on_form_body_edited(self) -> None:
        """Follow the fields."""
        body, actions = self.query_one(FormBody), self.query_one(Actions)
        if actions.mode is Mode.REFUSED and body.values != self._refused:
            self._set_mode(Mode.EDIT)  # what stands here now is not what was refused
        actions.set_count(body.problems)
        self.query_one(CommandLine).show(body.values)
        self.query_one(CheckPanel).remark(self._tested.remark(body.values))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what the focus is on."""
        name = event.widget.id or ""
        if name == Field.PASSWORD and self.query_one(FormBody).keeps_password:
            text = HELP_UNCHANGED
        else:
            text = HELP[Field(name)] if name in set(Field) else BUTTON_HELP.get(name, "")
        self.query_one(Actions).set_help(text)

    # Keys and buttons

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        event.stop()
        acts: dict[str, Callable[[], None]] = {
            "show": self.query_one(FormBody).reveal,
            "connect": self._connect,
            "connect-now": lambda: self._start("require"),
            "test": self._start_test,
            "skip": lambda: self._ask(Mode.ASK_SKIP),
            "skip-now": lambda: self._start("skip"),
            "discard": lambda: self._leave(None),
        }
        acts.get(event.button.id or "", self._back)()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's signature
        """Offer Connect, and Show, only where they would do something."""
        if action in {"connect", "test"}:
            return self.query_one(Actions).mode in (*OPEN, Mode.TESTED)
        return action != "show_password" or self.query_one(FormBody).may_reveal

    async def action_connect(self) -> None:
        """Check every field, then let the agent check the connection and save it."""
        await settle(self)
        self._connect()

    async def action_test(self) -> None:
        """Check every field, then let the agent try every server; nothing is saved."""
        await settle(self)
        self._start_test()

    async def action_show_password(self) -> None:
        """Show or hide the password that was typed."""
        await settle(self)
        self.query_one(FormBody).reveal()

    async def action_back(self) -> None:
        """Stop, go back, or leave: one step."""
        await settle(self)
        self._back()

    def _back(self) -> None:
        mode = self.query_one(Actions).mode
        if mode in (Mode.CONNECTING, Mode.TESTING):
            if self._worker is not None:
                self._worker.cancel()
        elif mode is Mode.TESTED:
            self._to_fields()
        elif mode in (Mode.ASK_DISCARD, Mode.ASK_CONNECT):
            self._set_mode(Mode.EDIT, focus=self._before)
        elif mode is Mode.ASK_SKIP:
            self._set_mode(Mode.REFUSED, focus=self._before)
        elif self.query_one(FormBody).changed:
            self._ask(Mode.ASK_DISCARD)
        else:
            self._leave(None)

    async def action_copy_command(self) -> None:
        """Copy the command line; a password is not in it."""
        await settle(self)
        line = self.query_one(CommandLine)
        self.app.copy_to_clipboard(line.text)
        self.notify(line.advice, title="Command copied", markup=False)

    def _ask(self, mode: Mode) -> None:
        self._before = self.focused
        self._set_mode(mode)

    def _set_mode(self, mode: Mode, *, focus: Widget | None = None) -> None:
        actions, body = self.query_one(Actions), self.query_one(FormBody)
        with self.app.batch_update():
            actions.set_mode(mode)
            if mode not in OPEN:
                actions.focus_first()
            body.disabled = mode not in OPEN
            self.query_one("#dialog").set_class(mode in (Mode.TESTING, Mode.TESTED), "-covered")
            if focus is not None:
                self.set_focus(focus)
        self.refresh_bindings()

    # The attempt

    def _connect(self) -> None:
        if self._tested.asks(self.query_one(FormBody).values):
            self._ask(Mode.ASK_CONNECT)
        else:
            self._start("require")

    def _start(self, check: Check) -> None:
        if self._worker is not None and self._worker.is_running:
            return
        values = self.query_one(FormBody).values  # as they stand now: what is typed from here on is not sent
        self._worker = self.run_worker(self._attempt(values, check), group="connect", exit_on_error=False)

    async def _attempt(self, values: Values, check: Check) -> Answer:
        prepared = await self._prepare(values)
        if isinstance(prepared, Answer):
            return prepared
        self.post_message(Asked())
        return await ask(self._client, prepared, check)

    async def _prepare(self, values: Values) -> ConnectionForm | Answer:
        body = self.query_one(FormBody)
        if not body.findings.loaded:  # else a certificate that nobody has seen would be taken away
            loaded = await load(self._client)
            if isinstance(loaded, Answer):
                return loaded
            body.take_saved(loaded)
            values = body.values
        return await prepare(values, body.findings.saved, os.environ, self._now())

    def on_asked(self) -> None:
        """Show that Kafka is being asked."""
        if self._worker is not None and self._worker.is_running:
            self._show_verdict(())
            self._ask(Mode.CONNECTING)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show how the attempt ended."""
        event.stop()
        if event.worker is not self._worker:
            return
        test = event.worker.group == "test"
        take = self._test_ended if test else self._answered
        if event.state is WorkerState.SUCCESS and event.worker.result is not None:
            take(event.worker.result)
        elif event.state is WorkerState.CANCELLED:
            take(Answer(errors=() if test else (STOPPED,)))
        elif event.state is WorkerState.ERROR:  # a bug of ours: the form and what was typed survive it
            take(broken(event.worker.error))

    def _answered(self, answer: Answer) -> None:
        if answer.saved is not None:
            self._leave(answer.saved)
            return
        body, actions = self.query_one(FormBody), self.query_one(Actions)
        self._refused = body.values
        with self.app.batch_update():
            general = body.take_errors(answer.errors)
            self._show_verdict(general, OFFER_TEST if answer.may_skip else "")
            self._set_mode(Mode.REFUSED if answer.may_skip else Mode.EDIT)
            actions.set_count(body.problems)
            wrong = body.first_wrong(general)
            if wrong is not None:
                self.set_focus(wrong)
            else:
                actions.focus_first()

    def _leave(self, saved: SavedConnection | None) -> None:
        self.query_one(FormBody).forget()
        self._saved, self._done = saved, True
        self._give()

    def on_screen_resume(self) -> None:
        """Leave now, where another screen stood on top when it was time."""
        self._give()

    def _give(self) -> None:
        if self._done and self.is_active:  # `dismiss` takes away whatever is on top
            self.dismiss(self._saved)
