"""Help for what has the focus, the keys, and the words on the page."""

from collections.abc import Sequence

from textual.binding import Binding
from textual.widget import Widget

from insights_tui.tui.rows import Rows
from insights_tui.tui.screens.reader import Field, Reader, Section
from insights_tui.tui.told_keys import Told
from insights_tui.tui.views.registry import VIEWS
from insights_tui.tui.views.view import View

KEYS = (
    ("c", "connect to Kafka, or edit the connection", ""),
    ("t", "send one test payload", "see partition, offset, latency"),
    ("k", "check the connection", "every server, every member, step by step"),
    ("b", "go back to an earlier connection", "its password with it"),
    ("d", "delete the connection", "asks first; what is queued stays"),
    ("p", "every problem in full", ""),
    ("a", "show another agent", "one of those that --socket named"),
    ("space", "freeze the view", "delivery never stops"),
    ("y", "copy the state as text", ""),
    ("-", "back to the view before", ""),
    ("/", "filter the list; where there is none, find an act", ""),
    (":", "palette (ctrl+p)", "views, every act by name, agents, themes"),
    ("g", "top of the page or of the list", "G its end; up, down, pgup and pgdn go there slowly"),
    ("q", "quit", ""),
)
"""Keys, what they do, and what more is to be known of it."""
_OTHER = "Other keys for these: `insights-tui config keys` lists the acts, [interface.keys] in the settings moves them."
_WORDS = (
    ("accepted", "the agent has said yes to the payload; from then on it counts"),
    ("queued", "waits"),
    ("in flight", "sent, and not answered yet"),
    ("delivered", "Kafka has it"),
    ("retrying", "an attempt failed, the next one comes"),
    ("lost", "the sum of the four that follow"),
    ("rejected", "Kafka refused its content"),
    ("expired unsent", "its time was over before any attempt can have reached Kafka"),
    ("expired unknown", "its time was over, but an attempt may be in the topic"),
    ("damaged", "it could not be read back from disk"),
    ("next loss in", "how long until the oldest payload's time is over"),
    ("refusing", "nothing new is accepted just now"),
    ("stale", "no news from the agent; every figure is as old as the time on the right says"),
)
_MOVES = (
    ("up", "down", "a row up, down"),
    ("page_up", "page_down", "a page up, down"),
    ("first", "last", "the first row, the last"),
)
"""Two acts of a list, and what they do."""
_FOCUS = {
    "connect": "Opens the connection form.",
    "connect-big": "Opens the connection form: topic, servers, and how to log in.",
    "delete": "Stops sending. Asks first, and says what becomes of the payloads that wait.",
}


class Help(Reader):
    """Keys and words; first what has the focus does."""

    def __init__(self, focused: Widget | None, view: View, told: Told, left_out: frozenset[str] = frozenset()) -> None:
        """`left_out` are keys of every view that do nothing here: nothing may be changed."""
        super().__init__("Help")
        self._left_out = left_out
        self._focus = _FOCUS.get(focused.id or "") if focused is not None else None
        self._view = view
        self._of_page = told

    def sections(self) -> Sequence[Section]:
        """Say what has the focus, what the view is for, its keys, those of every view, the words."""
        focus: list[Section] = [("This button", (self._focus,))] if self._focus is not None else []
        told = self._of_page
        keys = [one for one in KEYS if one[0] not in self._left_out]
        views = Field("views", ", ".join(f"{told(entry.key)} {entry.title}" for entry in VIEWS), "accent")
        return [
            *focus,
            (self._view.TITLE, (self._view.HELP, *self._keys(), *self._moves())),
            (
                "Keys of every view",
                (views, *(_key(told(key), f"{act}: {more}" if more else act) for key, act, more in keys), _OTHER),
            ),
            ("Words", [Field(word, meaning) for word, meaning in _WORDS]),
        ]

    def _keys(self) -> list[Field]:
        bindings = (one for one in self._view.BINDINGS if isinstance(one, Binding) and one.show)
        if self._left_out:
            bindings = (one for one in bindings if one.action not in self._view.CHANGES)
        return [_key(self._of_page.of(binding), binding.description) for binding in bindings]

    def _moves(self) -> list[Field]:
        """Name the keys that move in the list, where the view is one."""
        if not self._view.query(Rows):
            return []
        keys = {one.id: self._of_page.all_of(one) for one in Rows.BINDINGS if isinstance(one, Binding)}
        return [_key(f"{keys[f'rows.{one}']} {keys[f'rows.{other}']}", words) for one, other, words in _MOVES]


def _key(key: str, words: str) -> Field:
    return Field(key, words, "accent")
