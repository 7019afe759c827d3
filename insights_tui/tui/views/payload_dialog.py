"""One payload in full, in a dialog; its value stays hidden until it is asked for."""

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, NamedTuple

import msgspec
from textual import work
from textual.binding import Binding, BindingsMap, BindingType

from insights_tui.domain.text import sanitize
from insights_tui.tui.dialog_keys import COPIED, DialogKeys
from insights_tui.tui.glyphs import Glyphs
from insights_tui.tui.lines import BLANK, Line, plain, text, wrap
from insights_tui.tui.screens.text_dialog import TextDialog, field

MAX_VALUE = 64 * 1024
"""Characters of a value that are looked at."""
_MAX_ROWS = 400
_LABEL = 15
Reveal = Callable[[], Awaitable[str | None]]
"""Fetches the value; `None` where nothing of it is left. Raises what the client raises."""


class Act(NamedTuple):
    """What can be done about one payload."""

    name: str
    """What the dialog gives back."""
    key: str
    word: str
    id: str
    """Of the binding that it stands for: its key may be another one."""


class PayloadDialog(TextDialog[str | None]):
    """Fields, the value once it is revealed, and what can be done; gives the id of the act that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "reveal", "Show value", id="payload.reveal"),
        Binding("y", "copy", "Copy what is shown", id="payload.copy"),
        Binding("escape,q,enter", "leave", "Close", id="payload.close"),
    ]

    def __init__(
        self,
        title: str,
        fields: Sequence[tuple[str, str]],
        reveal: Reveal | None,
        glyphs: Glyphs,
        acts: Sequence[Act] = (),
        *,
        table: Sequence[Line] = (),
        label: str = "Value",
    ) -> None:
        """`fields` and `table`, which follows them, are sanitised; the value stands first, under its `label`.

        Without `reveal` there is no value.
        """
        super().__init__(title, glyphs)
        self._fields = tuple(fields)
        self._reveal = reveal
        self._acts = tuple(acts)
        self._table = tuple(table)
        self._label = label
        self._value: list[str] | None = None
        self._why = ""

    def on_mount(self) -> None:
        """Let the keys of the acts work here, moved ones too."""
        here = [Binding(act.key, f"choose('{act.name}')", act.word, id=act.id) for act in self._acts]
        self._bindings = BindingsMap.merge([BindingsMap(here), self._bindings])
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no value where there is none."""
        if action == "reveal" and self._reveal is None:
            return False
        return super().check_action(action, parameters)

    def lines(self, cells: int) -> list[Line]:
        """Write the fields, the value, the table."""
        lines = [row for label, words in self._fields for row in field(label, words, cells, indent=_LABEL)]
        value = [BLANK, *self._value_lines(cells)] if self._reveal is not None else []
        return [*lines, *value, BLANK, *self._table] if self._table else [*lines, *value]

    def _value_lines(self, cells: int) -> list[Line]:
        if self._why:
            return [text(row, "bad") for row in wrap(self._why, cells)]
        if self._value is None:
            return [((f"{self._label:<{_LABEL}}", "label"), *self.told.line("hidden; {v} shows it"))]
        labels = (self._label, *("" for _ in self._value))
        return [
            row
            for label, words in zip(labels, self._value, strict=False)
            for row in field(label, words, cells, indent=_LABEL)
        ]

    @work(exclusive=True, group="reveal", exit_on_error=False)
    async def action_reveal(self) -> None:
        """Fetch and show the value, or hide it again."""
        if self._reveal is None:
            return
        if self._value is not None:
            self._value = None
        else:
            try:
                value = await self._reveal()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told in the value's place
                self._why = sanitize(f"The value cannot be had: {error}", limit=500)
            else:
                self._why = ""
                self._value = ["nothing of it can be read any more"] if value is None else value_rows(value)
        self.query_one(DialogKeys).say("reveal", "Show value" if self._value is None else "Hide value")
        self.draw()

    def action_copy(self) -> None:
        """Copy what is shown, the value only where it is revealed, through the terminal (OSC 52)."""
        self.app.copy_to_clipboard("\n".join(plain(line).rstrip() for line in self.lines(2000)))
        self.query_one(DialogKeys).say("copy", COPIED)

    def action_choose(self, name: str) -> None:
        """Close with an act."""
        self._leave(name)

    def action_leave(self) -> None:
        """Close."""
        self._leave(None)

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
