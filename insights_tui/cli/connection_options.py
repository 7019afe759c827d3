"""The form of the interface as options: `connect` and `check` take the same ones."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from insights_tui.cli.secret_source import read_secret
from insights_tui.domain.connection import ConnectionType
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.refused import RefusedError

MAX_CA_BYTES = 1024 * 1024
_TYPES = {"plaintext": ConnectionType.PLAINTEXT, "sasl": ConnectionType.SASL_SSL}


@dataclass(frozen=True, slots=True)
class Given:
    """What was written on the command line, unread."""

    topic: str
    servers: str
    kind: str | None
    mechanism: str | None
    username: str | None
    ca: Path | None
    source: str | None

    @property
    def anything(self) -> bool:
        """Whether one of the options was given."""
        return bool(self.topic or self.servers or self.kind or self._sasl)

    @property
    def _sasl(self) -> bool:
        return any(given is not None for given in (self.mechanism, self.username, self.ca, self.source))

    def form(self) -> ConnectionForm:
        """Read password and certificates, and make a form; raises `click.UsageError`."""
        return ConnectionForm(
            topic=self.topic,
            broker_url=self.servers,
            connection_type=_TYPES[self.kind or ("sasl" if self._sasl else "plaintext")].value,
            sasl_mechanism=self.mechanism,
            broker_username=self.username,
            broker_password=read_secret(self.source) if self.source is not None else None,
            ca_certificate=_read_ca(self.ca) if self.ca is not None else None,
        )


def connection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a connection; the function gets them together, as the argument `given`."""

    @wraps(command)
    def gathered(
        *,
        topic: str,
        servers: str,
        kind: str | None,
        mechanism: str | None,
        username: str | None,
        ca: Path | None,
        source: str | None,
        **others: Any,
    ) -> Any:
        return command(given=Given(topic, servers, kind, mechanism, username, ca, source), **others)

    wrapped: Callable[..., Any] = gathered
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


_OPTIONS = (
    click.option("--topic", default="", metavar="NAME", help="The topic that payloads go to."),
    click.option("--servers", default="", metavar="H1:P1,H2:P2", help="Bootstrap servers."),
    click.option(
        "--type",
        "kind",
        type=click.Choice(list(_TYPES)),
        help="Default: sasl where one of the options below is given, else plaintext.",
    ),
    click.option("--mechanism", metavar="NAME", help="SCRAM-SHA-256 (default), SCRAM-SHA-512 or PLAIN."),
    click.option("--username", metavar="NAME", help="The Kafka user."),
    click.option(
        "--ca", type=click.Path(path_type=Path), metavar="FILE", help="CA certificates, PEM (else the system's)."
    ),
    click.option(
        "--password-from",
        "source",
        metavar="env:NAME|file:PATH|keyring:NAME|-",
        help="Where the password is; - asks, or reads a line of standard input. Left out: unchanged.",
    ),
)


def check_here(form: ConnectionForm) -> None:
    """Find what can be found without an agent; raises `RefusedError`.

    Whether a password that was left out is needed is told by whoever knows the saved one.
    """
    from insights_tui.domain.validate import check

    errors = check(form, now=datetime.now(UTC)).errors
    if form.broker_password is None:
        errors = tuple(error for error in errors if error.field != "broker_password")
    if errors:
        raise RefusedError(errors)


def _read_ca(path: Path) -> str:
    """Read the certificates here: the agent may run as a user, or on a day, that cannot."""
    try:
        with path.open("rb") as file:
            body = file.read(MAX_CA_BYTES + 1)
    except OSError as error:
        raise click.UsageError(f"--ca: cannot read {path}: {error.strerror}.") from None
    if len(body) > MAX_CA_BYTES:
        raise click.UsageError(f"--ca: {path} is larger than 1 MiB; it holds more than CA certificates.")
    if not body.strip():
        raise click.UsageError(f"--ca: {path} is empty.")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise click.UsageError(f"--ca: {path} is not PEM text (is it DER? `openssl x509 -inform der`).") from None
