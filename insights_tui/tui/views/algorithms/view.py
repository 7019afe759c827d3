"""The view Algorithms: asked for every few seconds while it is shown, in an order that moves no row by itself."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from insights_tui.client.protocol import AgentUnavailableError, AlgorithmsApi
from insights_tui.domain.algorithms import Algorithm, Algorithms, Which
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.text import sanitize, spell
from insights_tui.tui.frame import Frame, Space
from insights_tui.tui.lines import Line
from insights_tui.tui.rows import Rows
from insights_tui.tui.views.algorithms.drawing import (
    before_off,
    chosen,
    fields,
    filtered,
    heading,
    metrics,
    nothing,
    row,
    summary,
    which,
)
from insights_tui.tui.views.algorithms.order import Order
from insights_tui.tui.views.filter_line import filter_keys, holds
from insights_tui.tui.views.list_view import ListView
from insights_tui.tui.views.lost.acts import reason_of
from insights_tui.tui.views.payload_dialog import PayloadDialog
from insights_tui.tui.views.view import Keys

EVERY_S = 5.0
"""Seconds between two looks."""
_BELOW = {"narrow": 0, "medium": 15}
"""Lines below the list that the chosen one has in any case; a wall screen has them beside the list."""
_LEAST = 9
"""Lines that it takes at least to be worth a look."""
_FAILURES = (AgentUnavailableError, RefusedError, TimeoutError)


class AlgorithmsView(ListView):
    """Which report, how fast, since when not; on and off; their metrics with the range of each."""

    NAME = "algorithms"
    TITLE = "Algorithms"
    KEY = "6"
    HELP = "Which algorithms report, how fast, and what; turn Insights on or off for one."
    BESIDE = True
    HINT = "parts of owner, name or version that must all occur"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "switch", "Insights on or off for this version", id="algorithms.switch"),
        Binding("O", "switch_all", "Insights on or off for all its versions", id="algorithms.switch_all"),
        Binding("s", "order", "Next order: name, rate, last payload, state", id="algorithms.order"),
        *filter_keys("algorithms", "Filter by owner, name or version"),
        Binding("u", "reload", "Ask again, and put in order again", id="algorithms.reload"),
    ]

    CHANGES: ClassVar[frozenset[str]] = frozenset({"switch", "switch_all"})

    def __init__(self, client: AlgorithmsApi, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._client = client
        self._monotonic = monotonic
        self._known: Algorithms | None = None
        self._listed: dict[Which, Algorithm] = {}
        self._order = Order()
        self._anew = True
        """Whether the next answer is put in order anew: a person has asked for it."""
        self._to_first = False
        """Whether the cursor is to be on the first row when they are drawn next."""
        self._asked_at = 0.0
        self._answered_at: datetime | None = None
        self._silent_since: datetime | None = None
        """When the agent answered last, where it does not any more: the list stays, and says so."""
        self._detail: Algorithm | None = None
        """One with its metrics: the chosen one, once it has come."""
        self._wanted: Which | None = None

    def keys(self, frame: Frame) -> Keys:
        """Name what can be done."""
        del frame
        if not self._listed:
            return ()
        return (("enter", "Details"), ("o", "On/off"), ("/", "Filter"), ("s", "Order"), ("O", "All versions"))

    def draw(self, frame: Frame, space: Space) -> None:
        """List them; ask again when it is time."""
        if not self.frozen and self._monotonic() - self._asked_at >= EVERY_S:
            self._look()
        as_of = frame.snapshot.as_of if frame.snapshot is not None else datetime.now(UTC)
        room = self.room(space)
        found = {name: one for name, one in self._listed.items() if holds(spell(name.text), self.words)}
        lines = [row(one, room, as_of) for one in found.values()]
        top = [heading(room, self._order.by)] if lines else self._empty(frame, room)
        said = summary(self._known, self._silent_since, self._order, space)
        if self.words and self._listed:
            said = filtered(self.words, len(found), len(self._listed), space)
        self.paint(said, top, lines, list(found), space, to=next(iter(found), None) if self._to_first else None)
        self._to_first = False
        self._draw_below()

    def _draw_below(self) -> None:
        one, rows = self._chosen(), self._room_below
        if one is None or not rows:
            self.show_below([], self.space)
            return
        detail = self._detail if self._detail is not None and which(self._detail) == which(one) else None
        others = [other for name, other in self._listed.items() if name[:2] == which(one)[:2] and other is not one]
        self.show_below(chosen(one, detail, others, self.room_below(self.space), rows=rows), self.space)
        if self._wanted != which(one):
            self._fetch_detail(which(one))

    @property
    def _room_below(self) -> int:
        """Count the lines that the chosen one has: what the list leaves, on a larger terminal never less than some."""
        if self.beside:
            return self.query_one(Rows).size.height
        if self.space.tier == "tiny":
            return 0
        free = self.size.height - self.query_one(Rows).filled - 3
        return max(_BELOW[self.space.tier], free if free >= _LEAST else 0)

    def _fetch_detail(self, name: Which) -> None:
        self._wanted = name
        self.work(partial(self._load_detail, name), "algorithms-detail")

    async def _load_detail(self, name: Which) -> None:
        with suppress(*_FAILURES):  # the list tells of them
            self._detail = await self._client.algorithm(name)
            self.redraw()

    def on_view_hidden(self) -> None:
        """Ask no more."""
        super().on_view_hidden()
        self.workers.cancel_group(self, "algorithms-detail")
        self._wanted = None

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Say more of that one."""
        event.stop()
        self._draw_below()

    def _empty(self, frame: Frame, space: Space) -> list[Line]:
        if self._failed:
            return self.failure(space)
        if self._known is None:
            return []
        if self._listed:
            return [(), space.told.line(" No algorithm has these words in its name. {esc} shows all.", "label")]
        return nothing(space, frame.snapshot.ingest_url if frame.snapshot is not None else None)

    def action_reload(self) -> None:
        """Ask for them, and put them in order as they are then."""
        self._anew = True
        self._look()

    def action_order(self) -> None:
        """Put them in the next order."""
        self._order.next()
        self._put(self._listed.values(), anew=True)
        self.redraw()

    def _put(self, algorithms: Iterable[Algorithm], *, anew: bool) -> None:
        """Put them in order; a cursor on the first row stays on the first: who asks for an order looks there."""
        self._to_first = anew and self.query_one(Rows).at == 0
        self._listed = self._order.put(algorithms, anew=anew)

    def _look(self) -> None:
        self._asked_at = self._monotonic()
        self.work(self._load)

    async def _load(self) -> None:
        try:
            known = await self._client.algorithms()
        except _FAILURES as error:
            self._failed = sanitize(reason_of(error), limit=600)
            self._silent_since = self._silent_since or self._answered_at
        else:
            self._failed, self._silent_since = "", None
            self._answered_at = self.frame.snapshot.as_of if self.frame.snapshot is not None else None
            self._known = known
            self._put(known.algorithms, anew=self._anew)
            self._anew = False
            self._wanted = None  # its numbers are newer, too
        self.redraw()

    def narrow(self) -> None:
        """Show the algorithms whose names hold the words."""
        self.redraw()

    def _chosen(self) -> Algorithm | None:
        chosen = self.query_one(Rows).chosen
        return next((one for key, one in self._listed.items() if key == chosen), None)

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Show one with its metrics."""
        event.stop()
        one = self._chosen()
        if one is not None:
            self.run_worker(self._open(which(one)), group="algorithms-one", exit_on_error=False)

    async def _open(self, name: Which) -> None:
        try:
            one = await self._client.algorithm(name)
        except _FAILURES as error:
            self.say(reason_of(error), "bad")
            return
        if one is None:
            self.say("The agent does not know it any more.")
            return
        self.app.push_screen(self._dialog(one))

    def _dialog(self, one: Algorithm) -> PayloadDialog:
        payload = one.payload

        async def reveal() -> str | None:
            return payload

        title = spell(which(one).text, limit=120)
        known = reveal if payload is not None else None
        return PayloadDialog(title, fields(one), known, self.space.glyphs, table=metrics(one), label="Last payload")

    def action_switch(self) -> None:
        """Turn Insights on or off for the version, asking first where it is turned off."""
        self._ask(all_versions=False)

    def action_switch_all(self) -> None:
        """Turn Insights on or off for all versions that have no switch of their own."""
        self._ask(all_versions=True)

    def _ask(self, *, all_versions: bool) -> None:
        one = self._chosen()
        if one is None:
            return
        name = Which(one.owner, one.name) if all_versions else which(one)
        if not one.insights_enabled:
            self._turn(name, on=True)
            return

        def answered(agreed: bool | None) -> None:
            if agreed:
                self._turn(name, on=False)

        self.ask(before_off(one, all_versions=all_versions), answered)

    def _turn(self, name: Which, *, on: bool) -> None:
        self.run_worker(self._switch(name, on=on), group="algorithms-act", exit_on_error=False)

    async def _switch(self, name: Which, *, on: bool) -> None:
        try:
            await self._client.switch(name, on=on)
        except _FAILURES as error:
            self.say(f"Nothing was changed. {reason_of(error)}", "bad")
            return
        what = spell(name.text, limit=120)
        fate = "its payloads are published" if on else "its reports are answered, and nothing of them is kept"
        self.say(f"Insights is {'on' if on else 'off'} for {what}: {fate}.", "good")
        if self._shown:
            self._look()
