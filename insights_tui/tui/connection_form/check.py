"""The form held against the rules of the domain, while it is typed and when it is sent."""

from dataclasses import dataclass
from datetime import datetime

from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.connection import Connection, ConnectionType, Secret
from insights_tui.domain.refused import FieldError
from insights_tui.domain.servers import parse_servers
from insights_tui.domain.snapshot import CaSummary
from insights_tui.domain.text import counted, duration
from insights_tui.domain.validate import check
from insights_tui.tui.connection_form.reference import read_reference, reference_error
from insights_tui.tui.connection_form.values import Values, from_saved, to_form
from insights_tui.tui.connection_form.words import Field

_UNSEEN = Secret("unseen")
"""Stands where a password is saved, or where a reference points: its content is not looked at."""

UNREAD = FieldError("unread", "", "", Field.CA)
"""Stands for a certificate in a file that nobody has looked at yet."""


@dataclass(frozen=True, slots=True)
class CheckedValues:
    """What is to be said beside each field."""

    errors: tuple[FieldError, ...]
    hints: tuple[FieldError, ...]
    ca: CaSummary | None = None

    def errors_of(self, field: Field) -> tuple[FieldError, ...]:
        """Give the errors of one field."""
        return tuple(error for error in self.errors if error.field == field)

    def hints_of(self, field: Field) -> tuple[FieldError, ...]:
        """Give the hints of one field."""
        return tuple(hint for hint in self.hints if hint.field == field)


def check_values(
    values: Values,
    saved: Connection | None,
    *,
    now: datetime,
    ca: str | FieldError | None,
    password: Secret | FieldError | None,
) -> CheckedValues:
    """Check all fields; `ca` and `password` are what the fields led to, or why they led nowhere."""
    local = [one for one in (password, ca) if isinstance(one, FieldError)]
    form = to_form(
        values,
        password=_UNSEEN if isinstance(password, FieldError) else password,
        ca_pem=ca if isinstance(ca, str) else None,
    )
    checked = check(form, now=now, saved=saved)
    told = {error.field for error in local}
    errors = [error for error in checked.errors if error.field not in told]
    if isinstance(ca, FieldError):  # then it is not known either whether the saved password would go elsewhere
        errors = [error for error in errors if error.code != "password_needed"]
    order = list(Field)
    errors = sorted((*errors, *local), key=lambda error: order.index(Field(error.field)) if error.field else -1)
    return CheckedValues(
        tuple(error for error in errors if error is not UNREAD),
        checked.hints,
        checked.ca.summary if checked.ca else None,
    )


def check_typed(
    values: Values, saved: Connection | None, *, now: datetime, ca: str | FieldError | None
) -> CheckedValues:
    """Check while a person types: a reference is read for its form, and followed on Connect only."""
    password: Secret | FieldError | None = values.password
    reference = read_reference(values.password.reveal()) if values.password is not None else None
    if reference is not None:
        password = reference_error(reference) or _UNSEEN
    return check_values(values, saved, now=now, ca=ca, password=password)


def summary_line(ca: CaSummary, now: datetime, dot: str) -> str:
    """Write `Acme Root CA · 1 certificate · expires in 214 d`."""
    left = duration((ca.expires - now).total_seconds())
    return f" {dot} ".join((ca.subject, counted(ca.count, "certificate"), f"expires in {left}"))


def as_connection(saved: SavedConnection, now: datetime) -> Connection:
    """Make of the saved connection what the rules compare with; its password is known to nobody here."""
    values = from_saved(saved)
    if values.type is ConnectionType.PLAINTEXT:
        return Connection(values.topic, parse_servers(values.servers).servers)
    connection = check(to_form(values, password=_UNSEEN, ca_pem=values.ca or None), now=now).connection
    if connection is not None:
        return connection
    # Its certificate may have expired since it was saved.
    servers = parse_servers(values.servers).servers
    return Connection(values.topic, servers, values.type, values.mechanism, values.username, _UNSEEN, values.ca or None)
