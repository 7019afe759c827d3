"""A choice on one row, its marks told apart by shape: `RadioButton` differs by colour alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from insights_tui.tui.in_order import run_own_binding

T = TypeVar("T")
GAP = 3
"""Columns between two options."""


class Choice(Widget, Generic[T], can_focus=True):
    """One of a few options; one stop of the tab key."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Choose", show=False, id="form.choice.previous"),
        Binding("right,space", "step(1)", "Choose", show=False, id="form.choice.next"),
    ]
    index: reactive[int] = reactive(0, init=False)

    @dataclass
    class Changed(Message):
        """Posted when another option was chosen."""

        choice: "Choice[object]"

        @property
        def control(self) -> "Choice[object]":
            """The choice, for `@on` selectors."""
            return self.choice

    def __init__(
        self,
        options: Sequence[tuple[T, str]],
        value: T,
        *,
        id: str,  # noqa: A002 - Textual's name
        ascii_only: bool,
    ) -> None:
        super().__init__(id=id)
        self._options = tuple(options)
        self.set_reactive(Choice.index, self._place(value))
        self._chosen, self._other = ("(*)", "( )") if ascii_only else ("(•)", "( )")

    @property
    def value(self) -> T:
        """The option that is chosen."""
        return self._options[self.index][0]

    @value.setter
    def value(self, value: T) -> None:
        self.index = self._place(value)

    def _place(self, value: T) -> int:
        return next(index for index, (option, _) in enumerate(self._options) if option == value)

    def watch_index(self) -> None:
        """Tell the form."""
        self.post_message(self.Changed(self))  # type: ignore[arg-type]  # whatever T is

    def action_step(self, by: int) -> None:
        """Choose the next or the previous option, round and round."""
        self.index = (self.index + by) % len(self._options)

    async def on_key(self, event: events.Key) -> None:
        """Choose in the order of the keys."""
        await run_own_binding(self, event)

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        for index, (start, end) in enumerate(self._columns()):
            if start <= event.x < end:
                self.index = index

    def _columns(self) -> list[tuple[int, int]]:
        columns, start = [], 0
        for text in self._texts():
            columns.append((start, start + len(text)))
            start += len(text) + GAP
        return columns

    def _texts(self) -> list[str]:
        return [
            f"{self._chosen if index == self.index else self._other} {label}"
            for index, (_, label) in enumerate(self._options)
        ]

    def render(self) -> Content:
        """Draw the options, the chosen one bold."""
        parts: list[Content] = []
        for index, text in enumerate(self._texts()):
            chosen = index == self.index
            parts.append(Content.styled(text, "bold" if chosen else "dim"))
        return Content(" " * GAP).join(parts)
