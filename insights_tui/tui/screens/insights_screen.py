"""The main screen: status, views, banner, the view that is shown, keys."""

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.geometry import Region
from textual.reactive import Reactive
from textual.widget import Widget
from textual.widgets import Button, Input

from insights_tui.tui.frame import Frame, Space
from insights_tui.tui.panels.banner import Banner
from insights_tui.tui.panels.keys_row import KeysRow
from insights_tui.tui.panels.nav_row import NavRow
from insights_tui.tui.panels.notice_row import NoticeRow
from insights_tui.tui.panels.panel import Panel
from insights_tui.tui.panels.status_row import StatusRow
from insights_tui.tui.rows import Rows
from insights_tui.tui.screens.changes import changes
from insights_tui.tui.screens.confirm import Confirm
from insights_tui.tui.screens.help import Help
from insights_tui.tui.screens.offering import Offering
from insights_tui.tui.screens.questions import before_quitting
from insights_tui.tui.status_text import status_text
from insights_tui.tui.told_keys import Fixed, Told
from insights_tui.tui.views.registry import VIEWS
from insights_tui.tui.views.view import Keys, View

_ACTING = ("act", "lost-act", "algorithms-act")
"""Groups of workers that change something."""
_TYPING: Keys = ((Fixed("enter"), "Filter"), ("esc", "Close"))


class InsightsScreen(Offering):
    """The rows that stay, and one view at a time."""

    # Textual's own repaints the whole screen at each move of the focus, 20 kB; what has the focus repaints itself.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "connect", "Connect or edit", id="insights.connect"),
        Binding("t", "test_payload", "Send a test payload", id="insights.test"),
        Binding("k", "check", "Check the connection", id="insights.check"),
        Binding("b", "revisions", "Go back to an earlier connection", id="insights.revisions"),
        Binding("d", "delete", "Delete Connection", id="insights.delete"),
        Binding("a", "agents", "Show another agent", id="insights.agents"),
        Binding("space", "freeze", "Freeze the view", id="insights.freeze", priority=False),
        Binding("y", "copy", "Copy the state", id="insights.copy"),
        Binding("p,enter", "problems", "Every problem in full", id="insights.problems"),
        Binding("question_mark", "help", "Help", id="insights.help"),
        *Offering.WORDS,
        Binding("minus", "former", "Back to the view before", id="view.former", show=False),
        Binding("escape", "dismiss_notice", "Clear the notice", id="insights.clear", show=False),
        *(Binding(one.key, f"view('{one.name}')", one.title, id=f"view.{one.name}", show=False) for one in VIEWS),
    ]

    CHANGES: ClassVar[frozenset[str]] = frozenset({"connect", "test_payload", "revisions", "delete"})

    def __init__(self) -> None:
        super().__init__()
        self.frame = Frame()
        self._views: dict[str, View] = {}
        self._shown = self._former = VIEWS[0].name

    @property
    def view(self) -> View:
        """The view that is shown."""
        return self._views[self._shown]

    def compose(self) -> ComposeResult:
        """Place the rows that stay, and the first view between them."""
        yield StatusRow()
        with Horizontal(id="nav"):
            yield NavRow()
            yield Button("Connect to Kafka", id="connect", compact=True)
            yield Button("Delete Connection", id="delete", compact=True)
        yield Banner()
        self._views[self._shown] = self._made(self._shown)
        yield self.view
        yield NoticeRow()
        yield KeysRow()

    def on_mount(self) -> None:
        """Let the view have the keys."""
        self.view.on_view_shown()
        self.view.focus_first()
        self._draw()

    async def action_view(self, name: str) -> None:
        """Open another view; the one before it falls asleep."""
        if name == self._shown:
            self.view.focus_first()
            return
        self.view.on_view_hidden()
        self.view.display = False
        new = self._views.get(name)
        if new is None:
            new = self._views[name] = self._made(name)
            await self.mount(new, before=self.query_one(NoticeRow))
        self._former, self._shown = self._shown, name
        self.query_one(NavRow).current = name
        with self.app.batch_update():
            new.display = True
            new.on_view_shown()
            self._draw()
        new.focus_first()

    async def action_former(self) -> None:
        """Go back to the view that was shown before this one; twice, and nothing has changed."""
        await self.action_view(self._former)

    def _made(self, name: str) -> View:
        return next(one for one in VIEWS if one.name == name).make(self._interface.client)

    async def begin_anew(self) -> None:
        """Forget everything that is shown: it is of another agent now. The view stays, to compare the two."""
        left = [one for one in self.workers if one.group in _ACTING and not one.is_finished]
        self.workers.cancel_group(self, "act")  # how it ends is no news of the agent that comes
        self.view.on_view_hidden()
        former, self._views = list(self._views.values()), {}
        self.frame = Frame()
        self.query_one(NoticeRow).clear()
        new = self._views[self._shown] = self._made(self._shown)
        for view in former:
            await view.remove()
        await self.mount(new, before=self.query_one(NoticeRow))
        if left:
            self._say("What you began on the other agent may still be under way there; its Events tell.")
        new.on_view_shown()
        self._draw()
        new.focus_first()

    async def on_nav_row_chosen(self, message: NavRow.Chosen) -> None:
        """Open the view that was clicked."""
        await self.action_view(message.name)

    def on_view_said(self, message: View.Said) -> None:
        """Tell what a view has to say."""
        self._say(message.words, message.kind)

    def on_resize(self, _event: events.Resize) -> None:
        """Lay out anew while the terminal is dragged; once more when each part knows its own new size.

        Under a dialog no frame follows that would do it.
        """
        self._draw()
        self.call_after_refresh(self._draw)

    def on_screen_resume(self) -> None:
        """Catch up with what a dialog has covered."""
        if self.frame.frozen_at is None:
            self._catch_up()
        self._draw()

    def take(self, frame: Frame) -> None:
        """Show a frame, unless the view is frozen or covered."""
        if self.frame.frozen_at is not None:
            return
        if not self.is_active:
            self._draw_behind(frame)
            return
        self._catch_up()
        self._draw()

    def _catch_up(self) -> None:
        """Take the newest frame over; what was changed since the one before is told, however long that was."""
        frame = self._interface.frame
        told = changes(self.frame.snapshot, frame.snapshot) if frame.snapshot is not None else ""
        self.frame = frame
        if told:
            self._say(told)

    def _draw(self) -> None:
        if not (self.query("#connect") and self.query(KeysRow)):
            return  # not composed yet, or already being taken down
        frame = self.frame
        space = Space(self.size.width, self.size.height, self._interface.glyphs, self.told())
        configured = frame.snapshot is not None and frame.snapshot.connection is not None
        connect = self.query_one("#connect", Button)
        label = "Edit Connection" if configured else "Connect to Kafka"
        if str(connect.label) != label:
            connect.label = label
            connect.refresh(layout=True)  # its width is that of the label; setting the label alone does not tell
        self.query_one("#delete", Button).display = configured and space.roomy and not frame.read_only
        at_home = self._shown == VIEWS[0].name
        offered = configured or space.tier == "tiny" or not at_home
        connect.display = frame.snapshot is not None and offered and not frame.read_only
        self._name_keys()
        above = self._told_above()
        self.query_one(NavRow).told = self.query_one(Banner).told = above
        self.query_one(Banner).view = self.view.TITLE
        for panel in self.query(Panel):
            if panel.parent is self or panel.parent is connect.parent:
                panel.show(frame, space)
        self.view.show(frame, space)

    def _name_keys(self) -> None:
        row = self.query_one(KeysRow)
        row.typing = isinstance(self.focused, Input)
        row.of_view = _TYPING if row.typing else self._keys(self.frame)
        row.told = self.told()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Name the keys of a line that is typed while it is: every letter is text there."""
        if self.query(KeysRow) and self.query_one(KeysRow).typing != isinstance(self.focused, Input):
            self._draw()

    def _draw_behind(self, frame: Frame) -> None:
        """Keep row 1 true while a dialog covers the rest: `STALE` must not wait until it is closed."""
        row = self.query(StatusRow)
        if not row or not self.is_mounted:
            return
        before = row.first().painted
        row.first().show(frame, Space(self.size.width, self.size.height, self._interface.glyphs))
        if row.first().painted != before:
            self.app.screen.refresh(Region(0, 0, self.size.width, 1))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        event.stop()
        if event.button.id == "delete":
            self.action_delete()
        else:
            self.action_connect()

    def _keys(self, frame: Frame) -> Keys:
        """Name the keys of the view, without those that change something where nothing may be changed."""
        keys = self.view.keys(frame)
        if frame.read_only:
            changing = {
                key
                for owner in (self, self.view)
                for binding in owner.BINDINGS
                if isinstance(binding, Binding) and binding.action in owner.CHANGES
                for key in (*binding.key.split(","), binding.key_display)
            }
            keys = [(key, word) for key, word in keys if key not in changing]
        return (*keys, ("a", "Agents")) if frame.agent else keys

    def told(self) -> Told:
        """Spell the keys as they are now: those of the view that is shown go before the page's."""
        return Told(self._interface.keys, (Rows, type(self.view), type(self), type(self.app)))

    def _told_above(self) -> Told:
        """Spell those that work wherever one is."""
        return Told(self._interface.keys, (type(self), type(self.app)))

    def action_freeze(self) -> None:
        """Stop or resume drawing; delivery never stops."""
        if self.frame.frozen_at is not None:
            self._catch_up()
        elif self.frame.snapshot is not None:
            self.frame = replace(self.frame, frozen_at=self.frame.snapshot.as_of)
        self._draw()

    def action_copy(self) -> None:
        """Copy the state as text, through the terminal (OSC 52)."""
        self.app.copy_to_clipboard(status_text(self.frame))
        self._say("State copied as text, if this terminal allows it (OSC 52).")

    def action_help(self) -> None:
        """Explain the focus, the view, the keys and the words."""
        self.app.push_screen(Help(self.focused, self.view, self.told(), self._unusable()))

    def _unusable(self) -> frozenset[str]:
        """Give the keys of this page that do nothing where nothing may be changed."""
        acts = [one for one in self.BINDINGS if isinstance(one, Binding) and one.action in self.CHANGES]
        return frozenset(one.key for one in acts) if self.frame.read_only else frozenset()

    def ask_to_quit(self, leave: Callable[[], None]) -> None:
        """Leave at once where nothing is at stake, else ask."""
        question = before_quitting(self._interface.frame.snapshot)
        if question is None:
            leave()
        else:
            self.app.push_screen(Confirm(question), lambda agreed: leave() if agreed else None)
