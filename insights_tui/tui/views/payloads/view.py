"""The view Payloads: a live tail of what is accepted or of what is in the topic; values hidden until revealed."""

import time
from collections.abc import Callable
from contextlib import aclosing
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from insights_tui.client.protocol import AgentUnavailableError, TailApi
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.snapshot import Snapshot, State
from insights_tui.domain.tail import Source, TailAsked, Tailed
from insights_tui.domain.text import sanitize
from insights_tui.tui.frame import Frame, Space
from insights_tui.tui.glyphs import ASCII
from insights_tui.tui.lines import Line, ascii_line, wrap
from insights_tui.tui.rows import Rows
from insights_tui.tui.sheet import Sheet
from insights_tui.tui.views.payload_dialog import PayloadDialog
from insights_tui.tui.views.payloads.drawing import NAMES, WIDE, fields, heading, nothing, row, summary
from insights_tui.tui.views.payloads.sweep import PER_TICK, PER_TICK_WIDE, Sweep
from insights_tui.tui.views.view import Keys, View

BEFORE = 50
"""Payloads from before that fill the rows at first."""


class PayloadsView(View):
    """Rows that are overwritten in turn; `space` (the screen's) holds them."""

    NAME = "payloads"
    TITLE = "Payloads"
    KEY = "4"
    HELP = "What is accepted and what is in the topic, as it goes by; values stay hidden until you ask for one."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "other_source", "What is accepted, or what is in the topic", id="payloads.source"),
        Binding("u", "again", "Follow again", id="payloads.again"),
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
        self._ticked = monotonic()
        self._per_s: float | None = None
        self._lines: dict[tuple[int, bool], Line] = {}
        """The rows as they were drawn last, by number and whether the newest."""
        self._lines_for: tuple[Sweep, Space, bool] | None = None

    def compose(self) -> ComposeResult:
        """Say what is followed, then the rows."""
        yield Sheet(id="payloads-summary")
        yield Rows(id="payloads-rows")

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
        return ((("enter", "Details"),) if self._sweep.rows else ()) + (("s", other),)

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
        head = summary(self._source, topic, self._per_s, self._sweep.left_out, space, frozen=self.frozen)
        self.query_one("#payloads-summary", Sheet).paint([ascii_line(head) if space.glyphs is ASCII else head, ()])
        room = rows.room(space)
        keyed = any(one.key is not None for _, one in self._sweep.rows)
        lines = self._drawn(room, keyed=keyed)
        top = [heading(self._source, room, keyed=keyed)] if lines else self._empty(snapshot, space)
        rows.show(top, lines, [number for number, _ in self._sweep.rows], space.glyphs)

    def _drawn(self, room: Space, *, keyed: bool) -> list[Line]:
        """Draw the rows, those that were written since the last tick alone."""
        look, newest = (self._sweep, room, keyed), self._sweep.newest
        known = self._lines if look == self._lines_for else {}
        self._lines_for, self._lines = look, {}
        for number, one in self._sweep.rows:
            key = (number, number == newest)
            self._lines[key] = known.get(key) or row(one, self._source, room, newest=key[1], keyed=keyed)
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
            return [*lines, (), (("   ", "text"), ("u", "accent"), (" tries again", "label"))]
        return nothing(self._source, snapshot)

    def _count(self, came: int, snapshot: Snapshot | None) -> None:
        now = self._monotonic()
        passed, self._ticked = now - self._ticked, now
        if self._source == "accepted":
            self._per_s = snapshot.rates.accepted_per_s if snapshot is not None else None
        elif came and not self._told:  # those from before do not tell how fast they came
            self._told = True
        elif passed > 0:
            self._per_s = came / passed

    def action_again(self) -> None:
        """Follow from now on, a few from before first."""
        self._sweep, self._told, self._failed, self._per_s = Sweep(), False, None, None
        self._ticked = self._monotonic()
        self.run_worker(self._follow(), exclusive=True, group=self.NAME, exit_on_error=False)

    def action_other_source(self) -> None:
        """Follow the other one."""
        self._source = "topic" if self._source == "accepted" else "accepted"
        self.action_again()
        self.say(f"Following {NAMES[self._source]}.")

    async def _follow(self) -> None:
        asked = TailAsked(self._source, count=BEFORE, follow=True, values=True, per_s=2 * PER_TICK)
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
        self._sweep.take(one)
        if self.frozen:
            self._sweep.hold()

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Show one in full."""
        event.stop()
        chosen = event.rows.chosen
        one = next((one for number, one in self._sweep.rows if number == chosen), None)
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
