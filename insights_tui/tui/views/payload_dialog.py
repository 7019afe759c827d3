"""One payload in full, in a dialog; its value stays hidden until it is asked for."""

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

import msgspec
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button

from insights_tui.domain.text import sanitize
from insights_tui.tui.glyphs import ASCII, Glyphs
from insights_tui.tui.lines import BLANK, Line, ascii_line, plain, text, wrap
from insights_tui.tui.sheet import Sheet

MAX_VALUE = 64 * 1024
"""Characters of a value that are looked at."""
_MAX_ROWS = 400
_LABEL = 15
Reveal = Callable[[], Awaitable[str | None]]
"""Fetches the value; `None` where nothing of it is left. Raises what the client raises."""


class PayloadDialog(ModalScreen[str | None]):
    """Fields, the value once it is revealed, and what can be done; gives the id of the act that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "Close", id="payload.close"),
        Binding("v", "reveal", "Show or hide the value", id="payload.reveal"),
        Binding("y", "copy", "Copy what is shown", id="payload.copy"),
    ]

    def __init__(
        self,
        title: str,
        fields: Sequence[tuple[str, str]],
        reveal: Reveal | None,
        glyphs: Glyphs,
        acts: Sequence[tuple[str, str, str]] = (),
        *,
        table: Sequence[Line] = (),
        label: str = "Value",
    ) -> None:
        """`fields` and `table`, which follows them, are sanitised; the value stands first, under its `label`.

        Each of `acts` is an id, a key and the word on its button. Without `reveal` there is no value.
        """
        super().__init__()
        self._heading = title
        self._fields = tuple(fields)
        self._reveal = reveal
        self._glyphs = glyphs
        self._acts = tuple(acts)
        self._table = tuple(table)
        self._label = label
        self._value: list[str] | None = None
        self._why = ""

    def compose(self) -> ComposeResult:
        """Title, fields and value, the buttons."""
        with Vertical(classes="dialog payload"):
            yield Sheet(id="payload-title")
            with VerticalScroll():
                yield Sheet(id="payload-lines")
            with Horizontal(classes="answers"):
                yield Button("Close", id="close", compact=True)
                if self._reveal is not None:
                    yield Button("Show value", id="reveal", compact=True)
                for name, _, word in self._acts:
                    yield Button(word, id=name, compact=True)

    def on_mount(self) -> None:
        """Let arrows scroll; the acts' keys work beside their buttons."""
        for name, key, word in self._acts:
            self._bindings.bind(key, f"choose('{name}')", word)
        scroll = self.query_one(VerticalScroll)
        if self._glyphs is ASCII:
            scroll.styles.scrollbar_size_vertical = 0  # a scrollbar is drawn with blocks
        scroll.focus()

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap anew."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        title, sheet = self.query_one("#payload-title", Sheet), self.query_one("#payload-lines", Sheet)
        cells = max(20, sheet.size.width - 1)
        title.paint([self._fitting(text(self._heading, "strong")), BLANK])
        sheet.paint([self._fitting(line) for line in self._lines(cells)])

    def _fitting(self, line: Line) -> Line:
        return ascii_line(line) if self._glyphs is ASCII else line

    def _lines(self, cells: int) -> list[Line]:
        lines: list[Line] = []
        for label, words in self._fields:
            rows = wrap(words, max(8, cells - _LABEL)) or [""]
            lines += [
                ((f"{'' if index else label:<{_LABEL}}", "label"), (row, "text")) for index, row in enumerate(rows)
            ]
        value = [BLANK, *self._value_lines(cells)] if self._reveal is not None else []
        return [*lines, *value, BLANK, *self._table] if self._table else [*lines, *value]

    def _value_lines(self, cells: int) -> list[Line]:
        if self._why:
            return [text(row, "bad") for row in wrap(self._why, cells)]
        if self._value is None:
            label = f"{self._label:<{_LABEL}}"
            return [((label, "label"), ("hidden; ", "text"), ("v", "accent"), (" shows it", "text"))]
        lines: list[Line] = []
        for number, value_row in enumerate(self._value):
            label = self._label if number == 0 else ""
            for index, row in enumerate(wrap(value_row, max(8, cells - _LABEL)) or [""]):
                lines.append(((f"{label if index == 0 else '':<{_LABEL}}", "label"), (row, "text")))
        return lines

    @work(exclusive=True, group="reveal", exit_on_error=False)
    async def action_reveal(self) -> None:
        """Fetch and show the value, or hide it again."""
        if self._reveal is None:
            return
        button = self.query_one("#reveal", Button)
        if self._value is not None:
            self._value = None
            button.label = "Show value"
        else:
            try:
                value = await self._reveal()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told in the value's place
                self._why = sanitize(f"The value cannot be had: {error}", limit=500)
            else:
                self._why = ""
                self._value = ["nothing of it can be read any more"] if value is None else value_rows(value)
                button.label = "Hide value"
        self._draw()

    def action_copy(self) -> None:
        """Copy what is shown, the value only where it is revealed, through the terminal (OSC 52)."""
        self.app.copy_to_clipboard("\n".join(plain(line).rstrip() for line in self._lines(2000)))

    def action_choose(self, name: str) -> None:
        """Close with an act."""
        self._leave(name)

    def action_leave(self) -> None:
        """Close."""
        self._leave(None)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        event.stop()
        if event.button.id == "reveal":
            self.action_reveal()
        else:
            self._leave(None if event.button.id == "close" else event.button.id)

    def _leave(self, answer: str | None) -> None:
        if self.is_active:
            self.dismiss(answer)


def value_rows(value: str) -> list[str]:
    """Write a value a field a line where it is a flat object, else as it is; sanitised, no longer than can be read."""
    try:
        fields = msgspec.json.decode(value) if len(value) <= MAX_VALUE else None
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        fields = None
    if isinstance(fields, dict) and fields:
        rows = [f"{sanitize(str(name), limit=200)}: {_written(held)}" for name, held in fields.items()]
    else:
        rows = [sanitize(value, limit=8000)]
    if len(rows) > _MAX_ROWS:
        rows = [*rows[:_MAX_ROWS], f"and {len(rows) - _MAX_ROWS:,} more fields"]
    return rows


def _written(held: object) -> str:
    return sanitize(msgspec.json.encode(held).decode("utf-8", "replace"), limit=2000)
