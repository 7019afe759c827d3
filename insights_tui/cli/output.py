"""Where words go: data on stdout, talk on stderr, nothing foreign raw onto a terminal."""

import json
import sys
from collections.abc import Iterable

from insights_tui.cli.charset import charset
from insights_tui.domain.refused import FieldError
from insights_tui.domain.text import sanitize


class CliError(Exception):
    """The end of a verb: what is wrong, how to mend it, and the exit code that says the same."""

    def __init__(self, message: str, hint: str = "", *, code: int, name: str = "error", shown: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code
        self.name = name
        """The code in `--json`'s error object."""
        self.shown = shown
        """True where the words (and `--json`'s object) have been printed already."""


class ReaderGoneError(Exception):
    """Whoever read our output went away (`| head`); click would turn a `BrokenPipeError` into exit code 1."""


def say(text: str) -> None:
    """Print talk: a line on stderr."""
    sys.stderr.write(f"{_fitting(text, charset(sys.stderr.encoding))}\n")
    sys.stderr.flush()


def put(text: str) -> None:
    """Print data for people: a line on stdout, at once."""
    put_raw(f"{_fitting(text, charset(sys.stdout.encoding))}\n")


def put_raw(text: str) -> None:
    """Print just this, our own control sequences included, at once."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGoneError from None


def put_json(body: bytes) -> None:
    """Print an object of the API verbatim, one line; on a terminal with everything but ASCII escaped.

    The escapes are the same JSON, and no control character of a hostile text can reach the terminal.
    """
    if not body.strip():
        return
    if sys.stdout.isatty():
        text = body.decode("utf-8", "replace")
        body = "".join(c if " " <= c <= "~" or c == "\n" else json.dumps(c)[1:-1] for c in text).encode("ascii")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(body if body.endswith(b"\n") else body + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise ReaderGoneError from None


def put_error_json(errors: Iterable[FieldError]) -> None:
    """Print what is wrong as the API would."""
    listed = [
        {"code": error.code, "message": error.message, "hint": error.hint, "field": error.field} for error in errors
    ]
    put_json(json.dumps({"error": listed[0]} if len(listed) == 1 else {"errors": listed}).encode())


def say_error(message: str, hint: str = "") -> None:
    """Print what is wrong, a line for each thing, and how to mend it."""
    for line in message.splitlines() or [""]:
        say(f"error: {clean(line)}")
    if hint:
        say(f"  fix: {clean(hint)}")


def say_field_error(error: FieldError, label: str = "error") -> None:
    """Print one wrong field, named as a person typed it, with its repair."""
    named = error.field is not None and not error.message.lower().startswith(error.field.lower())
    where = f"{error.field}: " if named else ""
    say(f"{label}: {clean(where + error.message)}")
    if error.hint:
        say(f"  fix: {clean(error.hint)}")


def clean(text: str) -> str:
    """Make foreign text fit for one line of a terminal."""
    return sanitize(text, limit=2000)


def _fitting(text: str, encoding: str) -> str:
    """Replace what the terminal's encoding cannot write: a ✓ must not end a program in a C locale."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        for glyph, plain in _PLAIN.items():
            text = text.replace(glyph, plain)
        return text.encode(encoding, "backslashreplace").decode(encoding)
    return text


_PLAIN = {"✓": "ok", "✗": "BROKEN", "—": "-", "·": "-", "…": "...", "→": "->"}
