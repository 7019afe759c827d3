"""One row of the form: label, field, and below it what is to be said about it."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from insights_tui.domain.text import sanitize
from insights_tui.tui.connection_form.findings import Said
from insights_tui.tui.connection_form.words import LABELS, Field
from insights_tui.tui.glyphs import Glyphs


class Row(Vertical):
    """A label and its field; the bar at its left edge marks the focus, with or without colour."""

    def __init__(self, field: Field, *widgets: Widget, glyphs: Glyphs) -> None:
        super().__init__(classes="row")
        self.field = field
        self._widgets = widgets
        self._wrong = glyphs.bad

    def compose(self) -> ComposeResult:
        """Label and field on one line, notes and errors below."""
        with Horizontal(classes="line"):
            yield Static(LABELS[self.field], classes="label", markup=False)
            yield from self._widgets
        # Hidden by the stylesheet until there is something to say.
        yield Static(classes="note said", markup=False)
        yield Static(classes="errors said", markup=False)

    def show_letter(self, letter: str) -> None:
        """Put the letter that leads here before the label, or take it away."""
        label = LABELS[self.field]
        marked = Content.assemble((letter, "bold reverse $accent-ink"), f" {label}") if letter else Content(label)
        self.query_one(".label", Static).update(marked, layout=False)

    def show(self, said: Said) -> None:
        """Say what is wrong, a line for each error with its repair, or what deserves a look."""
        note = self.query_one(".note", Static)
        note.set_class(said.warn, "-warn")
        text = sanitize(said.note)
        self._say(note, [Content(f"! {text}" if said.warn else text)] if text else [])
        self.set_class(bool(said.errors), "-wrong")
        self._say(
            self.query_one(".errors", Static),
            [
                Content.assemble(
                    f"{self._wrong} {sanitize(error.message)}", (f" {sanitize(error.hint)}".rstrip(), "$ink")
                )
                for error in said.errors
            ],
        )

    def _say(self, static: Static, lines: list[Content]) -> None:
        content = Content("\n").join(lines)
        if static.content != content:  # an update paints, also where nothing has changed
            static.update(content)
            static.display = bool(lines)
