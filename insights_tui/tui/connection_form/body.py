"""The fields, in the order of the original page, and what is said below each."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Button, Input, Static, TextArea

from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.connection import ConnectionType, Mechanism
from insights_tui.domain.refused import FieldError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.trouble import About
from insights_tui.tui.connection_form.ca_field import CaField
from insights_tui.tui.connection_form.check import UNREAD, as_connection
from insights_tui.tui.connection_form.choice import Choice
from insights_tui.tui.connection_form.findings import Findings, Said
from insights_tui.tui.connection_form.local import read_ca
from insights_tui.tui.connection_form.messages import CaRead
from insights_tui.tui.connection_form.password_field import PasswordField, ShowButton
from insights_tui.tui.connection_form.row import Row
from insights_tui.tui.connection_form.servers_field import ServersField
from insights_tui.tui.connection_form.text_field import TextField
from insights_tui.tui.connection_form.type_choice import TypeChoice
from insights_tui.tui.connection_form.values import Values, from_saved, from_view
from insights_tui.tui.connection_form.words import FIELDS, MECHANISMS, SASL_FIELDS, SUSPECTS, UNCHANGED, Field
from insights_tui.tui.glyphs import ASCII, UNICODE

if TYPE_CHECKING:
    from textual.widget import Widget

E = TypeVar("E", ConnectionType, Mechanism)


class FormBody(VerticalScroll, can_focus=False, inherit_bindings=False):
    """All fields, and what is said about each; scrolls where the screen is low, never hiding the focus."""

    class Edited(Message):
        """Posted when a field was changed, by a person or because the saved connection came."""

    def __init__(self, snapshot: Snapshot, *, ascii_only: bool, now: Callable[[], datetime]) -> None:
        super().__init__(id="body")
        self._snapshot = snapshot
        self._ascii = ascii_only
        self._now = now
        self._glyphs = ASCII if ascii_only else UNICODE
        self._rows: dict[Field, Row] = {}
        view = snapshot.connection
        self.findings = Findings(self._glyphs, loaded=view is None, initial=from_view(view) if view else Values())

    def compose(self) -> ComposeResult:
        """Build the rows."""
        yield self._row(Field.TOPIC, TextField(id=Field.TOPIC, placeholder="e.g. insights"))
        yield self._row(Field.SERVERS, ServersField(id=Field.SERVERS, placeholder="host1:port1,host2:port2"))
        yield self._row(Field.TYPE, TypeChoice(self._append_server, id=Field.TYPE, ascii_only=self._ascii))
        yield Static(classes="gap")
        yield self._row(Field.MECHANISM, Choice(MECHANISMS, id=Field.MECHANISM, ascii_only=self._ascii))
        yield self._row(Field.USERNAME, TextField(id=Field.USERNAME))
        yield self._row(
            Field.PASSWORD,
            PasswordField(id=Field.PASSWORD, ascii_only=self._ascii),
            ShowButton(),
        )
        yield self._row(Field.CA, CaField(id=Field.CA, placeholder="the system's trust store"))

    def on_mount(self) -> None:
        """Fill in what the snapshot knows."""
        self.fill(self.findings.initial, over=self.values)
        self._show_type()
        self._show_reveal()
        self.say()

    def _append_server(self, text: str) -> None:
        self.query_one(ServersField).append(text)

    def _row(self, field: Field, *widgets: "Widget") -> Row:
        self._rows[field] = Row(field, *widgets, glyphs=self._glyphs)
        return self._rows[field]

    def row(self, field: Field) -> Row:
        """Find the row of a field."""
        return self._rows[field]

    def show_letters(self, letters: Mapping[Field, str]) -> None:
        """Show what leads to each field, or nothing any more."""
        for field, row in self._rows.items():
            row.show_letter(letters.get(field, ""))

    @property
    def values(self) -> Values:
        """What stands in the fields, hidden ones included."""
        return Values(
            topic=self.query_one(f"#{Field.TOPIC}", TextField).value,
            servers=self.query_one(f"#{Field.SERVERS}", TextField).value,
            type=self._choice(Field.TYPE, ConnectionType),
            mechanism=self._choice(Field.MECHANISM, Mechanism),
            username=self.query_one(f"#{Field.USERNAME}", TextField).value,
            password=self.query_one(PasswordField).secret,
            ca=self.query_one(CaField).text,
        )

    def _choice(self, field: Field, kind: type[E]) -> E:
        return kind(self.query_one(f"#{field}", Choice).value)

    def fill(self, values: Values, *, over: Values) -> None:
        """Put values into the fields that still hold what `over` says: what a person typed stays."""
        now = self.values
        for field, new, old, held in (
            (Field.TOPIC, values.topic, over.topic, now.topic),
            (Field.SERVERS, values.servers, over.servers, now.servers),
            (Field.USERNAME, values.username, over.username, now.username),
        ):
            if held == old:
                self.query_one(f"#{field}", TextField).value = new
        if now.type == over.type:
            self.query_one(f"#{Field.TYPE}", Choice).value = values.type
        if now.mechanism == over.mechanism:
            self.query_one(f"#{Field.MECHANISM}", Choice).value = values.mechanism
        if now.ca == over.ca:
            self.query_one(CaField).text = values.ca

    def take_saved(self, saved: SavedConnection | None) -> None:
        """Put the saved connection into the fields that nobody has touched; `None` where it was deleted meanwhile."""
        if saved is not None:
            values = from_saved(saved)
            self.fill(values, over=self.findings.initial)
            self.findings.initial = values
            self.findings.saved = as_connection(saved, self._now())
        self.findings.loaded = True
        self.say()

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """Keep the count of payloads that wait true."""
        if snapshot.counts.pending != self._snapshot.counts.pending:
            self._snapshot = replace(self._snapshot, counts=snapshot.counts)
            self.say()

    def take_errors(self, errors: tuple[FieldError, ...]) -> tuple[FieldError, ...]:
        """Show the errors of an attempt beside their fields; gives back those that belong to none."""
        general = self.findings.sent(errors, self.values, self._now())
        self.say()
        return general

    @property
    def changed(self) -> bool:
        """Whether anything differs from what was filled in."""
        return self.values != self.findings.initial

    @property
    def problems(self) -> int:
        """How many errors are shown."""
        return sum(len(said.errors) for said in self._said().values())

    def first_wrong(self, general: Sequence[FieldError] = (), *, about: About | None = None) -> "Widget | None":
        """Find the first field with an error, else the one that an error of the whole most likely comes from."""
        wrong = next((field for field, said in self._said().items() if said.errors), None)
        likely = [FIELDS[about]] if about is not None else []
        likely += [field for error in general for code, field in SUSPECTS.items() if code == error.code]
        wrong = wrong or next((field for field in likely if self.row(field).display), None)
        return self.query_one(f"#{wrong}") if wrong else None

    def reveal(self) -> None:
        """Show or hide a password that was typed."""
        field = self.query_one(PasswordField)
        field.revealed = not field.revealed and self.may_reveal
        self._show_reveal()

    @property
    def may_reveal(self) -> bool:
        """Whether there is something to show: a password typed now."""
        field = self.query_one(PasswordField)
        return self.values.sasl and bool(field.value) and not field.is_reference

    def forget(self) -> None:
        """Empty the password."""
        self.query_one(PasswordField).value = ""

    @property
    def keeps_password(self) -> bool:
        """Whether an empty password field means the saved one."""
        saved = self.findings.saved
        if not self.findings.loaded:
            return True
        return (
            saved is not None and saved.password is not None and not self.findings.asks_again(self.values, self._now())
        )

    def say(self) -> None:
        """Show what there is to say below each field."""
        with self.app.batch_update():
            self.query_one(PasswordField).placeholder = UNCHANGED if self.keeps_password else ""
            for field, said in self._said().items():
                self.row(field).show(said)

    def _said(self) -> dict[Field, Said]:
        return self.findings.said(self.values, self._snapshot, self._now())

    def _show_type(self) -> None:
        sasl = self.values.sasl
        for field in SASL_FIELDS:
            self.row(field).display = sasl
        self.query_one(".gap").display = sasl

    def _show_reveal(self) -> None:
        field, button = self.query_one(PasswordField), self.query_one("#show", Button)
        button.label = "Hide" if field.revealed else "Show"
        if button.display != self.may_reveal:
            button.display = self.may_reveal
            self.screen.refresh_bindings()

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Choice.Changed)
    def _edited(self, event: Input.Changed | TextArea.Changed | Choice.Changed) -> None:
        event.stop()
        field = Field(event.control.id or "")
        self.findings.edited(field)
        if field is Field.TYPE:
            self._show_type()
            self._show_reveal()
        elif field is Field.PASSWORD:
            self._show_reveal()
        self.say()
        self.post_message(self.Edited())

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Keep all of the row in sight, what is said below the field included."""
        for row in self._rows.values():
            if row in event.widget.ancestors:
                row.scroll_visible(animate=False)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Look at the field that was left."""
        if event.widget.id not in set(Field):
            return
        field, values = Field(event.widget.id), self.values
        self.findings.left(field, values, self._now())
        self.say()
        self.post_message(self.Edited())
        if field is Field.CA and self.findings.certificate(values) is UNREAD:
            self.run_worker(self._read_ca(values.ca), group="ca", exclusive=True, exit_on_error=False)

    async def _read_ca(self, path: str) -> None:
        self.post_message(CaRead(path, await asyncio.to_thread(read_ca, path)))

    def on_ca_read(self, event: CaRead) -> None:
        """Say what the file holds."""
        event.stop()
        self.findings.file = (event.path, event.result)
        self.findings.left(Field.CA, self.values, self._now())
        self.say()
        self.post_message(self.Edited())

    def on_password_field_paste_refused(self, event: PasswordField.PasteRefused) -> None:
        """Say why nothing was pasted."""
        event.stop()
        note = f"What you pasted has {event.lines} lines; a password has one. Nothing was pasted."
        self.row(Field.PASSWORD).show(Said(note=note, warn=True))
