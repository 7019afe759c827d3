"""Which agent the screen is of, where several were named: a list that says how each is, and one act."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

from insights_tui.client.protocol import AgentApi, AgentUnavailableError
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import clock_time, sanitize, spell
from insights_tui.tui.glyphs import Glyphs
from insights_tui.tui.lines import Line, fit, text
from insights_tui.tui.panels.status_row import WORDS
from insights_tui.tui.rows import Rows
from insights_tui.tui.screens.list_dialog import ListDialog, wrapped

EVERY_S = 3.0
"""Seconds between two looks at every agent, while the list is open."""
_ANSWER_S = 2.0
_STATE, _NAME, _LOST = 19, 18, 9


@dataclass(frozen=True, slots=True)
class Place:
    """An agent that was named, and how to speak to it."""

    socket: Path
    open: Callable[[], AgentApi]


@dataclass(frozen=True, slots=True)
class Look:
    """What came of a look at one agent."""

    snapshot: Snapshot | None = None
    """The newest one, which may be of an earlier look."""
    why: str = ""
    """Why it does not answer. Sanitised; empty where it does."""


class Agents(ListDialog[Place | None]):
    """Lists the agents; dismissed with the one that was chosen."""

    TITLE = "Which agent?"
    WORDS: ClassVar[Mapping[str, str]] = {"open": "Show it"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "reload", "Look again", id="agents.reload"),
        Binding("escape,q,a", "close", "Close", id="agents.close"),
    ]

    def __init__(self, places: Sequence[Place], current: Place, looks: dict[Path, Look]) -> None:
        """Prepare the list; `looks` is what is known of each from before, and what is learnt is added to it."""
        super().__init__()
        self._places = tuple(places)
        self._current = current
        self._known = looks
        self._looks: dict[Path, Look] = {}
        """Those of this time."""

    def on_mount(self) -> None:
        """Look at each, again and again."""
        self._look_at_all()
        self.call_after_refresh(self._first)

    def _first(self) -> None:
        self._draw()
        self.listed.choose(self._current.socket)
        self.tell()

    def _look_at_all(self) -> None:
        for place in self._places:
            self.run_worker(self._looking(place), group="look", exit_on_error=False)

    async def _looking(self, place: Place) -> None:
        client = place.open()
        try:
            while True:
                seen = await look(client)
                former = self._known.get(place.socket, seen)
                seen = replace(seen, snapshot=seen.snapshot or former.snapshot)
                self._known[place.socket] = self._looks[place.socket] = seen
                self._draw()
                await asyncio.sleep(EVERY_S)
        finally:
            with suppress(Exception):
                await client.close()

    def _draw(self) -> None:
        lines = [
            row(place, self._looks.get(place.socket), self.glyphs, current=place is self._current)
            for place in self._places
        ]
        self.show(heading(), lines, [place.socket for place in self._places])

    def below(self, cells: int) -> list[Line]:
        """Say where the one under the cursor is, and why it does not answer."""
        place = self._chosen
        if place is None:
            return []
        seen = self._looks.get(place.socket, Look())
        return [
            *wrapped(f"at {spell(str(place.socket), limit=200)}", cells, "label"),
            *wrapped(seen.why, cells),
        ]

    @property
    def _chosen(self) -> Place | None:
        return next((one for one in self._places if one.socket == self.chosen), None)

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Take the agent under the cursor."""
        event.stop()
        if self.is_active:
            self.dismiss(self._chosen)

    def action_reload(self) -> None:
        """Look at each at once."""
        self.workers.cancel_group(self, "look")
        self._look_at_all()

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
    return (*fit(text(" state", "label"), _STATE), *fit(text("installation", "label"), _NAME),
            *fit(text("lost", "label"), _LOST, right=True), *text("   as of", "label"))  # fmt: skip


def row(place: Place, seen: Look | None, glyphs: Glyphs, *, current: bool) -> Line:
    """Say how an agent is, or was when it answered last; until it has, the end of its socket's path is its name."""
    mark: Line = (("  this one", "accent"),) if current else ()
    snapshot = seen.snapshot if seen is not None else None
    state = _state(seen, glyphs)
    if snapshot is None:
        path = text(spell("/".join(place.socket.parts[-2:]), limit=60), "label")
        return (*fit(state, _STATE), *fit(path, _NAME + _LOST, ellipsis=glyphs.ellipsis), *mark)
    now = seen is not None and not seen.why
    name = spell(snapshot.agent.installation or snapshot.agent.host, limit=60)
    lost = text(f"{snapshot.lost_open:,}", "bad" if snapshot.lost_open and now else "label")
    return (
        *fit(state, _STATE, ellipsis=glyphs.ellipsis),
        *fit(text(name, "text" if now else "label"), _NAME, ellipsis=glyphs.ellipsis),
        *fit(lost, _LOST, right=True),
        (f"   {clock_time(snapshot.as_of)}", "text" if now else "label"),
        *mark,
    )


def _state(seen: Look | None, glyphs: Glyphs) -> Line:
    if seen is None:
        return text(f" {glyphs.busy} asking", "label")
    if seen.why or seen.snapshot is None:
        return text(f" {glyphs.bad} NO ANSWER", "bad")
    calm = seen.snapshot.state.value in {"connected", "not_connected"}
    return text(f" {glyphs.state(seen.snapshot.state)} {WORDS[seen.snapshot.state]}", "text" if calm else "bad")
