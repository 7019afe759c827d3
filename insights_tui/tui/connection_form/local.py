"""What the form reads on this host: a CA file, and the password that a reference points to. Blocking: use a thread."""

import errno
import socket
from collections.abc import Mapping
from pathlib import Path

from insights_tui import keyrings
from insights_tui.domain.connection import Secret
from insights_tui.domain.refused import FieldError
from insights_tui.tui.connection_form.reference import Reference, password_error, read_reference, reference_error
from insights_tui.tui.connection_form.words import Field

MAX_CA_BYTES = 1_048_576
"""Bytes; a system's whole trust store is a quarter of it."""
MAX_PASSWORD_BYTES = 4_096
PEM_START = "-----BEGIN"


def is_pem(text: str) -> bool:
    """Tell pasted PEM from a path."""
    return PEM_START in text


def read_ca(text: str) -> str | FieldError | None:
    """Give the PEM text that a field means: pasted, in a file of this host, or `None` for the system's trust store."""
    if not text.strip():
        return None
    if is_pem(text):
        return text
    found = _read(text.strip(), MAX_CA_BYTES)
    if isinstance(found, str):
        return FieldError("ca_file", found, "Give a path on this host, or paste the PEM.", Field.CA)
    try:
        return found.decode("utf-8")
    except UnicodeDecodeError:
        hint = "Convert it: openssl x509 -inform der -in FILE -out ca.pem"
        return FieldError("ca_not_pem", "The file is not PEM text; it may be DER.", hint, Field.CA)


def resolve_password(typed: Secret | None, environ: Mapping[str, str]) -> Secret | FieldError | None:
    """Follow a reference; a typed password and `None` (unchanged) come back as they are."""
    if typed is None:
        return None
    reference = read_reference(typed.reveal())
    if reference is None:
        return typed
    wrong = reference_error(reference)
    if wrong is not None:
        return wrong
    if reference.kind == "env":
        return _env(reference, environ)
    return _file(reference) if reference.kind == "file" else _keyring(reference)


def _env(reference: Reference, environ: Mapping[str, str]) -> Secret | FieldError:
    value = environ.get(reference.target)
    if value:
        return Secret(value)
    what = "is empty" if value == "" else "is not set"
    return password_error(
        "reference_env",
        f"{reference.target} {what} where this screen was started.",
        f"Export {reference.target} and start insights-tui again, or type the password.",
    )


def _keyring(reference: Reference) -> Secret | FieldError:
    try:
        return Secret(keyrings.read(reference.target))
    except keyrings.KeyringReadError as error:
        return password_error("reference_keyring", str(error), error.hint)


def _file(reference: Reference) -> Secret | FieldError:
    found = _read(reference.target, MAX_PASSWORD_BYTES)
    if isinstance(found, str):
        return password_error("reference_file", found, "Give a file on this host that you may read.")
    try:
        text = found.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        return password_error("reference_file", "The file is not text.", "It should hold the password, on one line.")
    if not text:
        return password_error("reference_file", "The file is empty.", "It should hold the password, on one line.")
    if len(text.splitlines()) > 1:
        return password_error(
            "reference_file", "The file holds more than one line.", "It should hold the password, on one line."
        )
    return Secret(text)


def _read(name: str, limit: int) -> bytes | str:
    """Read a small regular file; a text is the reason why not."""
    host = socket.gethostname()
    try:
        path = Path(name).expanduser()
        if not path.exists():
            return f"No such file on this host ({host})."
        if path.is_dir():
            return "That is a directory."
        if not path.is_file():  # a pipe or a device would hang, or never end
            return "That is not a regular file."
        with path.open("rb") as file:
            found = file.read(limit + 1)
    except PermissionError:
        return f"You may not read that file on this host ({host})."
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: no home for `~`; ValueError: a NUL
        reason = errno.errorcode.get(error.errno or 0, "") if isinstance(error, OSError) else ""
        return f"The file cannot be read{f' ({reason})' if reason else ''}."
    return found if len(found) <= limit else f"The file is larger than {limit:,} bytes."
