"""The palette: everything that can be done now, a row each with its key, chosen by typing a part of its name."""

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from insights_tui.tui.in_order import settle
from insights_tui.tui.lines import Line, fit, text, width
from insights_tui.tui.rows import Rows
from insights_tui.tui.screens.list_dialog import ListDialog, wrapped
from insights_tui.tui.text_field import TextField
from insights_tui.tui.views.filter_line import holds

_KEY = 7
_AROUND = 9
"""Rows that the field, the words below the list, the keys and the margins need."""


class Command(NamedTuple):
    """Something that can be done."""

    title: str
    key: str
    """As it is spelled now; empty where it has none."""
    words: str
    """What it does, or where it belongs."""
    act: Callable[[], object]
    """May give an awaitable."""


class Palette(ListDialog[Command | None]):
    """Lists commands; dismissed with the one that was chosen.

    Keys act in the order in which they were typed, however fast they come (`in_order.py`).
    """

    FOCUS = "TextField"
    BELOW = 2
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "row(-1)", "Up", show=False, priority=True),
        Binding("down", "row(1)", "Down", show=False, priority=True),
        Binding("pageup", "page(-1)", "Page up", show=False, priority=True),
        Binding("pagedown", "page(1)", "Page down", show=False, priority=True),
        Binding("enter", "do", "Do it", priority=True),
        Binding("escape,ctrl+p", "close", "Close", priority=True),
    ]

    def __init__(self, commands: Sequence[Command]) -> None:
        """`commands` are sanitised, in the order in which they stand while nothing is typed."""
        super().__init__()
        self._all = tuple(commands)
        self._found = self._all
        self._field = TextField(id="palette-words", placeholder="Type a part of what you want to do")
        self._title = max((width(text(one.title)) for one in commands), default=0) + 2

    def top(self) -> ComposeResult:
        """Let a name be typed where other lists have a title."""
        yield self._field

    def compose(self) -> ComposeResult:
        """Have everything there with the first layout."""
        self.listed.can_focus, self.listed.driven = False, True  # so that a letter always goes to the field
        self._draw()
        yield from super().compose()

    def on_key(self, event: events.Key) -> None:
        """Take what is typed before the field has the keys (it keeps its own to itself): no letter of it may act."""
        if event.character and event.is_printable:
            event.stop()
            event.prevent_default()
            self._field.insert_text_at_cursor(event.character)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what has every typed word, the best first."""
        event.stop()
        self._found = ranked(self._all, event.value)
        self._draw()
        self.listed.action_end(-1)

    def _draw(self) -> None:
        count = f"{len(self._found)} of {len(self._all)}"
        heading = (*fit(text("key", "label"), _KEY), *text(count, "label"))
        self.show(heading, [self._row(one) for one in self._found], [one.title for one in self._found])

    def _row(self, one: Command) -> Line:
        return (
            *fit(text(one.key, "accent"), _KEY),
            *fit(text(one.title), self._title),
            *text(one.words, "label"),
        )

    def rows_high(self, count: int) -> int:
        """Keep the height while words are typed: nothing jumps."""
        del count
        return max(2, min(len(self._all) + 1, self.app.size.height - _AROUND))

    def below(self, cells: int) -> list[Line]:
        """Say in full what the chosen one does, where its row is too narrow for it."""
        one = self._chosen
        if one is None:
            return wrapped("Nothing here is called so.", cells)
        return wrapped(one.words, cells, "label") if width(self._row(one)) > cells else []

    @property
    def _chosen(self) -> Command | None:
        return next((one for one in self._found if one.title == self.chosen), None)

    async def action_do(self) -> None:
        """Do what is chosen."""
        await settle(self)
        self._leave_with(self._chosen)

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Do what was clicked twice."""
        event.stop()
        self._leave_with(self._chosen)

    def _leave_with(self, chosen: Command | None) -> None:
        if chosen is not None and self.is_active:
            self.dismiss(chosen)

    async def action_row(self, by: int) -> None:
        """Choose the next row, or the one before."""
        await settle(self)
        self.listed.action_move(by)

    async def action_page(self, by: int) -> None:
        """Go a page up or down."""
        await settle(self)
        self.listed.action_page(by)

    def action_close(self) -> None:
        """Do nothing."""
        if self.is_active:
            self.dismiss(None)


def ranked(commands: Sequence[Command], typed: str) -> tuple[Command, ...]:
    """Choose the commands that have every typed word; first those that begin with what is typed."""
    words = typed.casefold().split()
    found = [one for one in commands if holds(f"{one.title} {one.words}", typed)]

    def rank(one: Command) -> tuple[bool, bool, bool]:
        title = one.title.casefold()
        begins = all(any(part.startswith(word) for part in title.split()) for word in words)
        return not title.startswith(" ".join(words)), not begins, not holds(title, typed)

    return tuple(sorted(found, key=rank))
