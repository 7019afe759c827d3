"""A check on the screen: a sheet that fills as steps end, in a panel that scrolls."""

from collections.abc import Iterable

from textual import events
from textual.containers import VerticalScroll
from textual.geometry import Size

from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.check_board import CheckBoard
from insights_tui.tui.checking.drawing import check_lines
from insights_tui.tui.glyphs import ASCII, Glyphs
from insights_tui.tui.lines import BLANK, Line, ascii_line, plain, text, wrap
from insights_tui.tui.sheet import Sheet


class _CheckSheet(Sheet):
    """Draws a board at whatever width there is; cells that stay are not sent again."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._board = CheckBoard()
        self._running = False
        self._note = ""

    def show(self, board: CheckBoard, *, running: bool, note: str) -> None:
        self._board, self._running, self._note = board, running, note
        before = len(self.painted)
        self.paint(self.lines(self.size.width))
        if len(self.painted) != before:
            # Textual 8.2.8 counts just the first of several wishes for a layout, and may have measured before the last.
            self.call_after_refresh(self.refresh, layout=True)

    def lines(self, cells: int) -> list[Line]:
        if cells <= 0:
            return []
        lines = check_lines(self._board, cells, self._glyphs, running=self._running)
        if self._note:
            lines = [*(text(row, "warn") for row in wrap(self._note, cells)), BLANK, *lines]
        return [ascii_line(line) for line in lines] if self._glyphs is ASCII else lines

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        del container, viewport  # lines depend on the width alone
        return len(self.lines(width))

    def on_resize(self, event: events.Resize) -> None:
        self.paint(self.lines(event.size.width))


class CheckPanel(VerticalScroll):
    """Shows one check after the other; takes the focus where there is more to read than is in sight."""

    def __init__(self, glyphs: Glyphs) -> None:
        self._board = CheckBoard()
        self._running = False
        self._note = ""
        self._sheet = _CheckSheet(glyphs)
        super().__init__(self._sheet, id="check")

    def allow_focus(self) -> bool:
        """Take the focus only to scroll."""
        return self.max_scroll_y > 0

    @property
    def verdict(self) -> CheckVerdict | None:
        """How the check ended, `None` while it has not."""
        return self._board.verdict

    @property
    def text(self) -> str:
        """All of it as text."""
        return "\n".join(plain(line).rstrip() for line in self._sheet.lines(100)) + "\n"

    def begin(self, servers: Iterable[str] = ()) -> None:
        """Start anew with the bootstrap servers that are known."""
        self._board, self._running, self._note = CheckBoard(servers), True, ""
        self._draw()
        self.scroll_home(animate=False)

    def take(self, item: CheckStep | CheckVerdict) -> None:
        """Show a step that ended, or the verdict."""
        self._board.take(item)
        self._running = self._running and self._board.verdict is None
        self._draw()

    def stop(self) -> None:
        """Say that nothing more comes."""
        self._running = False
        self._draw()

    def remark(self, note: str) -> None:
        """Say something above it, or nothing any more."""
        if note != self._note:
            self._note = note
            self._draw()

    def _draw(self) -> None:
        self._sheet.show(self._board, running=self._running, note=self._note)
