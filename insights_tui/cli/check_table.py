"""A check as a table: on a terminal its rows fill as steps end, elsewhere it is written once at the end."""

import os
import shutil
import sys
from collections.abc import Iterable

from insights_tui.cli.charset import shows_unicode
from insights_tui.cli.output import put, put_raw
from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.check_board import CheckBoard
from insights_tui.tui.checking.drawing import check_lines, head_lines, table_lines
from insights_tui.tui.glyphs import ASCII, UNICODE
from insights_tui.tui.lines import Line, ascii_line, plain

_WIDEST = 110
_NO_TERMINAL = 100


class CheckTable:
    """Takes the items of a check and prints."""

    def __init__(self, servers: Iterable[str]) -> None:
        self._board = CheckBoard(servers)
        self._live = sys.stdout.isatty() and os.environ.get("TERM") not in {None, "dumb"}
        size = shutil.get_terminal_size((_NO_TERMINAL, 24))
        self._cells = min(size.columns - 1, _WIDEST) if self._live else _NO_TERMINAL
        self._rows = size.lines
        self._glyphs = UNICODE if shows_unicode() else ASCII
        self._shown = 0

    def take(self, item: CheckStep | CheckVerdict) -> None:
        """Take a step, or the verdict, which ends the table."""
        self._board.take(item)
        if isinstance(item, CheckVerdict):
            self._erase()
            for line in check_lines(self._board, self._cells, self._glyphs, running=False):
                put(self._text(line))
        elif self._live:
            lines = [
                *head_lines(self._board, self._cells, self._glyphs, running=True),
                *table_lines(self._board, self._cells, self._glyphs, running=True),
            ][: self._rows - 1]
            self._erase()
            for line in lines:
                put(self._text(line))
            self._shown = len(lines)

    def _text(self, line: Line) -> str:
        return plain(ascii_line(line) if self._glyphs is ASCII else line).rstrip()

    def _erase(self) -> None:
        """Go back to the first line shown and clear from there (ECMA-48: CPL, ED)."""
        if self._shown:
            put_raw(f"\x1b[{self._shown}F\x1b[J")
        self._shown = 0
