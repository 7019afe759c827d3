"""The main screen: status, views, banner, page, keys - and what a person can do on it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, work
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Button

from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.text import clock_time, latency, thousands
from insights_tui.tui.frame import Frame, Space
from insights_tui.tui.glyphs import ASCII
from insights_tui.tui.panels.banner import Banner, problems
from insights_tui.tui.panels.keys_row import KeysRow
from insights_tui.tui.panels.nav_row import NavRow
from insights_tui.tui.panels.notice_row import NoticeRow
from insights_tui.tui.panels.panel import Panel
from insights_tui.tui.panels.status_row import StatusRow
from insights_tui.tui.screens.confirm import Confirm
from insights_tui.tui.screens.help import Help
from insights_tui.tui.screens.insights_page import InsightsPage
from insights_tui.tui.screens.problems import Problems
from insights_tui.tui.screens.questions import before_deleting, before_quitting
from insights_tui.tui.status_text import status_text

if TYPE_CHECKING:
    from insights_tui.domain.answers import SavedConnection
    from insights_tui.tui.app import InsightsApp


class InsightsScreen(Screen[None]):
    """One page, one frame a second."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "connect", "Connect or edit", id="insights.connect"),
        Binding("t", "test_payload", "Send a test payload", id="insights.test"),
        Binding("d", "delete", "Delete Connection", id="insights.delete"),
        Binding("space", "freeze", "Freeze the view", id="insights.freeze", priority=False),
        Binding("y", "copy", "Copy the state", id="insights.copy"),
        Binding("enter", "problems", "Every problem in full", id="insights.problems"),
        Binding("question_mark", "help", "Help", id="insights.help"),
        Binding("escape", "dismiss_notice", "Clear the notice", id="insights.clear", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._frame = Frame()
        self._restart_told: object = None

    @property
    def _interface(self) -> "InsightsApp":
        return cast("InsightsApp", self.app)

    def compose(self) -> ComposeResult:
        """Place the rows that stay, and the page between them."""
        yield StatusRow()
        with Horizontal(id="nav"):
            yield NavRow()
            yield Button("Connect to Kafka", id="connect", compact=True)
            yield Button("Delete Connection", id="delete", compact=True)
        yield Banner()
        yield InsightsPage()
        yield NoticeRow()
        yield KeysRow()

    def on_mount(self) -> None:
        """Let the page have the keys: arrows scroll it."""
        self.query_one(InsightsPage).focus()
        self._draw()

    def on_resize(self, _event: events.Resize) -> None:
        """Lay out anew while the terminal is dragged."""
        self._draw()

    def on_screen_resume(self) -> None:
        """Catch up with what a dialog has covered."""
        if self._frame.frozen_at is None:
            self._frame = self._interface.frame
        self._draw()

    def take(self, frame: Frame) -> None:
        """Show a frame, unless the view is frozen or covered."""
        if self._frame.frozen_at is not None or not self.is_active or not self.query("#connect"):
            return  # frozen, covered, or (the last case) already being taken down
        self._frame = frame
        if frame.restarted_at is not None and frame.restarted_at != self._restart_told:
            self._restart_told = frame.restarted_at
            self._say(f"The agent was restarted; this is the new one, seen first at {clock_time(frame.restarted_at)}.")
        self._draw()

    def _draw(self) -> None:
        frame = self._frame
        space = Space(self.size.width, self.size.height, self._interface.glyphs)
        configured = frame.snapshot is not None and frame.snapshot.connection is not None
        connect = self.query_one("#connect", Button)
        label = "Edit Connection" if configured else "Connect to Kafka"
        if str(connect.label) != label:
            connect.label = label
        self.query_one("#delete", Button).display = configured and space.tier != "tiny"
        connect.display = frame.snapshot is not None and (configured or space.tier == "tiny")
        for panel in self.query(Panel):
            if panel.parent is self or panel.parent is connect.parent:
                panel.show(frame, space)
        page = self.query_one(InsightsPage)
        page.take(frame, space, troubled=bool(problems(frame)))
        big = page.query_one("#connect-big", Button)
        if self.focused is page and frame.snapshot is not None and not configured and space.tier != "tiny":
            big.focus()  # the one thing to do here
        elif self.focused is big and configured:
            page.focus()

    def _say(self, words: str, kind: str = "plain") -> None:
        self.query_one(NoticeRow).say(words, kind)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        event.stop()
        if event.button.id == "delete":
            self.action_delete()
        else:
            self.action_connect()

    def action_connect(self) -> None:
        """Open the connection form."""
        snapshot = self._interface.frame.snapshot
        if snapshot is None:
            self._say("There is no agent to connect yet.", "bad")
            return
        from insights_tui.tui.connection_form import ConnectionFormScreen

        plain = self._interface.glyphs is ASCII
        form = ConnectionFormScreen(self._interface.client, snapshot, ascii_only=plain)
        self.app.push_screen(form, self._connected)

    def _connected(self, saved: "SavedConnection | None") -> None:
        if saved is not None:
            self._say(f"Connection saved: topic {saved.topic} at {saved.broker_url}.", "good")
            self._interface.feed.nudge()

    def action_delete(self) -> None:
        """Delete the connection, after asking."""
        snapshot = self._interface.frame.snapshot
        if snapshot is None or snapshot.connection is None:
            self._say("There is no connection to delete.")
            return
        self.app.push_screen(Confirm(before_deleting(snapshot)), self._deletion_answered)

    def _deletion_answered(self, agreed: bool | None) -> None:
        if agreed:
            self._delete()

    @work(exclusive=True, group="act")
    async def _delete(self) -> None:
        try:
            await self._interface.client.disconnect()
        except (AgentUnavailableError, RefusedError) as error:
            self._say(f"The connection was not deleted. {_reason(error)}", "bad")
            return
        self._say("Connection deleted. New payloads wait until there is another one.", "good")
        self._interface.feed.nudge()

    @work(exclusive=True, group="act")
    async def action_test_payload(self) -> None:
        """Send one marked payload and say where it went."""
        self._say("Test payload under way.")
        try:
            receipt = await self._interface.client.test_payload()
        except (AgentUnavailableError, RefusedError, TimeoutError) as error:
            self._say(f"The test payload was not delivered. {_reason(error)}", "bad")
            return
        self._say(
            f"Test payload delivered: topic {receipt.topic}, partition {receipt.partition},"
            f" offset {thousands(receipt.offset)}, {latency(receipt.latency_s)}.",
            "good",
        )

    def action_freeze(self) -> None:
        """Stop or resume drawing; delivery never stops."""
        if self._frame.frozen_at is not None:
            self._frame = self._interface.frame
        elif self._frame.snapshot is not None:
            self._frame = replace(self._frame, frozen_at=self._frame.snapshot.as_of)
        self._draw()

    def action_copy(self) -> None:
        """Copy the state as text, through the terminal (OSC 52)."""
        self.app.copy_to_clipboard(status_text(self._frame))
        self._say("State copied as text, if this terminal allows it (OSC 52).")

    def action_problems(self) -> None:
        """Show every problem in full."""
        self.app.push_screen(Problems(problems(self._interface.frame)))

    def action_help(self) -> None:
        """Explain the keys and the words."""
        self.app.push_screen(Help(self.focused))

    def action_dismiss_notice(self) -> None:
        """Clear the notice."""
        self.query_one(NoticeRow).clear()

    def ask_to_quit(self, leave: Callable[[], None]) -> None:
        """Leave at once where nothing is at stake, else ask."""
        question = before_quitting(self._interface.frame.snapshot)
        if question is None:
            leave()
        else:
            self.app.push_screen(Confirm(question), lambda agreed: leave() if agreed else None)

    def commands(self) -> Iterable[SystemCommand]:
        """Offer every key of this page by name."""
        for binding in self.BINDINGS:
            if isinstance(binding, Binding) and binding.show:
                action = getattr(self, f"action_{binding.action}")
                yield SystemCommand(binding.description, f"Key: {binding.key}", action)


def _reason(error: Exception) -> str:
    """Give cause and repair of a refusal."""
    if isinstance(error, RefusedError):
        return " ".join(f"{one.message} {one.hint}".strip() for one in error.errors)
    if isinstance(error, AgentUnavailableError):
        return f"{error} {error.hint}".strip()
    return "No answer came in time."
