"""A view: one page of the interface, shown by its digit, asleep while another one is shown."""

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message

from insights_tui.tui.frame import Frame, Space
from insights_tui.tui.panels.panel import Panel

TIERS = ("tiny", "narrow", "medium", "wide")
Keys = Sequence[tuple[str, str]]
"""Key and word, most needed first."""


class View(VerticalScroll, can_focus=True):
    """What every view has; the package's docstring is the contract."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "scroll_home", "Top of the page", id="view.top", show=False),
        Binding("G", "scroll_end", "End of the page", id="view.end", show=False),
    ]
    """Where a view is no list it scrolls; the arrows and their like are Textual's."""

    NAME: ClassVar[str] = ""
    """Its id, the name of its style sheet, and what its binding ids begin with."""
    TITLE: ClassVar[str] = ""
    KEY: ClassVar[str] = ""
    HELP: ClassVar[str] = ""
    CHANGES: ClassVar[frozenset[str]] = frozenset()
    """Acts (of `BINDINGS`) that change something: a read-only interface does not offer them."""

    class Said(Message):
        """Something is to be told in the notice row."""

        def __init__(self, words: str, kind: str) -> None:
            super().__init__()
            self.words = words
            self.kind = kind
            """`good`, `bad` or `plain`."""

    def __init__(self) -> None:
        super().__init__(id=f"view-{self.NAME}")
        self.frame = Frame()
        """The newest frame it was shown."""
        self.space = Space()

    @property
    def frozen(self) -> bool:
        """Whether the view is to stand still; delivery never does."""
        return self.frame.frozen_at is not None

    def show(self, frame: Frame, space: Space) -> None:
        """Take over a frame and draw it."""
        self.frame, self.space = frame, space
        for tier in TIERS:
            self.set_class(space.tier == tier, f"-{tier}")
        self.draw(frame, space)

    def draw(self, frame: Frame, space: Space) -> None:
        """Draw a frame: every part of its own accord."""
        for panel in self.query(Panel):
            panel.show(frame, space)

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Look the same with the focus: Textual would resolve the styles of everything inside, twice a switch."""

    def on_view_shown(self) -> None:
        """Begin: the view is on the screen from now on."""

    def on_view_hidden(self) -> None:
        """End all that reads or counts: nobody looks."""

    def focus_first(self) -> None:
        """Put the focus where the keys of the view work."""
        self.focus(scroll_visible=False)

    def keys(self, frame: Frame) -> Keys:
        """Name the keys that do something here."""
        del frame
        return ()

    def work(self, act: Callable[[], Awaitable[None]], group: str = "") -> None:
        """Do it instead of what of its group is under way; made when its turn comes: another may take it before."""
        self.run_worker(act, exclusive=True, group=group or self.NAME, exit_on_error=False)

    def say(self, words: str, kind: str = "plain") -> None:
        """Tell the person in the notice row."""
        self.post_message(self.Said(words, kind))
