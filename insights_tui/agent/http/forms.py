"""A connection form as JSON brings it, and errors about it without its password."""

from insights_tui.domain.connection import ConnectionType, Secret
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.refused import FieldError, RefusedError

_MASK = "********"
_FIELDS = {
    "topic",
    "broker_url",
    "connection_type",
    "sasl_mechanism",
    "broker_username",
    "broker_password",
    "ca_certificate",
}
_ANSWERED = {"id", "revision", "view", "hints"}
"""What our own answer holds beside the fields: read, changed and sent back, it is let pass."""


def read_form(body: dict[str, object]) -> ConnectionForm:
    """Read the fields; raises `RefusedError` with every one that is no text, or that there is not."""
    errors = []
    given: dict[str, str] = {}
    for name, value in body.items():
        if name in _FIELDS:
            if isinstance(value, str):
                given[name] = value
            elif value is not None:
                errors.append(FieldError("invalid_type", f"{name} must be a string.", "Put it in quotes.", name))
        elif name not in _ANSWERED:
            known = ", ".join(sorted(_FIELDS))
            shown = name[:80]
            errors.append(FieldError("unknown_field", f"There is no field {shown!r}.", f"Known are {known}.", shown))
    if errors:
        raise RefusedError(tuple(errors[:50]), status=422)
    password = given.get("broker_password")
    return ConnectionForm(
        topic=given.get("topic", ""),
        broker_url=given.get("broker_url", ""),
        connection_type=given.get("connection_type", ConnectionType.PLAINTEXT.value),
        sasl_mechanism=given.get("sasl_mechanism"),
        broker_username=given.get("broker_username"),
        broker_password=None if password is None else Secret(password),
        ca_certificate=given.get("ca_certificate"),
    )


def masked(refused: RefusedError, password: Secret | None) -> RefusedError:
    """Take the password out of every error, wherever it came from."""
    clear = password.reveal() if password is not None else ""
    if not clear:
        return refused
    errors = tuple(
        FieldError(error.code, error.message.replace(clear, _MASK), error.hint.replace(clear, _MASK), error.field)
        for error in refused.errors
    )
    return RefusedError(errors, status=refused.status)
