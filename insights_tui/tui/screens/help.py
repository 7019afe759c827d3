"""Help for what has the focus, the keys, and the words on the page."""

from textual.binding import Binding
from textual.widget import Widget

from insights_tui.tui.screens.reader import Reader, Section
from insights_tui.tui.told_keys import Told
from insights_tui.tui.views.registry import VIEWS
from insights_tui.tui.views.view import View

_KEYS = (
    f"1-{len(VIEWS)}      the views: {', '.join(entry.title for entry in VIEWS)}",
    "c        connect to Kafka, or edit the connection",
    "t        send one marked test payload and see partition, offset and latency",
    "k        check the connection: every server, every member, step by step",
    "b        go back to an earlier connection, its password with it",
    "d        delete the connection (asks first; what is queued stays)",
    "p        every problem in full",
    "a        show another agent, where several were named (--socket A --socket B)",
    "space    freeze the view; delivery never stops",
    "y        copy the state as text",
    "ctrl+p   or : every act by name, and the themes",
    "q        quit",
    "Other keys for these: `insights-tui config keys` lists the acts, [interface.keys] in the settings moves them.",
)
_WORDS = (
    "Accepted: the agent has said yes to the payload; from then on it counts.",
    "Queued, in flight, delivered: waits, sent and not answered yet, Kafka has it.",
    "Retrying: an attempt failed, the next one comes.",
    (
        "Lost: the sum of four. Rejected: Kafka refused its content. Expired unsent: its time was over before any"
        " attempt can have reached Kafka. Expired unknown: its time was over, but an attempt may be in the topic."
        " Damaged: it could not be read back from disk."
    ),
    "Next loss in: how long until the oldest payload's time is over.",
    "Refusing: nothing new is accepted just now.",
    "Stale: no news from the agent; every figure is as old as the time on the right says.",
)
_FOCUS = {
    "connect": "Opens the connection form.",
    "connect-big": "Opens the connection form: topic, servers, and how to log in.",
    "delete": "Stops sending. Asks first, and says what becomes of the payloads that wait.",
}


class Help(Reader):
    """Keys and words; first what has the focus does."""

    def __init__(self, focused: Widget | None, view: View, told: Told) -> None:
        sections: list[Section] = [(view.TITLE, (view.HELP, *_keys_of(view, told)))]
        if focused is not None and focused.id in _FOCUS:
            sections.insert(0, ("This button", (_FOCUS[focused.id],)))
        super().__init__("Help", [*sections, ("Keys", tuple(_line(line, told) for line in _KEYS)), ("Words", _WORDS)])


def _keys_of(view: View, told: Told) -> list[str]:
    bindings = (binding for binding in view.BINDINGS if isinstance(binding, Binding) and binding.show)
    return [f"{told.of(binding):<9}{binding.description}" for binding in bindings]


def _line(line: str, told: Told) -> str:
    """Put the key of now before what it does."""
    key, gap, words = line.partition("  ")
    return f"{told(key):<9}{words.strip()}" if gap and told(key) != key else line
