"""The application: it owns the feed, the themes and the way out; pages draw."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.console import RenderableType
from textual.actions import ActionParseResult, SkipAction
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.driver import Driver
from textual.screen import Screen
from textual.theme import Theme
from textual.widgets import Input

from insights_tui.client.protocol import AgentApi
from insights_tui.tui.covering import Covering
from insights_tui.tui.crash import write_report
from insights_tui.tui.exact_update import exact
from insights_tui.tui.following import Following
from insights_tui.tui.glyphs import ASCII, UNICODE
from insights_tui.tui.hangups import give_back, take_over
from insights_tui.tui.messages import FrameArrived
from insights_tui.tui.remote import over_ssh
from insights_tui.tui.screens.agents import Place
from insights_tui.tui.screens.insights_screen import InsightsScreen
from insights_tui.tui.screens.palette import Command, Palette
from insights_tui.tui.styles_path import style
from insights_tui.tui.theme import BY_WORD, OURS, THEMES
from insights_tui.tui.told_keys import Told
from insights_tui.tui.views.registry import VIEWS, preload

_LATER_STYLES = ("connection_form", "checking")
"""Style sheets of screens of their own, which Textual would read when the first of them opens."""


class InsightsApp(Following):
    """The terminal interface of one agent."""

    TITLE = "insights-tui"
    ENABLE_COMMAND_PALETTE = False  # ours opens in half the time, a row an act
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit", id="app.quit"),
        Binding("ctrl+p,colon", "palette", "Palette", id="app.palette", show=False, priority=True),
    ]

    def __init__(
        self,
        client: AgentApi,
        *,
        interval_s: float = 1.0,
        ascii_only: bool = False,
        on_stop: Callable[[], Awaitable[None]] | None = None,
        crash_folder: Path | None = None,
        mouse: bool | None = None,
        keys: Mapping[str, str] | None = None,
        read_only: bool = False,
        theme: str = "dark",
        places: Sequence[Place] = (),
    ) -> None:
        """Prepare the interface.

        `interval_s` is the time between two snapshots. `on_stop` is awaited once before the screen goes (an
        embedded agent drains there; its owner bounds the time). A crash report goes to `crash_folder`. `mouse` is
        off over SSH unless asked for. `keys` remaps bindings by their ids (`{"insights.freeze": "f"}`). `read_only`
        says that `client` refuses what changes something. `theme` is a word of `theme.BY_WORD`.
        `client` is of the first of `places`, where there are some.
        """
        # An ANSI theme must be chosen before the base class looks: else NO_COLOR comes out as grey truecolor.
        ansi = True if "NO_COLOR" in os.environ else None
        super().__init__(
            client,
            places,
            interval_s=interval_s,
            read_only=read_only,
            css_path=[style(name) for name in ("tokens", "shell", "dialogs", *(view.name for view in VIEWS))],
            ansi_color=ansi,
        )
        self.glyphs = ASCII if ascii_only else UNICODE
        self.animation_level = "none"
        self._on_stop = on_stop
        self._crash_folder = crash_folder
        self._mouse = not over_ssh(os.environ) if mouse is None else mouse
        self.keys = dict(keys or {})
        """Keys that were moved, by the ids of acts."""
        self._leaving = False
        self._preloaded = False
        for each in OURS.values():
            self.register_theme(each)
        self.theme = BY_WORD[theme].name

    def get_default_screen(self) -> Screen[None]:
        """Start on the Insights page."""
        return InsightsScreen()

    def get_theme(self, theme_name: str) -> Theme | None:
        """Find a theme: Textual copies its whole catalogue each time, and asks for each line it paints."""
        return OURS.get(theme_name) or super().get_theme(theme_name)

    def on_mount(self) -> None:
        """Take over the signals whose defaults would leave the terminal broken."""
        take_over(self.leave)
        self.set_keymap(self.keys)

    async def forget(self) -> None:
        """Begin the page anew."""
        page = self.screen_stack[0]
        if isinstance(page, InsightsScreen):
            await page.begin_anew()

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key means, unless it changes something and this interface may not."""
        name = action[1] if isinstance(action, tuple) else action.partition("(")[0].rpartition(".")[2]
        page = self.screen_stack[0] if self.screen_stack else None
        if self.read_only and name in getattr(default_namespace, "CHANGES", ()) and isinstance(page, InsightsScreen):
            page.say_read_only()
            return True
        return await super().run_action(action, default_namespace, namespaces)

    def on_unmount(self) -> None:
        """Give the signals back."""
        give_back()

    def on_frame_arrived(self, message: FrameArrived) -> None:
        """Keep the newest frame and show it, in one batch."""
        if not self.is_running or not self.take(message):  # screens are taken down part by part as it ends
            return
        page = self.screen_stack[0] if self.screen_stack else None  # none any more while it closes
        if isinstance(page, InsightsScreen):
            with self.batch_update():
                page.take(self.frame)
        for above in self.screen_stack[1:]:
            built = above.is_mounted  # not a screen of which a part is not there yet
            if built and isinstance(above, Covering) and self.frame.snapshot is not None and not self.frame.error:
                above.show_snapshot(self.frame.snapshot)
        if not self._preloaded:
            self._preloaded = True
            self.call_after_refresh(self._preload)

    def _preload(self) -> None:
        """Load the other views while the person reads the first frame."""
        self.run_worker(self._load_rest(), name="preload")

    async def _load_rest(self) -> None:
        await asyncio.to_thread(preload)  # in a thread, so that no key waits for it
        for name in _LATER_STYLES:
            self.stylesheet.read(style(name))
        self.stylesheet.reparse()  # else the first opening of the form would wait for it: all style sheets, twice

    async def action_quit(self) -> None:
        """Leave; where payloads would be left behind, ask first."""
        page = self.screen_stack[0]
        if isinstance(page, InsightsScreen) and not self._leaving:
            page.ask_to_quit(self.leave)
        else:
            self.leave()

    def leave(self) -> None:
        """Stop what belongs to this screen, then end; a second call changes nothing."""
        if not self._leaving:
            self._leaving = True
            self.run_worker(self._stop(), name="leave")

    async def _stop(self) -> None:
        try:
            if self._on_stop is not None:
                await self._on_stop()
        finally:
            self.exit()

    def action_palette(self) -> None:
        """Offer everything that can be done on the page; over a dialog its own keys are all there is.

        At once, before the next key is looked at: on a slow line several arrive together, and are words of the search.
        """
        page = self.screen
        if not isinstance(page, InsightsScreen) or isinstance(page.focused, Input):
            raise SkipAction  # the key is a letter there
        self.push_screen(Palette((*page.commands(), *self._commands())), self._do)

    def _do(self, chosen: Command | None) -> None:
        if chosen is not None:
            self.call_later(chosen.act)

    def _commands(self) -> Iterable[Command]:
        """Give the themes, and the way out."""
        for title, (words, theme) in THEMES.items():
            yield Command(title, "", words, partial(setattr, self, "theme", theme.name))
        quitting = next(one for one in self.BINDINGS if isinstance(one, Binding) and one.action == "quit")
        yield Command("Quit", Told(self.keys).of(quitting), "leave this screen", self.action_quit)

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
