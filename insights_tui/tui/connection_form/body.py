"""The fields, in the order of the original page, and what is said below each."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import TYPE_CHECKING

from textual import events, on
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Input, TextArea

from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.connection import Secret
from insights_tui.domain.refused import FieldError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import sanitize
from insights_tui.domain.trouble import About
from insights_tui.tui.connection_form.check import UNREAD, as_connection
from insights_tui.tui.connection_form.choice import Choice
from insights_tui.tui.connection_form.findings import Findings, Said
from insights_tui.tui.connection_form.local import read_ca, resolve_password
from insights_tui.tui.connection_form.login import Login
from insights_tui.tui.connection_form.messages import CaRead, ReferenceSeen
from insights_tui.tui.connection_form.password_field import PasswordField
from insights_tui.tui.connection_form.reference import read_reference
from insights_tui.tui.connection_form.row import Row
from insights_tui.tui.connection_form.servers_field import ServersField
from insights_tui.tui.connection_form.type_choice import TypeChoice
from insights_tui.tui.connection_form.values import Values, from_saved, from_view
from insights_tui.tui.connection_form.words import FIELDS, SASL_FIELDS, SUSPECTS, SYSTEM_STORE, UNCHANGED, Field
from insights_tui.tui.glyphs import ASCII, UNICODE
from insights_tui.tui.text_field import TextField

if TYPE_CHECKING:
    from textual.widget import Widget


def _by_field(values: Values) -> dict[Field, object]:
    return dict(zip(Field, (getattr(values, one.name) for one in fields(values)), strict=True))


class FormBody(VerticalScroll, can_focus=False, inherit_bindings=False):
    """All fields, and what is said about each; scrolls where the screen is low, never hiding the focus."""

    class Edited(Message):
        """Posted when a field was changed, by a person or because the saved connection came."""

    def __init__(self, snapshot: Snapshot, *, ascii_only: bool, now: Callable[[], datetime]) -> None:
        self._snapshot = snapshot
        self._ascii = ascii_only
        self._now = now
        self._glyphs = ASCII if ascii_only else UNICODE
        view = snapshot.connection
        initial = from_view(view) if view else Values()
        self.findings = Findings(self._glyphs, loaded=view is None, initial=initial)
        self._kept = initial
        """Of the login: what is shown once its fields are there."""
        self._seen: dict[Field, object] = _by_field(initial)
        self._topic = TextField(initial.topic, id=Field.TOPIC, placeholder="e.g. insights")
        self._servers = ServersField(initial.servers, id=Field.SERVERS, placeholder="host1:port1,host2:port2")
        self._type = TypeChoice(self._append_server, initial.type, id=Field.TYPE, ascii_only=ascii_only)
        self._login: Login | None = None
        said = self._said()
        self._rows = {
            field: Row(field, widget, said[field], self._glyphs)
            for field, widget in ((Field.TOPIC, self._topic), (Field.SERVERS, self._servers), (Field.TYPE, self._type))
        }
        super().__init__(*self._rows.values(), *(self._login_rows() if initial.sasl else ()), id="body")

    def _login_rows(self) -> list[Row]:
        """Build the fields of the login, which most of the time nobody asks for when there is no connection yet."""
        self._login = login = Login(
            self._kept,
            ascii_only=self._ascii,
            password=UNCHANGED if self.keeps_password else "",
            ca=self._ca_placeholder,
        )
        said = self._said()
        rows = {
            field: Row(field, widget, said[field], self._glyphs, first=field is Field.MECHANISM)
            for field, widget in login.widgets.items()
        }
        self._rows |= rows
        return list(rows.values())

    @property
    def ca_unseen(self) -> bool:
        """Whether there is a certificate that has not come yet."""
        view = self._snapshot.connection
        return not self.findings.loaded and view is not None and view.ca is not None

    @property
    def _ca_placeholder(self) -> str:
        ca = self._snapshot.connection.ca if self._snapshot.connection is not None else None
        return f"as saved: {sanitize(ca.subject, limit=60)}" if ca is not None and self.ca_unseen else SYSTEM_STORE

    def _append_server(self, text: str) -> None:
        self._servers.append(text)

    def row(self, field: Field) -> Row | None:
        """Find the row of a field; `None` while the type has never asked for it."""
        return self._rows.get(field)

    def shown(self, field: Field) -> "Widget | None":
        """Give a field that can be seen."""
        row = self._rows.get(field)
        return row.widget if row is not None and row.display else None

    def show_letters(self, letters: Mapping[Field, str]) -> None:
        """Show what leads to each field, or nothing any more."""
        for field, row in self._rows.items():
            row.show_letter(letters.get(field, ""))

    @property
    def values(self) -> Values:
        """What stands in the fields, hidden ones included."""
        shown = replace(self._kept, topic=self._topic.value, servers=self._servers.value, type=self._type.value)
        return self._login.over(shown) if self._login is not None else shown

    def fill(self, values: Values, *, over: Values) -> None:
        """Put values into the fields that still hold what `over` says: what a person typed stays."""
        now = self.values
        if now.topic == over.topic:
            self._topic.value = values.topic
        if now.servers == over.servers:
            self._servers.value = values.servers
        if now.type == over.type:
            self._type.value = values.type
        if self._login is None:
            self._kept = values
        else:
            self._login.fill(values, over=over)

    def take_saved(self, saved: SavedConnection | None, *, whole: bool = False) -> None:
        """Put the saved connection into the fields that nobody has touched; `None` where it was deleted meanwhile.

        With `whole` it takes the place of what was typed, too.
        """
        if saved is not None:
            values = from_saved(saved)
            self.fill(values, over=self.values if whole else self.findings.initial)
            if whole:
                self.forget()
            self.findings.initial = values
        self.findings.saved = as_connection(saved, self._now()) if saved is not None else None
        self.findings.loaded = True
        if self._login is not None:
            self._login.ca.placeholder = SYSTEM_STORE
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
        wrong = wrong or next((field for field in likely if self.shown(field)), None)
        return self.shown(wrong) if wrong else None

    def reveal(self) -> None:
        """Show or hide a password that was typed."""
        if self._login is not None:
            self._login.password.revealed = not self._login.password.revealed and self.may_reveal
            self._show_reveal()

    @property
    def may_reveal(self) -> bool:
        """Whether there is something to show: a password typed now."""
        return self._login is not None and self.values.sasl and self._login.may_reveal

    def forget(self) -> None:
        """Empty the password."""
        if self._login is not None:
            self._login.password.value = ""

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
            if self._login is not None:
                self._login.password.placeholder = UNCHANGED if self.keeps_password else ""
            said = self._said()
            for field, row in self._rows.items():
                row.show(said[field])

    def _said(self) -> dict[Field, Said]:
        return self.findings.said(self.values, self._snapshot, self._now())

    async def _show_type(self) -> None:
        sasl = self.values.sasl
        if sasl and self._login is None:
            await self.mount_all(self._login_rows())  # a key behind it meets fields that take keys
        for field in SASL_FIELDS:
            if (row := self.row(field)) is not None:
                row.display = sasl

    def _show_reveal(self) -> None:
        if self._login is not None and self._login.show_reveal(self.may_reveal):
            self.screen.refresh_bindings()

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Choice.Changed)
    async def _edited(self, event: Input.Changed | TextArea.Changed | Choice.Changed) -> None:
        event.stop()
        field = Field(event.control.id or "")
        now = _by_field(self.values)[field]
        if now == self._seen[field]:
            return  # a field tells what it was made with, too
        self._seen[field] = now
        self.findings.edited(field)
        if field is Field.TYPE:
            await self._show_type()
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
        reference = read_reference(values.password.reveal()) if values.password is not None else None
        if field is Field.PASSWORD and values.password is not None and reference is not None:
            if reference.kind == "keyring":  # looking may ask a person to unlock it: once, when it is needed
                return
            self.run_worker(self._look(values.password), group="reference", exclusive=True, exit_on_error=False)

    async def _look(self, reference: Secret) -> None:
        found = await asyncio.to_thread(resolve_password, reference, os.environ)
        self.post_message(ReferenceSeen(reference.reveal(), found if isinstance(found, FieldError) else None))

    def on_reference_seen(self, event: ReferenceSeen) -> None:
        """Say what is missing where it points: now, not when Connect is pressed."""
        event.stop()
        self.findings.reference = (event.reference, event.missing)
        self.say()

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
        self._rows[Field.PASSWORD].show(Said(note=note, warn=True))
