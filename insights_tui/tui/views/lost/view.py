"""The view Lost: a list that never moves by itself, a filter, and the acts with what they will do said first."""

from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from insights_tui.client.protocol import LostApi
from insights_tui.domain.answers import LostPayload
from insights_tui.domain.lost import EXPIRED, LostFilter
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.text import sanitize
from insights_tui.tui.frame import Frame, Space
from insights_tui.tui.lines import Line
from insights_tui.tui.rows import Rows
from insights_tui.tui.views.filter_line import FilterLine
from insights_tui.tui.views.lost.acts import FAILURES, do_drop, do_redrive, plan_redrive, reason_of
from insights_tui.tui.views.lost.doing import LostActs
from insights_tui.tui.views.lost.drawing import all_today, chosen, fields, heading, nothing, row, summary
from insights_tui.tui.views.lost.filters import HINT, parse_filter, written
from insights_tui.tui.views.lost.pages import Pages
from insights_tui.tui.views.payload_dialog import Act, PayloadDialog
from insights_tui.tui.views.view import Keys

MAX_MARKS = 100
"""As many ids as one call takes."""
_BELOW = {"narrow": 3, "medium": 3}
"""Lines below the list, by layout: a wall screen has room for everything in the row, a tiny one for nothing else."""
_ACTS = (("r", "Redrive"), ("/", "Filter"), ("x", "Export"), ("del", "Drop"))
_REDRIVE, _DROP = Act("redrive", "r", "Redrive", "lost.redrive"), Act("drop", "delete", "Drop", "lost.drop")
_CYCLE = (
    LostFilter(),
    LostFilter(reasons=EXPIRED),
    LostFilter(reasons=frozenset({Outcome.REJECTED})),
    LostFilter(reasons=frozenset({Outcome.DAMAGED})),
)


class LostView(LostActs):
    """Dead letters: list, filter, details, export, redrive, drop."""

    NAME = "lost"
    TITLE = "Lost"
    KEY = "5"
    HELP = "Payloads that did not reach Kafka in time: look at them, send them again, keep them, or close them."
    HINT = HINT
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "redrive", "Redrive what is marked, else what the filter takes", id="lost.redrive"),
        # no letter near `d`, which deletes the connection: one slip must not lead from one question to the other
        Binding("delete", "drop", "Drop what is marked, else what the filter takes", key_display="del", id="lost.drop"),
        Binding("d,D", "which_delete", "Say which key drops", show=False, id="lost.which-delete"),
        Binding("x", "export", "Export what the filter takes to a file", id="lost.export"),
        Binding("m", "mark", "Mark or unmark this one", id="lost.mark"),
        Binding("slash", "filter", "Filter by reason, age or a part of the id", id="lost.filter"),
        Binding("f", "cycle", "Next reason: all, expired, rejected, damaged", id="lost.cycle"),
        Binding("u", "reload", "List again, the newest first", id="lost.reload"),
        Binding("escape", "clear", "Take marks and filter away", id="lost.clear"),
    ]
    CHANGES: ClassVar[frozenset[str]] = frozenset({"redrive", "drop"})

    def __init__(self, client: LostApi) -> None:
        super().__init__()
        self._client = client
        self._pages = Pages()
        self._marks = {}
        self._which = LostFilter()
        self._loaded = False
        self._lost_then: int | None = None
        """How many had been lost in all when the list was loaded; `None` where no news had come yet."""
        self._exporting = None

    def on_view_hidden(self) -> None:
        """Let go of the list; an act that was agreed to goes on, and tells how it went."""
        super().on_view_hidden()
        self._pages = Pages()
        self._loaded = False

    def keys(self, frame: Frame) -> Keys:
        """Name the acts."""
        if not self._pages.rows:
            return (("/", "Filter"), ("del", "Drop")) if frame.snapshot is not None and frame.snapshot.lost_open else ()
        return (*_ACTS, ("enter", "Details"), ("m", "Mark"), ("f", "Reason"))

    def draw(self, frame: Frame, space: Space) -> None:
        """Say how many are open now; the list itself stays as it was loaded."""
        snapshot = frame.snapshot
        new = 0
        if snapshot is not None and self._loaded:
            self._lost_then = snapshot.counts.lost if self._lost_then is None else self._lost_then
            new = snapshot.counts.lost - self._lost_then
            if new > 0 and not self._pages.rows and not self._failed:
                self.action_reload()
        head = summary(
            snapshot,
            listed=len(self._pages.rows),
            whole=self._pages.whole and not self._pages.cut,
            which=self._which,
            marks=self._marks.keys(),
            new=new if self._pages.rows else 0,
            space=space,
        )
        as_of = snapshot.as_of if snapshot is not None else datetime.now(UTC)
        today = all_today(self._pages.rows, as_of)
        room = self.room(space)
        rows = [row(one, room, as_of=as_of, today=today, marked=one.id in self._marks) for one in self._pages.rows]
        keys = [one.seq for one in self._pages.rows]
        top = [heading(room, today=today)] if rows else self._empty(room)
        self.paint(head, top, rows, keys, space)
        self._draw_below()

    def _draw_below(self) -> None:
        one, space = self._chosen(), self.space
        rows = _BELOW.get(space.tier, 0)
        self.show_below(chosen(one, self.room(space), rows=rows) if one is not None and rows else [], space)

    def _empty(self, space: Space) -> "list[Line]":
        if self._failed:
            return self.failure(space)
        return nothing(self.frame.snapshot, self._which, space) if self._loaded else []

    # loading

    def action_reload(self) -> None:
        """List again, and go to the newest."""
        self.work(partial(self._reload, to_top=True))

    async def _reload(self, *, to_top: bool = False) -> None:
        snapshot = self.frame.snapshot
        before = snapshot.counts.lost if snapshot is not None else None
        try:
            await self._pages.reload(self._client, self._which)
        except FAILURES as error:
            self._pages = Pages()
            self._failed = sanitize(reason_of(error), limit=600)
        else:
            self._failed = ""
        self._loaded, self._lost_then = True, before
        self.redraw()
        if to_top and self._pages.rows:
            self.query_one(Rows).choose(self._pages.rows[0].seq)

    async def _more(self) -> None:
        try:
            await self._pages.more(self._client)
        except FAILURES as error:
            self.say(f"No more could be listed. {reason_of(error)}", "bad")
        self.redraw()

    def on_rows_end_neared(self, event: Rows.EndNeared) -> None:
        """Load the next page before the end is reached."""
        event.stop()
        if not self._pages.whole:
            self.work(self._more)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Where the newest were let go of, the top of the list leads back to them."""
        event.stop()
        self._draw_below()
        if event.rows.at == 0 and self._pages.cut:
            self.action_reload()

    # the filter

    def action_filter(self) -> None:
        """Open the filter line with the filter that holds."""
        self.query_one(FilterLine).value = written(self._which, datetime.now(UTC))
        super().action_filter()

    def narrow(self) -> None:
        """Wait until all is typed: the agent chooses, and half a reason is none."""

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the filter over, where it can be read."""
        event.stop()
        event.prevent_default()  # else the line is left all the same
        try:
            which = parse_filter(event.value, datetime.now(UTC))
        except ValueError as error:
            self.say(str(error), "bad")
            return
        self._take_filter(which)

    def action_cycle(self) -> None:
        """Take the next of the usual filters."""
        place = _CYCLE.index(self._which) if self._which in _CYCLE else -1
        self._take_filter(_CYCLE[(place + 1) % len(_CYCLE)])

    def action_clear(self) -> None:
        """Close the filter line; then take the marks away, then the filter."""
        if self.query_one(FilterLine).display:
            self.leave_filter()
        elif self._marks:
            self._marks.clear()
            self.redraw()
        elif not self._which.empty:
            self._take_filter(LostFilter())
        else:
            self.call_next(self.screen.run_action, "dismiss_notice")

    def _take_filter(self, which: LostFilter) -> None:
        self.leave_filter()
        self.say("")
        self._which = which
        self._marks.clear()
        self.action_reload()

    # one

    def _chosen(self) -> LostPayload | None:
        seq = self.query_one(Rows).chosen
        return next((one for one in self._pages.rows if one.seq == seq), None)

    def action_mark(self) -> None:
        """Mark it for the next act."""
        one = self._chosen()
        if one is None or not one.id:
            return
        if one.id in self._marks:
            del self._marks[one.id]
        elif len(self._marks) < MAX_MARKS:
            self._marks[one.id] = None
        else:
            self.say(f"At most {MAX_MARKS} can be marked; a filter takes more.", "bad")
        self.query_one(Rows).action_move(1)
        self.redraw()

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Show one in full."""
        event.stop()
        one = self._chosen()
        if one is None:
            return
        acts = [_DROP] if one.id and not self.frame.read_only else []
        if acts and one.reason is not Outcome.DAMAGED and one.state == "open":
            acts.insert(0, _REDRIVE)

        async def value() -> str | None:
            found = await self._client.lost_payload(one.id)
            return None if found is None else found.value

        def answered(answer: str | None) -> None:
            which = LostFilter(ids=frozenset({one.id}))
            if answer == "redrive":
                self.work(partial(self._ask, lambda: plan_redrive(self._client, which, self._topic), do_redrive))
            elif answer == "drop":
                self.work(partial(self._ask, lambda: self._plan_drop(which), do_drop))

        self.app.push_screen(PayloadDialog("A lost payload", fields(one), value, self.space.glyphs, acts), answered)
