"""What is to be said beside the fields: pure book-keeping of what was visited, found wrong, and answered."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from insights_tui.domain.connection import Connection
from insights_tui.domain.refused import FieldError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import sanitize
from insights_tui.tui.connection_form.check import UNREAD, CheckedValues, check_typed, summary_line
from insights_tui.tui.connection_form.local import is_pem
from insights_tui.tui.connection_form.notice import pending_notice
from insights_tui.tui.connection_form.reference import read_reference
from insights_tui.tui.connection_form.values import Values
from insights_tui.tui.connection_form.words import NOT_ENCRYPTED, SASL_FIELDS, Field
from insights_tui.tui.glyphs import UNICODE, Glyphs


@dataclass(frozen=True, slots=True)
class Said:
    """What stands below one field."""

    errors: tuple[FieldError, ...] = ()
    note: str = ""
    warn: bool = False


@dataclass(slots=True)
class Findings:
    """Remembers; `said` decides."""

    glyphs: Glyphs = UNICODE
    loaded: bool = True
    """Whether the saved connection is known, or known not to be there."""
    initial: Values = field(default_factory=Values)
    """What the form held before anybody typed."""
    saved: Connection | None = None
    visited: set[Field] = field(default_factory=set)
    """Left once with something in them: hints are shown."""
    watched: set[Field] = field(default_factory=set)
    """Found wrong once: checked with every key from then on."""
    answered: dict[Field, tuple[FieldError, ...]] = field(default_factory=dict)
    """What only Connect could find out; stands until the field is edited."""
    file: tuple[str, str | FieldError | None] = ("", None)
    """The path of a certificate and what was read there."""

    reference: tuple[str, FieldError | None] = ("", None)
    """A reference to a password, and why there is none where it points; never the password."""

    def certificate(self, values: Values) -> str | FieldError | None:
        """Give the PEM text that the field means, as far as it is known."""
        if not values.ca.strip():
            return None
        if is_pem(values.ca):
            return values.ca
        return self.file[1] if self.file[0] == values.ca else UNREAD

    def edited(self, one: Field) -> None:
        """Forget what was answered: it was about another text."""
        if self.answered.pop(one, ()):
            self.watched.add(one)

    def left(self, one: Field, values: Values, now: datetime) -> None:
        """Look at a field that the focus has left; an empty one is not blamed before Connect."""
        if not _text(one, values).strip():
            return
        self.visited.add(one)
        if self._check(values, now).errors_of(one):
            self.watched.add(one)

    def sent(self, errors: Iterable[FieldError], values: Values, now: datetime) -> tuple[FieldError, ...]:
        """Take in the errors of an attempt; gives back those that stand beside no field."""
        shown = _shown(values)
        self.watched |= shown
        self.visited |= shown
        live = self._check(values, now).errors
        self.answered, general = {}, []
        for error in errors:
            one = Field(error.field) if error.field in set(Field) else None
            if one not in shown or one is None:
                general.append(error)
            elif error not in live:
                self.answered[one] = (*self.answered.get(one, ()), error)
        return tuple(general)

    def said(self, values: Values, snapshot: Snapshot, now: datetime) -> dict[Field, Said]:
        """Decide what stands below each field."""
        checked, shown = self._check(values, now), _shown(values)
        said = {one: Said() for one in Field}
        for one in shown:
            answered = self.answered.get(one, ())
            live = checked.errors_of(one) if one in self.watched else ()
            errors = (*answered, *(error for error in live if error not in answered))
            said[one] = Said(errors) if errors else self._note(one, values, checked, now)
        if notice := pending_notice(snapshot, values.topic):
            said[Field.TOPIC] = replace(said[Field.TOPIC], note=notice, warn=True)
        return said

    def asks_again(self, values: Values, now: datetime) -> bool:
        """Whether the saved password would go elsewhere, so that it has to be typed."""
        return any(error.code == "password_needed" for error in self._check(values, now).errors)

    def _note(self, one: Field, values: Values, checked: CheckedValues, now: datetime) -> Said:
        if one is Field.TYPE and not values.sasl:
            return Said(note=NOT_ENCRYPTED, warn=True)
        if one is Field.PASSWORD:
            again = [error for error in checked.errors_of(one) if error.code == "password_needed"]
            if again:
                return Said(note=f"{again[0].message} {again[0].hint}", warn=True)
            if values.password and read_reference(values.password.reveal()):
                path, missing = self.reference
                if missing is not None and path == values.password.reveal():
                    return Said(note=f"{missing.message} {missing.hint}", warn=True)
                return Said(note="Read on this host when you connect.")
        hints = checked.hints_of(one) if one in self.visited or one is Field.CA else ()
        note = " ".join(f"{hint.message} {hint.hint}".strip() for hint in hints)
        if one is Field.CA and checked.ca is not None:
            summary = summary_line(checked.ca, now, self.glyphs.dot)
            return Said(note=f"{summary}. {note}" if note else summary, warn=bool(note))
        return Said(note=sanitize(note))

    def _check(self, values: Values, now: datetime) -> CheckedValues:
        return check_typed(values, self.saved, now=now, ca=self.certificate(values) if values.sasl else None)


def _shown(values: Values) -> set[Field]:
    return set(Field) if values.sasl else set(Field) - set(SASL_FIELDS)


def _text(one: Field, values: Values) -> str:
    return {
        Field.TOPIC: values.topic,
        Field.SERVERS: values.servers,
        Field.USERNAME: values.username,
        Field.PASSWORD: values.password.reveal() if values.password else "",
        Field.CA: values.ca,
    }.get(one, one)
