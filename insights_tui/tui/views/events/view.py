"""The Events view: a list that follows, a filter, and the chosen event explained below it."""

from collections.abc import Hashable, Sequence
from datetime import date
from typing import ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.snapshot import Event
from insights_tui.domain.text import sanitize
from insights_tui.tui.frame import Frame, Space
from insights_tui.tui.glyphs import ASCII
from insights_tui.tui.lines import BLANK, Line, ascii_line, text, wrap
from insights_tui.tui.rows import Rows
from insights_tui.tui.screens.reader import Reader
from insights_tui.tui.sheet import Sheet
from insights_tui.tui.views.events import drawing
from insights_tui.tui.views.events.log import LEVELS, Log, key_of
from insights_tui.tui.views.filter_line import Filtering, FilterLine, filter_keys
from insights_tui.tui.views.view import Keys

_DETAILS = {"narrow": 7, "medium": 12, "wide": 40}
"""Rows that the details have in any case, by layout."""
_HERE = (
    "What will stand here: connections made and lost, brokers that go and come back, payloads refused or lost."
    " Each kind stands once, with how often, first and last, what it means, what to check and what Kafka said."
)
_READABLE = 76
"""Cells of a row beyond which a sentence is hard to follow."""


class EventSource(Protocol):
    """Where events come from."""

    async def events(self, after: int = 0) -> Sequence[Event]:
        """Ask for the events after number `after`, oldest first."""
        ...


class EventsView(Filtering):
    """What happened, newest first; the list follows while its first row is chosen."""

    NAME = "events"
    TITLE = "Events"
    KEY = "3"
    HELP = "What happened, each kind once with its count, what it means and what to check; the first row follows."
    HINT = "words that must all occur"
    BINDINGS: ClassVar[list[BindingType]] = [
        *filter_keys("events", "Filter the events"),
        Binding("l", "level", "Level: all, warnings, errors", id="events.level"),
        Binding("y", "copy_event", "Copy the event", id="events.copy"),
    ]

    def __init__(self, source: EventSource) -> None:
        super().__init__()
        self._source = source
        self._log = Log()
        self._agent = ""
        self._level = LEVELS[0]
        self._held: Hashable | None = None
        """The event that a person has put the cursor on; `None` where the list follows the newest."""
        self._placed: Hashable | None = None
        """Where the cursor was left: it is elsewhere where a person has moved it, whatever is told first."""
        self._trouble = ""
        self._asking = False
        self._loaded = False
        """Whether the agent was asked for all events: what is known before is the snapshot's few."""
        self._cache: dict[tuple[int, int], tuple[Event, Line]] = {}
        self._today: date | None = None

    def compose(self) -> ComposeResult:
        """Head, filter (while it is typed), list, details."""
        yield Sheet(id="events-head")
        yield self.filter_line()
        with Horizontal(id="events-body"):
            yield Rows(id="events-rows")
            yield Sheet(id="events-details")

    def focus_first(self) -> None:
        """Let the list have the keys."""
        self.query_one(Rows).focus()

    def on_view_hidden(self) -> None:
        """Ask no more."""
        self.workers.cancel_group(self, self.NAME)
        self._asking = False

    def draw(self, frame: Frame, space: Space) -> None:
        """Show what is known; ask for more only where the snapshot tells of something newer."""
        snapshot = frame.snapshot
        if snapshot is not None and not self.frozen:
            today = snapshot.as_of.date()
            if (snapshot.agent.id, today) != (self._agent, self._today):
                self._cache.clear()
            if snapshot.agent.id != self._agent:
                self._agent, self._loaded = snapshot.agent.id, False
                self._log.clear()
            self._today = today
            newest = max((event.seq for event in snapshot.events), default=0)
            if newest <= self._log.newest:
                self._loaded = True
            elif frame.stale_s is not None:
                self._log.know(snapshot.events)
            elif not self._asking:
                self._asking = True
                self.work(self._ask)
        self._paint(space)

    async def _ask(self) -> None:
        try:
            events = await self._source.events(self._log.newest)
        except (AgentUnavailableError, RefusedError, OSError, TimeoutError) as error:
            self._trouble = sanitize(str(error) or "the agent did not answer.", limit=300)
            return
        finally:
            self._asking = False
        self._trouble, self._loaded = "", True
        if not self.frozen:
            self._log.take(events)
            with self.app.batch_update():
                self._paint(self.space)

    def _paint(self, space: Space) -> None:
        rows = self.query_one(Rows)
        if rows.chosen != self._placed:
            self._hold(rows)
        shown = self._log.shown(words=self.words, level=self._level)
        keys = [key_of(event) for event in shown]
        lines = [self._row(event, space) for event in shown]
        if len(self._cache) > 4 * len(self._log) + 100:
            self._cache.clear()
        top = [drawing.header(space)] if shown else self._nothing(space)
        to = self._held or next(iter(keys), None)
        rows.show([] if shown and space.tier == "tiny" else top, lines, keys, space.glyphs, to=to)
        self._placed = rows.chosen
        head = drawing.summary(
            words=self.words,
            level=self._level,
            told=self._told(len(shown)),
            state=self._state(rows.at),
            space=space,
            width=self.query_one("#events-head").size.width or space.width,
        )
        self._put("#events-head", [head])
        self._explain(space)

    def _told(self, shown: int) -> str:
        if self._loaded or not len(self._log):
            return f"showing {shown:,} of {len(self._log):,}" if len(self._log) else ""
        return f"showing {shown:,}, the newest that were told"

    def _state(self, at: int) -> str:
        if self.frozen:
            return "FROZEN"
        if self.frame.stale_s is not None:
            return "STALE"
        return self.space.told.words(f"{at} newer: {{g}}") if at else "LIVE"

    def _row(self, event: Event, space: Space) -> Line:
        found = self._cache.get((event.seq, space.width))
        if found is not None and found[0] is event:
            return found[1]
        line = drawing.row(event, space, self._today)
        self._cache[event.seq, space.width] = event, line
        return line

    def _explain(self, space: Space) -> None:
        rows, sheet = self.query_one(Rows), self.query_one("#events-details", Sheet)
        event = self._log.get(rows.chosen) if rows.chosen is not None else None
        told = space.tier != "tiny" and event is not None
        rows.hug(told and space.tier != "wide")
        if sheet.display != told:
            sheet.display = told
        if told and event is not None:
            size = sheet.size.width or space.width
            most = self._room_below(space, rows.filled)
            lines = drawing.details(event, space, size, rows=most, today=self._today)
            self._put("#events-details", [*lines, *[BLANK] * (most - len(lines))])

    def _room_below(self, space: Space, filled: int) -> int:
        """Count the lines of the details: as many always, or what a short list leaves."""
        least = min(_DETAILS[space.tier], max(8, self.size.height - 4))
        above = 2 + (space.tier != "narrow") + self.query_one(FilterLine).display
        return least if space.tier == "wide" else max(least, self.size.height - filled - above)

    def _nothing(self, space: Space) -> list[Line]:
        """Say why there is no row, and what would stand here."""
        cells = max(20, min(_READABLE, space.width - 6))
        told = space.told.line
        if len(self._log):
            narrowed = "No event matches" if self.words else "No event is of this level"
            return [(), text(f"{narrowed}."), told("{esc} shows all again, {l} changes the level.", "label")]
        snapshot = self.frame.snapshot
        if self._trouble or snapshot is None or self.frame.stale_s is not None:
            why = self._trouble or self.frame.error or "the agent has not answered yet."
            said = wrap(f"The events could not be read: {why}", cells)
            return [(), *map(text, said)]
        if snapshot.events:
            return [(), text("Asking the agent.", "label")]
        lines = [
            (),
            text("Nothing has happened yet."),
            (),
            *(text(part, "label") for part in wrap(_HERE, cells)),
        ]
        if snapshot.connection is None and not self.frame.read_only:
            lines += [(), told("{c} connects to Kafka.", "label")]
        return lines

    def _put(self, selector: str, lines: list[Line]) -> None:
        plain = self.space.glyphs is ASCII
        self.query_one(selector, Sheet).paint([ascii_line(line) for line in lines] if plain else lines)

    @on(Rows.Moved, "#events-rows")
    def _moved(self) -> None:
        self._hold(self.query_one(Rows))
        self._paint(self.space)

    def _hold(self, rows: Rows) -> None:
        """Stay with the event under the cursor; on the first row follow."""
        self._held = rows.chosen if rows.at else None

    @on(Rows.Opened, "#events-rows")
    def _opened(self) -> None:
        event = self._log.get(self.query_one(Rows).chosen)
        if event is not None:
            self.app.push_screen(Reader("Event", drawing.whole(event)))

    @property
    def narrowed(self) -> bool:
        """Whether words or a level leave events out."""
        return super().narrowed or self._level != LEVELS[0]

    def narrow(self) -> None:
        """Show the events that hold the words."""
        self._paint(self.space)

    def widen(self) -> None:
        """Show every event of every level."""
        self._level = LEVELS[0]
        super().widen()
        self._paint(self.space)

    def action_level(self) -> None:
        """Go on to the next level."""
        self._level = LEVELS[(LEVELS.index(self._level) + 1) % len(LEVELS)]
        self._paint(self.space)

    def action_copy_event(self) -> None:
        """Copy the event as text, through the terminal (OSC 52)."""
        event = self._log.get(self.query_one(Rows).chosen)
        if event is None:
            self.say("There is no event to copy.")
            return
        parts = [line for heading, lines in drawing.whole(event) for line in (heading, *lines)]
        self.app.copy_to_clipboard("\n".join(parts))
        self.say("Event copied as text, if this terminal allows it (OSC 52).")

    def keys(self, frame: Frame) -> Keys:
        """Name what can be done with an event; the head names the keys that choose among them."""
        del frame
        return (("enter", "Details"),) if self.query_one(Rows).chosen is not None else ()
