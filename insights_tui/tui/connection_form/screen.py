"""The screen of the connection form: which key and which answer leads to what."""

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
from textual.widgets import Button
from textual.worker import Worker

from insights_tui.client.protocol import AgentApi
from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.refused import FieldError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.tui.connection_form.actions import OPEN, Actions, Mode
from insights_tui.tui.connection_form.attempt import Answer, load
from insights_tui.tui.connection_form.attempting import FormAttempt
from insights_tui.tui.connection_form.body import FormBody
from insights_tui.tui.connection_form.command_line import CommandLine
from insights_tui.tui.connection_form.meanwhile import Meanwhile
from insights_tui.tui.connection_form.messages import Loaded, LoadFailed
from insights_tui.tui.connection_form.row import Row
from insights_tui.tui.connection_form.tested import Tested
from insights_tui.tui.connection_form.title import Title
from insights_tui.tui.connection_form.values import Values
from insights_tui.tui.connection_form.verdict import Verdict
from insights_tui.tui.connection_form.words import BUTTON_HELP, HELP, HELP_UNCHANGED, Field
from insights_tui.tui.dialog_keys import DialogKeys
from insights_tui.tui.glyphs import ASCII, UNICODE
from insights_tui.tui.in_order import settle
from insights_tui.tui.styles_path import style

EDIT, CONNECT = "Edit Connection", "Connect to Kafka"
LOADED = "The fields show it now."


class ConnectionFormScreen(FormAttempt):
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
        Binding("ctrl+g", "jump", "Go to", priority=True, id="form.jump"),
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
        self._glyphs = ASCII if ascii_only else UNICODE
        self._now = now
        self._editing = snapshot.connection is not None
        self._worker: Worker[Answer] | None = None
        self._saved: SavedConnection | None = None
        self._before: Widget | None = None  # where the focus was when a question came
        self._done = False
        self._fresh = True
        self._sized = False
        self._refused: Values | None = None
        self._tested = Tested()
        self._meanwhile = Meanwhile().filled(snapshot.connection.revision if snapshot.connection is not None else 0)
        self._unloaded = False
        self._whole = False  # whether what comes takes the place of what was typed, too

    def compose(self) -> ComposeResult:
        """Title, fields, buttons, the same as a command, keys; results and what went wrong come when there are some."""
        body, line = FormBody(self._snapshot, ascii_only=self._ascii, now=self._now), CommandLine()
        line.show(body.values, ca_unseen=body.ca_unseen)
        yield Vertical(
            Title(EDIT if self._editing else CONNECT, self._snapshot.agent.installation or ""),
            Horizontal(body, id="main"),
            Actions(self._glyphs, self.app.size.width),
            line,
            DialogKeys(),
            id="dialog",
            classes="-ascii" if self._ascii else "",
        )

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        """Be styled once: what this screen is made of was styled a moment ago, when it was made.

        Textual calls the handler of each base by itself, this one first.
        """
        if self._fresh:
            self._fresh = event.refresh_styles = False
            self.app.stylesheet.update_nodes([self])  # it was made before its style sheet was read

    def on_resize(self) -> None:
        """Lay out once more when the breakpoints have moved the fields.

        Textual 8.2.8 counts just the first of several wishes for a layout, and may have measured before the last.
        """
        if self._sized:
            self.call_after_refresh(self._lay_out_again)
        self._sized = True

    def _lay_out_again(self) -> None:
        for row in self.query(Row):
            row.refresh(layout=True)

    def on_mount(self) -> None:
        """Ask for what the snapshot does not hold."""
        if self._editing:
            self.load()

    async def _load(self) -> Answer | None:
        loaded = await load(self._client)
        if isinstance(loaded, Answer):
            self.post_message(LoadFailed(loaded))
            return loaded
        self.post_message(Loaded(loaded))
        return None

    def on_loaded(self, event: Loaded) -> None:
        """Fill in the saved connection."""
        body, told = self.query_one(FormBody), self._meanwhile.told
        body.take_saved(event.saved, whole=self._whole)
        if event.saved is None:
            self._meanwhile = self._meanwhile.gone
            self.query_one(Title).say(CONNECT)
        else:
            self._meanwhile = self._meanwhile.filled(event.saved.revision)
        known = told is not None and event.saved is not None
        if self._unloaded or self._whole or told is not None or event.saved is None:
            self._show_verdict((FieldError(told.code, told.message, LOADED),) if told is not None and known else ())
        self._unloaded = self._whole = False
        self.query_one(CommandLine).show(body.values)

    def on_load_failed(self, event: LoadFailed) -> None:
        """Say so; it is asked for again with the next news, and before anything is sent."""
        self._unloaded = True
        self._show_verdict(event.answer.errors)

    def _show_verdict(self, errors: Sequence[FieldError], offer: str = "") -> None:
        if self._meanwhile.told is not None:
            errors = (self._meanwhile.told, *errors)
        panel = next(iter(self.query(Verdict)), None)
        if panel is None:
            if not errors:
                return
            panel = Verdict(self._glyphs)
            self.query_one("#dialog").mount(panel, before="#actions")
        panel.show(errors, offer)
        self.query_one("#dialog").set_class(bool(errors), "-verdict")

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Take a newer snapshot: the count of payloads that wait stays true, and who else edits the connection."""
        body, before = self.query_one(FormBody), self._meanwhile
        body.take_snapshot(snapshot)
        self._meanwhile = before.see(snapshot)
        told = self._meanwhile.told
        if self.query_one(Actions).mode not in OPEN:
            return
        if self._unloaded or (told is not None and self._meanwhile.now and not body.changed):
            self.load()
        elif told != before.told:
            if not self._meanwhile.now:
                body.take_saved(None)
            self.query_one(Title).say(EDIT if self._meanwhile.now else CONNECT)
            self._show_verdict(())

    def load(self, *, whole: bool = False) -> None:
        """Ask for the saved connection; with `whole` it takes the place of what was typed."""
        self._whole = whole
        self.run_worker(self._load(), group="load", exclusive=True, exit_on_error=False)

    def on_form_body_edited(self) -> None:
        """Follow the fields."""
        body, actions = self.query_one(FormBody), self.query_one(Actions)
        if actions.mode is Mode.REFUSED and body.values != self._refused:
            self._set_mode(Mode.EDIT)  # what stands here now is not what was refused
        actions.set_count(body.problems)
        self.query_one(CommandLine).show(body.values, ca_unseen=body.ca_unseen)
        if (panel := self.results) is not None:
            panel.remark(self.told.words(self._tested.remark(body.values)))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what the focus is on."""
        self.jumped()
        if event.widget is not self.focused:
            return  # a button that was just made tells late
        name = event.widget.id or ""
        if name == Field.PASSWORD and self.query_one(FormBody).keeps_password:
            text = HELP_UNCHANGED
        else:
            text = HELP[Field(name)] if name in set(Field) else BUTTON_HELP.get(name, "")
        self.query_one(Actions).set_help(self.told.words(text))

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
            "over": self._save_over,
            "theirs": self._load_theirs,
        }
        acts.get(event.button.id or "", self._back)()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer Connect, and Show, only where they would do something."""
        if not super().check_action(action, parameters):
            return False
        if action in {"connect", "test"}:
            return any(actions.mode in (*OPEN, Mode.TESTED) for actions in self.query(Actions))
        return action != "show_password" or any(body.may_reveal for body in self.query(FormBody))

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
        elif mode in (Mode.ASK_DISCARD, Mode.ASK_CONNECT, Mode.ASK_OVER, Mode.ASK_ANEW):
            self._set_mode(Mode.EDIT, focus=self._before)
        elif mode is Mode.ASK_SKIP:
            self._set_mode(Mode.REFUSED, focus=self._before)
        elif self.query_one(FormBody).changed:
            self._ask(Mode.ASK_DISCARD)
        else:
            self._leave(None)

    def _save_over(self) -> None:
        self._meanwhile = self._meanwhile.agreed
        self._show_verdict(())
        self._start("require")

    def _load_theirs(self) -> None:
        self._set_mode(Mode.EDIT, focus=self._before)
        self.load(whole=True)

    async def action_copy_command(self) -> None:
        """Copy the command line; a password is not in it."""
        await settle(self)
        line = self.query_one(CommandLine)
        self.app.copy_to_clipboard(line.text)
        self.query_one(Actions).set_help(f"Command copied, if this terminal allows it (OSC 52). {line.advice}")

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
