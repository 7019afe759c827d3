"""Passwords by reference: `env:NAME`, `file:PATH`, `keyring:NAME`, told apart from typed ones."""

import re
from typing import Literal, NamedTuple

from insights_tui.domain.refused import FieldError
from insights_tui.tui.connection_form.words import Field

_REFERENCE = re.compile(r"(env|file|keyring):(.*)\Z", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

_LIKE = {"env": "env:KAFKA_PASSWORD", "file": "file:/run/secrets/kafka-password", "keyring": "keyring:kafka"}


class Reference(NamedTuple):
    """Where a password stands; no secret itself, so it may be shown."""

    kind: Literal["env", "file", "keyring"]
    target: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.target}"


def read_reference(text: str) -> Reference | None:
    """Read a reference; `None` where the text is a password."""
    match = _REFERENCE.match(text)
    if match is None:
        return None
    kind, target = match.groups()
    return Reference(kind, target.strip())  # type: ignore[arg-type]  # the pattern admits just these three


def reference_error(reference: Reference) -> FieldError | None:
    """Tell what is wrong with a reference before anybody looks where it points."""
    if not reference.target:
        return password_error(
            "reference_empty", "The reference names nothing.", f"For example {_LIKE[reference.kind]}."
        )
    if reference.kind == "env" and not _NAME.match(reference.target):
        return password_error(
            "reference_name",
            "That is no name of an environment variable.",
            "Letters, digits and _, for example env:KAFKA_PASSWORD.",
        )
    return None


def password_error(code: str, message: str, hint: str) -> FieldError:
    """Make an error that stands beside the password."""
    return FieldError(code, message, hint, Field.PASSWORD)
