"""The view Payloads: a live tail of what is accepted or of what is in the topic; values hidden until revealed."""

import time
from collections.abc import Callable
from contextlib import aclosing
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from insights_tui.client.protocol import AgentUnavailableError, TailApi
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.snapshot import Snapshot, State
from insights_tui.domain.tail import MAX_COUNT, Source, TailAsked, Tailed
from insights_tui.domain.text import sanitize
from insights_tui.tui.frame import Frame, Space
from insights_tui.tui.glyphs import ASCII
from insights_tui.tui.lines import Line, ascii_line, text, wrap
from insights_tui.tui.rows import Rows
from insights_tui.tui.sheet import Sheet
from insights_tui.tui.views.filter_line import Filtering, filter_keys, holds
from insights_tui.tui.views.payload_dialog import PayloadDialog
from insights_tui.tui.views.payloads.drawing import (
    WIDE,
    Columns,
    beside,
    columns_for,
    fields,
    heading,
    nothing,
    row,
    searched,
    summary,
)
from insights_tui.tui.views.payloads.sweep import PER_TICK, PER_TICK_WIDE, Sweep
from insights_tui.tui.views.view import Keys

BEFORE = 50
"""Payloads from before that fill the rows at first."""
SETTLED_S = 5.0
"""Seconds after which a tail that told nothing tells that nothing comes; sooner it has not begun."""
LOOKED_AT_PER_S = 500
"""Payloads a second that are looked at while a filter chooses among them."""


class PayloadsView(Filtering):
    """Rows that are overwritten in turn; `space` (the screen's) holds them."""

    NAME = "payloads"
    TITLE = "Payloads"
    KEY = "4"
    HELP = "What is accepted and what is in the topic, as it goes by; values stay hidden until you ask for one."
    HINT = "parts of algorithm, id or key that must all occur"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "other_source", "What is accepted, or what is in the topic", id="payloads.source"),
        Binding("u", "again", "Follow again", id="payloads.again"),
        *filter_keys("payloads", "Filter by algorithm, id or key"),
    ]

    def __init__(self, client: TailApi, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._client = client
        self._monotonic = monotonic
        self._source: Source = "accepted"
        self._sweep = Sweep()
        self._told = False
        self._failed: tuple[str, object] | None = None
        """Why there is no tail, and in which state of the agent."""
        self._ticked = self._began = monotonic()
        self._per_s: float | None = None
        self._lines: dict[tuple[int, bool], Line] = {}
        """The rows as they were drawn last, by number and whether the newest."""
        self._lines_for: tuple[Sweep, Columns] | None = None

    def compose(self) -> ComposeResult:
        """Say what is followed, then the rows."""
        yield Sheet(id="payloads-summary")
        yield self.filter_line()
        with Horizontal(id="payloads-body"):
            yield Rows(id="payloads-rows")
            yield Sheet(id="payloads-beside")

    def on_view_shown(self) -> None:
        """Follow."""
        self.action_again()

    def on_view_hidden(self) -> None:
        """Hang up: nobody looks."""
        self.workers.cancel_group(self, self.NAME)

    def focus_first(self) -> None:
        """Let the arrows choose a row."""
        self.screen.set_focus(self.query_one(Rows), scroll_visible=False)

    def keys(self, frame: Frame) -> Keys:
        """Name what can be done."""
        del frame
        other = "Topic" if self._source == "accepted" else "Accepted"
        return ((("enter", "Details"),) if self._sweep.rows else ()) + (("s", other), ("/", "Filter"))

    def draw(self, frame: Frame, space: Space) -> None:
        """Write what has come since the last tick."""
        rows = self.query_one(Rows)
        snapshot = frame.snapshot
        if self._failed is not None and snapshot is not None and self._failed[1] != _condition(snapshot):
            self.action_again()  # what was in the way may be gone
        if not self.frozen and rows.size.height > 1:
            most = PER_TICK_WIDE if rows.size.width > WIDE else PER_TICK
            self._count(self._sweep.tick(rows.size.height - 1, most), snapshot)
        topic = snapshot.connection.topic if snapshot is not None and snapshot.connection is not None else ""
        above = self.query_one("#payloads-summary", Sheet)
        cells, out = above.size.width or space.width, self._sweep.left_out
        head = summary(self._source, topic, self._per_s, out, space, state=self._state(), cells=cells, words=self.words)
        above.paint([ascii_line(head) if space.glyphs is ASCII else head, ()])
        room = rows.room(space)
        look = columns_for((one for _, one in self._sweep.rows), room)
        lines = self._drawn(look)
        top = [heading(self._source, look)] if lines else self._empty(snapshot, space)
        rows.show(top, lines, [number for number, _ in self._sweep.rows], space.glyphs)
        self._beside(space)

    def _state(self) -> str:
        return "FROZEN" if self.frozen else "STALE" if self.frame.stale_s is not None else "LIVE"

    def _chosen(self) -> Tailed | None:
        chosen = self.query_one(Rows).chosen
        return next((one for number, one in self._sweep.rows if number == chosen), None)

    def _beside(self, space: Space) -> None:
        """Show the chosen payload where there is room beside the list."""
        sheet, one = self.query_one("#payloads-beside", Sheet), self._chosen()
        if sheet.display != (space.tier == "wide" and one is not None):
            sheet.display = not sheet.display
        if one is not None and sheet.display and sheet.size.width:
            lines = beside(one, self._source, space, sheet.size.width)
            sheet.paint([ascii_line(line) for line in lines] if space.glyphs is ASCII else lines)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Show another one beside the list."""
        event.stop()
        self._beside(self.space)

    def _drawn(self, look: Columns) -> list[Line]:
        """Draw the rows, those that were written since the last tick alone."""
        newest = self._sweep.newest
        known = self._lines if (self._sweep, look) == self._lines_for else {}
        self._lines_for, self._lines = (self._sweep, look), {}
        for number, one in self._sweep.rows:
            key = (number, number == newest)
            self._lines[key] = known.get(key) or row(one, self._source, look, newest=key[1])
        return list(self._lines.values())

    def _empty(self, snapshot: Snapshot | None, space: Space) -> list[Line]:
        if self._failed is not None:
            said = wrap(self._failed[0], max(20, space.width - 8))
            lines: list[Line] = [
                (),
                *(
                    ((f" {space.glyphs.bad if not index else ' '} ", "bad"), (part, "text"))
                    for index, part in enumerate(said)
                ),
            ]
            return [*lines, (), space.told.line("   {u} tries again.", "label")]
        if self.words:
            looked = self._told or self._sweep.left_out
            why = "Nothing that went by holds these words." if looked else "Looking."
            return [(), text(why), space.told.line("{esc} shows all again.", "label")]
        return nothing(self._source, snapshot, space, frozen=self.frozen, read_only=self.frame.read_only)

    def _count(self, came: int, snapshot: Snapshot | None) -> None:
        now = self._monotonic()
        passed, self._ticked = now - self._ticked, now
        if self._source == "accepted":
            self._per_s = snapshot.rates.accepted_per_s if snapshot is not None else None
        elif came and not self._told:  # those from before do not tell how fast they came
            self._told = True
        elif passed > 0 and (self._told or now - self._began > SETTLED_S):
            self._per_s = came / passed

    def action_again(self) -> None:
        """Follow from now on, a few from before first."""
        self._sweep, self._told, self._failed, self._per_s = Sweep(), False, None, None
        self._ticked = self._began = self._monotonic()
        self.work(self._follow)

    def action_other_source(self) -> None:
        """Follow the other one."""
        self._source = "topic" if self._source == "accepted" else "accepted"
        self.action_again()
        self.draw(self.frame, self.space)

    def narrow(self) -> None:
        """Follow those that hold the words in what is shown of them."""
        self.action_again()
        self.draw(self.frame, self.space)

    async def _follow(self) -> None:
        count, per_s = (MAX_COUNT, LOOKED_AT_PER_S) if self.words else (BEFORE, 2 * PER_TICK)
        asked = TailAsked(self._source, count=count, follow=True, values=True, per_s=per_s)
        why = "The agent has stopped."
        try:
            async with aclosing(self._client.tail(asked)) as payloads:
                async for one in payloads:
                    self._take(one)
        except RefusedError as error:
            why = " ".join(f"{one.message} {one.hint}".strip() for one in error.errors)
        except AgentUnavailableError as error:
            why = f"{error} {error.hint}"
        self._sweep = Sweep()
        self._failed = (sanitize(why, limit=600), _condition(self.frame.snapshot))

    def _take(self, one: Tailed) -> None:
        if self.words and not holds(searched(one), self.words):
            self._sweep.pass_by(one)
            return
        self._sweep.take(one)
        if self.frozen:
            self._sweep.hold()

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Show one in full."""
        event.stop()
        one = self._chosen()
        if one is None:
            return

        async def value() -> str | None:
            return one.value

        self.app.push_screen(PayloadDialog("A payload", fields(one), value, self.space.glyphs))


def _condition(snapshot: Snapshot | None) -> tuple[str, State, int] | None:
    """Tell what a failed tail depends on: which agent, its state, which connection."""
    if snapshot is None:
        return None
    revision = snapshot.connection.revision if snapshot.connection is not None else 0
    return snapshot.agent.id, snapshot.state, revision
