"""`connect`: the form of the interface as options; checked here, then by the agent against Kafka, then used."""

from datetime import UTC, datetime
from pathlib import Path

import click

from insights_tui.cli import exits
from insights_tui.cli.options import common_of, common_options
from insights_tui.cli.output import clean, put, say_field_error
from insights_tui.cli.reach import speak, told, verbatim
from insights_tui.cli.secret_source import read_secret
from insights_tui.client.api import AgentClient
from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.connection import ConnectionType
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.refused import RefusedError

MAX_CA_BYTES = 1024 * 1024
_TYPES = {"plaintext": ConnectionType.PLAINTEXT, "sasl": ConnectionType.SASL_SSL}


@click.command("connect")
@click.option("--topic", default="", metavar="NAME", help="The topic that payloads go to.")
@click.option("--servers", default="", metavar="H1:P1,H2:P2", help="Bootstrap servers.")
@click.option(
    "--type",
    "kind",
    type=click.Choice(list(_TYPES)),
    help="Default: sasl where one of the options below is given, else plaintext.",
)
@click.option("--mechanism", metavar="NAME", help="SCRAM-SHA-256 (default), SCRAM-SHA-512 or PLAIN.")
@click.option("--username", metavar="NAME", help="The Kafka user.")
@click.option("--ca", type=click.Path(path_type=Path), metavar="FILE", help="CA certificates, PEM (else the system's).")
@click.option(
    "--password-from",
    "source",
    metavar="env:NAME|file:PATH|-",
    help="Where the password is; - asks, or reads a line of standard input. Left out: unchanged.",
)
@click.option("--no-check", is_flag=True, help="Save it without trying it first (Kafka need not be up).")
@common_options
@click.pass_context
def command(
    context: click.Context,
    topic: str,
    servers: str,
    kind: str | None,
    mechanism: str | None,
    username: str | None,
    ca: Path | None,
    source: str | None,
    no_check: bool,
) -> int:
    """Connect to Kafka, or change the connection.

    What is given replaces the whole connection; only the password may be left out, then it stays as it is. The
    agent tries the new connection first and keeps the old one where it fails. What is still queued goes to the new
    topic.
    """
    common = common_of(context)
    sasl = any(given is not None for given in (mechanism, username, ca, source))
    form = ConnectionForm(
        topic=topic,
        broker_url=servers,
        connection_type=_TYPES[kind or ("sasl" if sasl else "plaintext")].value,
        sasl_mechanism=mechanism,
        broker_username=username,
        broker_password=read_secret(source) if source is not None else None,
        ca_certificate=_read_ca(ca) if ca is not None else None,
    )
    try:
        _check_here(form)
    except RefusedError as error:
        raise told(error, common, code=exits.USAGE, printed=False) from None

    async def act(client: AgentClient) -> int:
        verbatim(client, common)
        saved = await client.connect(form, check="skip" if no_check else "require")
        for hint in saved.hints:
            say_field_error(hint, "hint")
        if not common.json:
            put(f"{'Saved' if no_check else 'Connected'}: {_described(saved)}.")
        return exits.FINE

    return speak(common, act)


def _check_here(form: ConnectionForm) -> None:
    """Find what can be found without an agent; raises `RefusedError`.

    Whether a password that was left out is needed is the agent's to say: it knows the saved one.
    """
    from insights_tui.domain.validate import check

    errors = check(form, now=datetime.now(UTC)).errors
    if form.broker_password is None:
        errors = tuple(error for error in errors if error.field != "broker_password")
    if errors:
        raise RefusedError(errors)


def _described(saved: SavedConnection) -> str:
    how = ""
    if saved.connection_type == ConnectionType.SASL_SSL.value:
        how = f", {saved.sasl_mechanism} over TLS as {saved.broker_username}"
    return clean(f"topic {saved.topic} on {saved.broker_url}{how} (revision {saved.revision})")


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
