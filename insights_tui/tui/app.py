"""The application: it owns the feed, the themes and the way out; pages draw."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual.actions import ActionParseResult
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from insights_tui.client.protocol import AgentApi
from insights_tui.tui.covering import Covering
from insights_tui.tui.following import Following
from insights_tui.tui.hangups import give_back, take_over
from insights_tui.tui.messages import FrameArrived
from insights_tui.tui.screens.agents import Place
from insights_tui.tui.screens.insights_screen import InsightsScreen
from insights_tui.tui.styles_path import style
from insights_tui.tui.views.registry import VIEWS, preload

_LATER_STYLES = ("connection_form", "checking")
"""Style sheets of screens of their own, which Textual would read when the first of them opens."""


class InsightsApp(Following):
    """The terminal interface of one agent."""

    TITLE = "insights-tui"
    ENABLE_COMMAND_PALETTE = False  # ours opens in half the time, a row an act
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit", id="app.quit"),
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
        super().__init__(
            client,
            places,
            interval_s=interval_s,
            read_only=read_only,
            ascii_only=ascii_only,
            mouse=mouse,
            theme=theme,
            crash_folder=crash_folder,
            css_path=[style(name) for name in ("tokens", "shell", "dialogs", *(view.name for view in VIEWS))],
        )
        self._on_stop = on_stop
        self.keys = dict(keys or {})
        """Keys that were moved, by the ids of acts."""
        self._leaving = False
        self._preloaded = False

    def get_default_screen(self) -> Screen[None]:
        """Start on the Insights page."""
        return InsightsScreen()

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
        act: Callable[[], Awaitable[None]] = self._load_rest  # made when its turn comes, which a crash may forestall
        self.run_worker(act, name="preload")

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
