"""How the interface treats its terminal: what it sends, which colours, whether the mouse, and what a crash leaves."""

import os
import sys
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from textual.driver import Driver
from textual.screen import Screen
from textual.theme import Theme

from insights_tui.tui.crash import write_report
from insights_tui.tui.exact_update import exact
from insights_tui.tui.glyphs import ASCII, UNICODE
from insights_tui.tui.remote import over_ssh
from insights_tui.tui.suspending import Suspending
from insights_tui.tui.theme import BY_WORD, OURS


class OnTerminal(Suspending):
    """An application that is sparing with its terminal, and leaves it as it was."""

    def __init__(
        self, *, ascii_only: bool, mouse: bool | None, theme: str, crash_folder: Path | None, **options: Any
    ) -> None:
        """Choose the look.

        `mouse` is off over SSH unless asked for; `theme` is a word of `theme.BY_WORD`; a crash report goes to
        `crash_folder`; `options` are Textual's.
        """
        # An ANSI theme must be chosen before the base class looks: else NO_COLOR comes out as grey truecolor.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None, **options)
        self.glyphs = ASCII if ascii_only else UNICODE
        self.animation_level = "none"
        self._mouse = not over_ssh(os.environ) if mouse is None else mouse
        self._crash_folder = crash_folder
        for each in OURS.values():
            self.register_theme(each)
        self.theme = BY_WORD[theme].name

    def get_theme(self, theme_name: str) -> Theme | None:
        """Find a theme: Textual copies its whole catalogue each time, and asks for each line it paints."""
        return OURS.get(theme_name) or super().get_theme(theme_name)

    def _build_driver(self, headless: bool, inline: bool, mouse: bool, size: tuple[int, int] | None) -> Driver:
        """Turn the mouse off where it would only cost bytes."""
        return super()._build_driver(headless, inline, mouse and self._mouse, size)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Send just the cells that changed (`exact_update.py`)."""
        super()._display(screen, exact(renderable))  # type: ignore[arg-type]  # the same kind goes out as came in

    def _fatal_error(self) -> None:
        """Replace Textual's traceback, which prints local variables, by a report in a file; the first error counts."""
        if self._exit_renderables:
            return
        error = sys.exc_info()[1] or self._exception
        path = write_report(error, self._crash_folder) if error is not None else None
        where = f"The report is in {path}." if path else "No report could be written."
        self._exit_renderables.append(f"insights-tui has stopped: {type(error).__name__}.\n{where}")
        self._close_messages_no_wait()
