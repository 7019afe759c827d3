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
from insights_tui.tui.lines import Line, fit, text
from insights_tui.tui.panels.status_row import WORDS
from insights_tui.tui.rows import Rows

EVERY_S = 3.0
"""Seconds between two looks at every agent, while the list is open."""
_ANSWER_S = 2.0
_STATE, _NAME, _LOST = 20, 20, 12


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
            yield Static("enter shows it, u looks again, esc closes", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Look at each, again and again."""
        rows = self.query_one(Rows)
        rows.styles.height = 2 * len(self._places) + 1
        rows.focus()
        for place in self._places:
            self.run_worker(self._looking(place), group="look", exit_on_error=False)
        self.call_after_refresh(self._first)

    def _first(self) -> None:
        self._draw()
        self.query_one(Rows).choose((self._current.socket, 0))

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
        lines: list[Line] = []
        keys: list[tuple[Path, int]] = []
        for place in self._places:
            drawn = entry(place, self._looks.get(place.socket), rows.size.width - 1, self._glyphs,
                          current=place is self._current)  # fmt: skip
            lines += drawn
            keys += [(place.socket, number) for number in range(len(drawn))]
        rows.show([heading()], lines, keys, self._glyphs)

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Take the agent under the cursor; either of its two rows will do."""
        event.stop()
        chosen = event.rows.chosen
        place = next((one for one in self._places if isinstance(chosen, tuple) and chosen[0] == one.socket), None)
        if self.is_active:
            self.dismiss(place)

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


def entry(place: Place, seen: Look | None, width: int, glyphs: Glyphs, *, current: bool) -> list[Line]:
    """Say how an agent is, and below it where: two rows."""
    mark = "  this one" if current else ""
    where: Line = (("    ", "text"), (spell(str(place.socket), limit=max(20, width - 20)), "label"), (mark, "accent"))
    if seen is None:
        return [text(f"  {glyphs.busy} asking", "label"), where]
    snapshot = seen.snapshot
    if snapshot is None:
        return [(("  ", "text"), (f"{glyphs.bad} NO ANSWER", "bad"), (f"  {seen.why}", "text")), where]
    calm = snapshot.state.value in {"connected", "not_connected"}
    name = snapshot.agent.installation or snapshot.agent.host
    state = text(f"  {glyphs.state(snapshot.state)} {WORDS[snapshot.state]}", "text" if calm else "bad")
    lost = text(f"{snapshot.lost_open:,}", "bad" if snapshot.lost_open else "label")
    row: Line = (
        *fit(state, _STATE, ellipsis=glyphs.ellipsis),
        *fit(text(spell(name, limit=60)), _NAME, ellipsis=glyphs.ellipsis),
        *fit(lost, _LOST, right=True),
        (f"   {clock_time(snapshot.as_of)}", "text"),
    )
    return [row, where]
