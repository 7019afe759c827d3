"""A view that is one list: a line that sums up, the rows, and what is asked before an act on them."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from insights_tui.tui.frame import Space
from insights_tui.tui.glyphs import ASCII
from insights_tui.tui.lines import Line, ascii_line, wrap
from insights_tui.tui.rows import Rows
from insights_tui.tui.screens.confirm import Confirm
from insights_tui.tui.screens.questions import Question, spelled
from insights_tui.tui.sheet import Sheet
from insights_tui.tui.views.filter_line import Filtering


class ListView(Filtering):
    """Loads while it is shown, and draws what it has; what a subclass loads, and how a row looks, is its own."""

    BESIDE: ClassVar[bool] = False
    """Whether a wall screen says more of the chosen row beside the list, and not below it."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = False
        self._failed = ""
        """Why the list could not be loaded, sanitised; empty where it could."""

    def compose(self) -> ComposeResult:
        """How many, the filter line while it is typed, the list."""
        yield Sheet(id=f"{self.NAME}-summary")
        yield self.filter_line()
        with Horizontal(id=f"{self.NAME}-body"):
            yield Rows(id=f"{self.NAME}-rows")
            below = Sheet(id=f"{self.NAME}-below")
            below.display = False
            yield below

    def action_reload(self) -> None:
        """Load the list anew."""
        raise NotImplementedError

    def on_view_shown(self) -> None:
        """Load the list."""
        self._shown = True
        self.action_reload()

    def on_view_hidden(self) -> None:
        """Load no more; an act that was agreed to goes on, and tells how it went."""
        self._shown = False
        self.workers.cancel_group(self, self.NAME)

    def focus_first(self) -> None:
        """Let the arrows move in the list."""
        self.screen.set_focus(self.query_one(Rows), scroll_visible=False)

    def room(self, space: Space) -> Space:
        """Give the room that a row has."""
        return self.query_one(Rows).room(space)

    def paint(
        self,
        head: Line,
        top: Sequence[Line],
        rows: Sequence[Line],
        keys: Sequence[Hashable],
        space: Space,
        *,
        to: Hashable | None = None,
    ) -> None:
        """Paint the summary, what stands above the rows, and the rows by their keys; `to` gets the cursor."""
        summed = ascii_line(head) if space.glyphs is ASCII else head
        self.query_one(f"#{self.NAME}-summary", Sheet).paint([summed, ()])
        self.query_one(Rows).show(top, rows, keys, space.glyphs, to=to)

    @property
    def beside(self) -> bool:
        """Whether what is said of the chosen row stands beside the list now."""
        return self.BESIDE and self.space.tier == "wide"

    def room_below(self, space: Space) -> Space:
        """Give the room that is for the chosen row."""
        sheet = self.query_one(f"#{self.NAME}-below", Sheet)
        return replace(space, width=sheet.size.width or space.width // 3) if self.beside else self.room(space)

    def show_below(self, lines: Sequence[Line], space: Space) -> None:
        """Say more of the chosen row beside the list or right below it; nothing to say leaves the list the room."""
        self.query_one(Rows).hug(bool(lines) and not self.beside)
        sheet = self.query_one(f"#{self.NAME}-below", Sheet)
        if sheet.display != bool(lines):
            sheet.display = bool(lines)
        sheet.paint([ascii_line(line) for line in lines] if space.glyphs is ASCII else lines)

    def failure(self, space: Space) -> list[Line]:
        """Say why there is no list, and how to try again."""
        said = wrap(self._failed, max(20, space.width - 8))
        lines: list[Line] = [
            ((f" {' ' if index else space.glyphs.bad} ", "bad"), (part, "text")) for index, part in enumerate(said)
        ]
        return [(), *lines, (), space.told.line("   {u} tries again.", "label")]

    def redraw(self) -> None:
        """Draw what has come meanwhile, without waiting for the next frame."""
        if self.is_mounted and self._shown:
            with self.app.batch_update():
                self.draw(self.frame, self.space)

    def ask(self, question: Question, answered: Callable[[bool | None], None]) -> None:
        """Ask before an act that cannot be taken back."""
        self.app.push_screen(Confirm(spelled(question) if self.space.glyphs is ASCII else question), answered)
