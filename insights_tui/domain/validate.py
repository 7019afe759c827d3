"""Whether a form holds: every field looked at, every error at once, each with its repair."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from insights_tui.domain.certificate import ReadCa, check_ca
from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from insights_tui.domain.form import ConnectionForm, Validated
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.servers import parse_servers
from insights_tui.domain.text import sanitize

FIELDS = (
    "topic",
    "broker_url",
    "connection_type",
    "sasl_mechanism",
    "broker_username",
    "broker_password",
    "ca_certificate",
)
"""In the order of the form; the names are those of the original API."""
MAX_TOPIC = 249  # org.apache.kafka.common.internals.Topic
MAX_USERNAME = 1_024
MAX_PASSWORD = 8_192
_TOPIC = re.compile(r"[A-Za-z0-9._-]+\Z")
_TOPIC_STRANGER = re.compile(r"[^A-Za-z0-9._-]")
_INTERNAL = frozenset({"__consumer_offsets", "__transaction_state", "__share_group_state", "__cluster_metadata"})


@dataclass(frozen=True, slots=True)
class Checked:
    """What the fields say: the connection where all of them hold, else `None`."""

    connection: Connection | None
    errors: tuple[FieldError, ...]
    hints: tuple[FieldError, ...]
    ca: ReadCa | None = None

    def of(self, field: str) -> tuple[FieldError, ...]:
        """Give the errors of one field."""
        return tuple(error for error in self.errors if error.field == field)

    def hints_of(self, field: str) -> tuple[FieldError, ...]:
        """Give the hints of one field."""
        return tuple(hint for hint in self.hints if hint.field == field)


def validate(form: ConnectionForm, *, now: datetime, saved: Connection | None = None) -> Validated:
    """Make a connection of a form; raises `RefusedError` with every error of every field.

    `saved` is the connection that is stored now: a password that is not given is taken from it, unless it would then
    go elsewhere than it goes today.
    """
    checked = check(form, now=now, saved=saved)
    if checked.connection is None:
        raise RefusedError(checked.errors)
    return Validated(checked.connection, checked.hints)


def field_errors(
    form: ConnectionForm, *, now: datetime, saved: Connection | None = None
) -> dict[str, tuple[FieldError, ...]]:
    """Give the errors by field; a field without one is left out."""
    checked = check(form, now=now, saved=saved)
    return {field: checked.of(field) for field in FIELDS if checked.of(field)}


def check(form: ConnectionForm, *, now: datetime, saved: Connection | None = None) -> Checked:
    """Look at every field; never raises for what a person can type."""
    notes = _Notes()
    topic = _topic(form.topic, notes)
    servers, errors, hints = parse_servers(form.broker_url)
    notes.errors += errors
    notes.hints += hints
    kind = _type(form.connection_type, notes)
    mechanism = username = password = ca = None
    if kind is ConnectionType.SASL_SSL:
        mechanism = _mechanism(form.sasl_mechanism, notes)
        username = _username(form.broker_username, notes)
        ca = _ca(form.ca_certificate, now, notes)
        target = _Target(servers, mechanism, ca.pem if ca else None)
        # Where one of these is wrong, it is not known yet whether the password would go elsewhere.
        settled = not errors and not notes.concerns("sasl_mechanism", "ca_certificate")
        password = _password(form, saved, target if settled else None, notes)
    elif kind is ConnectionType.PLAINTEXT:
        _unused(form, notes)
    hints_in_order = _in_order(notes.hints)
    if notes.errors or kind is None:
        return Checked(None, _in_order(notes.errors), hints_in_order, ca)
    connection = Connection(topic, servers, kind, mechanism, username, password, ca.pem if ca else None)
    return Checked(connection, (), hints_in_order, ca)


def _in_order(notes: list[FieldError]) -> tuple[FieldError, ...]:
    return tuple(sorted(notes, key=lambda note: FIELDS.index(note.field or "")))


class _Notes:
    """Errors and hints as they are found."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self.hints: list[FieldError] = []

    def error(self, field: str, code: str, message: str, hint: str) -> None:
        self.errors.append(FieldError(code, message, hint, field))

    def hint(self, field: str, code: str, message: str, hint: str = "") -> None:
        self.hints.append(FieldError(code, message, hint, field))

    def concerns(self, *fields: str) -> bool:
        return any(error.field in fields for error in self.errors)


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a password goes, and who is trusted to be there."""

    servers: tuple[Server, ...]
    mechanism: Mechanism | None
    ca_pem: str | None


def _topic(text: str, notes: _Notes) -> str:
    """Apply Kafka's rules for topic names (`org.apache.kafka.common.internals.Topic.validate`)."""
    topic = text.strip()
    if not topic:
        notes.error("topic", "required", "A topic is needed.", "Name the topic that the payloads go to.")
    elif topic in {".", ".."}:
        notes.error("topic", "topic_name", f"A topic cannot be called {topic!r}.", "Choose another name.")
    elif not _TOPIC.match(topic):
        strangers = list(dict.fromkeys(_TOPIC_STRANGER.findall(topic)))[:5]
        shown = " and ".join(_shown(character) for character in strangers)
        message = f"A topic has letters, digits, . _ and - only; found {shown}."
        notes.error("topic", "topic_name", message, "One topic, without blanks.")
    if len(topic) > MAX_TOPIC:
        message = f"A topic has {MAX_TOPIC} characters at most; these are {len(topic):,}."
        notes.error("topic", "topic_long", message, "Shorten it.")
    if topic in _INTERNAL:
        notes.hint("topic", "topic_internal", f"{topic} is Kafka's own.", "Brokers refuse what is sent to it.")
    elif topic.startswith("__"):
        notes.hint("topic", "topic_internal", "Topics that begin with __ are usually Kafka's own.")
    return topic


def _shown(character: str) -> str:
    if character.isspace():
        return "a blank"
    return f"“{character}”" if character.isprintable() else f"U+{ord(character):04X}"


def _type(text: str, notes: _Notes) -> ConnectionType | None:
    try:
        return ConnectionType(text.strip().lower())
    except ValueError:
        message = f"There is no connection type {sanitize(text, limit=40)!r}."
        known = " or ".join(kind.value for kind in ConnectionType)
        notes.error("connection_type", "connection_type", message, f"Use {known}.")
        return None


def _mechanism(text: str | None, notes: _Notes) -> Mechanism | None:
    if text is None or not text.strip():
        return Mechanism.SCRAM_SHA_256
    try:
        return Mechanism(text.strip().upper())
    except ValueError:
        message = f"There is no mechanism {sanitize(text, limit=40)!r} here."
        known = ", ".join(mechanism.value for mechanism in Mechanism)
        notes.error("sasl_mechanism", "sasl_mechanism", message, f"Use one of {known}.")
        return None


def _username(text: str | None, notes: _Notes) -> str | None:
    field = "broker_username"
    if not text or not text.strip():
        notes.error(field, "required", "A user name is needed.", "Write the name of the Kafka user.")
        return None
    if _has_control(text):
        notes.error(field, "control_character", "There is a control character in the user name.", "Type it by hand.")
    elif len(text) > MAX_USERNAME:
        notes.error(field, "too_long", f"The user name is longer than {MAX_USERNAME:,} characters.", "Shorten it.")
    elif text != text.strip():
        notes.hint(field, "surrounding_space", "The user name begins or ends with a blank.", "It is sent as it stands.")
    _letters(field, "The user name", text, notes)
    return text


def _password(form: ConnectionForm, saved: Connection | None, target: _Target | None, notes: _Notes) -> Secret | None:
    """Take the password that was given, or the saved one where it goes where it goes today.

    `target` is `None` while it is not known where it would go.
    """
    field = "broker_password"
    if form.broker_password is None:
        if saved is None or saved.password is None:
            notes.error(field, "required", "A password is needed.", "Type it, or name where it is kept.")
            return None
        reason = _elsewhere(saved, target) if target else None
        if reason is not None:
            notes.error(field, "password_needed", f"{reason}, so the saved password is not used.", "Type it again.")
        elif form.broker_username != saved.username:
            notes.hint(field, "password_unchanged", "The user name is new, the password is still the saved one.")
        return saved.password
    text = form.broker_password.reveal()
    if not text:
        notes.error(field, "required", "The password is empty.", "Type it, or name where it is kept.")
    elif _has_control(text):
        message = "There is a control character in the password."
        notes.error(field, "control_character", message, "Look for a line break at its end, or type it by hand.")
    elif len(text) > MAX_PASSWORD:
        notes.error(
            field, "too_long", f"The password is longer than {MAX_PASSWORD:,} characters.", "Is it the right text?"
        )
    elif text != text.strip():
        notes.hint(field, "surrounding_space", "The password begins or ends with a blank.", "It is sent as it stands.")
    _letters(field, "The password", text, notes)
    return form.broker_password


def _elsewhere(saved: Connection, target: _Target) -> str | None:
    """Tell why the saved password would go elsewhere, or to someone trusted for another reason."""
    new = [server for server in target.servers if server not in saved.servers]
    if new:
        which = f"{new[0]} was" if len(new) == 1 else f"{new[0]} and {len(new) - 1} more were"
        return f"{which} not among the servers"
    if target.mechanism is not saved.mechanism:
        return f"The mechanism was {saved.mechanism}" if saved.mechanism else "The mechanism is new"
    if (target.ca_pem or "").split() != (saved.ca_pem or "").split():
        return "The CA certificate changed"
    return None


def _letters(field: str, what: str, text: str, notes: _Notes) -> None:
    """Say how letters beyond ASCII are compared: Kafka takes the UTF-8 bytes as typed, it applies no SASLprep."""
    if text.isascii() or _has_control(text):
        return
    if unicodedata.normalize("NFC", text) != text:
        message = f"{what} has an accented letter written as two characters."
        notes.hint(
            field, "not_normalized", message, "Kafka compares byte by byte: type it on a keyboard, do not paste."
        )
    else:
        message = f"{what} has letters beyond ASCII."
        notes.hint(field, "non_ascii", message, "Kafka compares them byte by byte, as UTF-8 and without SASLprep.")


def _has_control(text: str) -> bool:
    return any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def _ca(pem: str | None, now: datetime, notes: _Notes) -> ReadCa | None:
    if pem is None or not pem.strip("\ufeff \t\r\n"):
        return None
    try:
        read = check_ca(pem, now=now)
    except RefusedError as refused:
        notes.errors += refused.errors
        return None
    notes.hints += read.hints
    return read


def _unused(form: ConnectionForm, notes: _Notes) -> None:
    """Say which fields a plaintext connection does not use: they are not saved."""
    password = form.broker_password
    given: tuple[tuple[str, object], ...] = (
        ("mechanism", form.sasl_mechanism),
        ("user name", form.broker_username),
        ("password", password is not None and password.reveal()),
        ("CA certificate", form.ca_certificate),
    )
    names = [name for name, value in given if value]
    if names:
        message = f"An unencrypted connection uses no {' and no '.join(names)}."
        notes.hint("connection_type", "unused_fields", message, "What was typed there is not saved.")
