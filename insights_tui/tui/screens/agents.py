"""Which agent the screen is of, where several were named: a list that says how each is, and one act."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from insights_tui.client.protocol import AgentApi, AgentUnavailableError
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import clock_time, sanitize, spell
from insights_tui.tui.glyphs import Glyphs
from insights_tui.tui.lines import BLANK, Line, fit, text, wrap
from insights_tui.tui.panels.status_row import WORDS
from insights_tui.tui.rows import Rows
from insights_tui.tui.sheet import Sheet

EVERY_S = 3.0
"""Seconds between two looks at every agent, while the list is open."""
_ANSWER_S = 2.0
_STATE, _NAME, _LOST = 20, 18, 9
_WHERE = 4
"""Rows below the list."""


@dataclass(frozen=True, slots=True)
class Place:
    """An agent that was named, and how to speak to it."""

    socket: Path
    open: Callable[[], AgentApi]


@dataclass(frozen=True, slots=True)
class Look:
    """What came of a look at one agent."""

    snapshot: Snapshot | None = None
    why: str = ""
    """Why there is no snapshot. Sanitised."""


class Agents(ModalScreen[Place | None]):
    """Lists the agents; dismissed with the one that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,a", "close", "Close", id="agents.close"),
        Binding("u", "reload", "Look again", id="agents.reload"),
    ]

    def __init__(self, places: Sequence[Place], current: Place, glyphs: Glyphs) -> None:
        super().__init__()
        self._places = tuple(places)
        self._current = current
        self._glyphs = glyphs
        self._looks: dict[Path, Look] = {}

    def compose(self) -> ComposeResult:
        """Title, the list, the keys."""
        with Vertical(classes="dialog reader", id="agents"):
            yield Static("Which agent?", classes="title", markup=False)
            yield Rows(id="agents-rows")
            yield Sheet(id="agents-where")
            yield Static("enter shows it, u looks again, esc closes", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Look at each, again and again."""
        rows = self.query_one(Rows)
        rows.styles.height = len(self._places) + 1
        self.query_one("#agents-where").styles.height = _WHERE
        rows.focus()
        for place in self._places:
            self.run_worker(self._looking(place), group="look", exit_on_error=False)
        self.call_after_refresh(self._first)

    def _first(self) -> None:
        self._draw()
        self.query_one(Rows).choose(self._current.socket)
        self._tell()

    def on_resize(self) -> None:
        """Draw in the room there is now."""
        self.call_after_refresh(self._draw)

    async def _looking(self, place: Place) -> None:
        client = place.open()
        try:
            while True:
                self._looks[place.socket] = await look(client)
                self._draw()
                await asyncio.sleep(EVERY_S)
        finally:
            with suppress(Exception):
                await client.close()

    def _draw(self) -> None:
        rows = self.query_one(Rows)
        lines = [
            row(place, self._looks.get(place.socket), self._glyphs, current=place is self._current)
            for place in self._places
        ]
        rows.show([heading()], lines, [place.socket for place in self._places], self._glyphs)
        self._tell()

    def _tell(self) -> None:
        """Say where the one under the cursor is, and why it does not answer."""
        place = self._chosen
        if place is not None:
            seen = self._looks.get(place.socket, Look())
            where = text(f"  at {spell(str(place.socket), limit=200)}", "label")
            rows = [
                text(f"  {words}", "text") for words in wrap(seen.why, max(20, self.query_one(Sheet).size.width - 4))
            ]
            self.query_one("#agents-where", Sheet).paint([BLANK, where, *rows][:_WHERE])

    @property
    def _chosen(self) -> Place | None:
        chosen = self.query_one(Rows).chosen
        return next((one for one in self._places if one.socket == chosen), None)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Say where that one is."""
        event.stop()
        self._tell()

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Take the agent under the cursor."""
        event.stop()
        if self.is_active:
            self.dismiss(self._chosen)

    def action_reload(self) -> None:
        """Look at each at once."""
        self.workers.cancel_group(self, "look")
        for place in self._places:
            self.run_worker(self._looking(place), group="look", exit_on_error=False)

    def action_close(self) -> None:
        """Stay with the one that is shown."""
        if self.is_active:
            self.dismiss(None)


async def look(client: AgentApi) -> Look:
    """Ask an agent how it is; one that does not answer says why."""
    try:
        return Look(await asyncio.wait_for(client.snapshot(), _ANSWER_S))
    except TimeoutError:
        return Look(why="it does not answer")
    except (AgentUnavailableError, RefusedError, OSError) as error:
        return Look(why=sanitize(str(error), limit=300))


def heading() -> Line:
    """Name the columns."""
    return (*fit(text("  state", "label"), _STATE), *fit(text("installation", "label"), _NAME),
            *fit(text("lost", "label"), _LOST, right=True), *text("   as of", "label"))  # fmt: skip


def row(place: Place, seen: Look | None, glyphs: Glyphs, *, current: bool) -> Line:
    """Say how an agent is; while its name is not known, the end of its socket's path stands for it."""
    mark: Line = (("  this one", "accent"),) if current else ()
    snapshot = seen.snapshot if seen is not None else None
    if snapshot is None:
        asking = seen is None
        state = text(f"  {glyphs.busy} asking" if asking else f"  {glyphs.bad} NO ANSWER", "label" if asking else "bad")
        path = text(spell("/".join(place.socket.parts[-2:]), limit=60), "label")
        return (*fit(state, _STATE), *fit(path, _NAME + _LOST, ellipsis=glyphs.ellipsis), *mark)
    calm = snapshot.state.value in {"connected", "not_connected"}
    name = snapshot.agent.installation or snapshot.agent.host
    state = text(f"  {glyphs.state(snapshot.state)} {WORDS[snapshot.state]}", "text" if calm else "bad")
    lost = text(f"{snapshot.lost_open:,}", "bad" if snapshot.lost_open else "label")
    return (
        *fit(state, _STATE, ellipsis=glyphs.ellipsis),
        *fit(text(spell(name, limit=60)), _NAME, ellipsis=glyphs.ellipsis),
        *fit(lost, _LOST, right=True),
        (f"   {clock_time(snapshot.as_of)}", "text"),
        *mark,
    )
