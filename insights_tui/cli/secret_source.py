"""Where a password comes from: never from the command line itself, which every user of the machine can read."""

import os
import stat
import sys
from pathlib import Path

import click

from insights_tui import keyrings
from insights_tui.cli.output import say
from insights_tui.domain.connection import Secret

MAX_BYTES = 64 * 1024
_OPTION = "--password-from"


def read_secret(source: str) -> Secret:
    """Read `env:NAME`, `file:PATH`, `keyring:NAME` or `-`: a prompt without echo on a terminal, else a line of stdin.

    Raises `click.UsageError` that says what is missing and never quotes what it read.
    """
    kind, _, rest = source.partition(":")
    if source == "-":
        text = _ask() if sys.stdin.isatty() else _first_line(sys.stdin.buffer.readline(MAX_BYTES), "standard input")
    elif kind == "env" and rest:
        if rest not in os.environ:
            raise click.UsageError(f"{_OPTION}: there is no environment variable {rest}; export it first.")
        text = os.environ[rest]
    elif kind == "file" and rest:
        text = _from_file(Path(rest))
    elif kind == "keyring" and rest:
        text = _from_keyring(rest)
    else:
        # Not quoted: somebody may have typed the password itself.
        raise click.UsageError(
            f"{_OPTION} takes env:NAME, file:PATH, keyring:NAME or - (a prompt, or a line of standard input)."
        )
    if not text:
        raise click.UsageError(f"{_OPTION} {kind}: the password is empty.")
    return Secret(text)


def _ask() -> str:
    from getpass import getpass

    return getpass("Kafka broker password (not shown): ", stream=sys.stderr)


def _from_keyring(name: str) -> str:
    try:
        return keyrings.read(name)
    except keyrings.KeyringReadError as error:
        raise click.UsageError(f"{_OPTION}: {error} {error.hint}") from None


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                say(f"hint: others may read {path}; `chmod 600` it.")
            body = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise click.UsageError(f"{_OPTION}: cannot read {path}: {error.strerror}.") from None
    if len(body) > MAX_BYTES:
        raise click.UsageError(f"{_OPTION}: {path} is larger than {MAX_BYTES // 1024} KiB; it holds no password.")
    return _first_line(body, str(path), whole=True)


def _first_line(body: bytes, where: str, *, whole: bool = False) -> str:
    """Take the line break at the end away: editors and `echo` add it, nobody means it."""
    line = body.removesuffix(b"\n").removesuffix(b"\r") if whole else body.split(b"\n", 1)[0].removesuffix(b"\r")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise click.UsageError(f"{_OPTION}: {where} is not UTF-8 text.") from None
