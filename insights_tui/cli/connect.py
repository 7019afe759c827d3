"""`connect`: the form of the interface as options; checked here, then by the agent against Kafka, then used."""

import click

from insights_tui.cli import exits
from insights_tui.cli.connection_options import Given, check_here, connection_options
from insights_tui.cli.options import common_of, common_options
from insights_tui.cli.output import clean, put, say, say_field_error
from insights_tui.cli.reach import speak, told, verbatim
from insights_tui.client.api import AgentClient
from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.connection import ConnectionType
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.trouble import Code

_KAFKA = frozenset(code.value for code in Code)


@click.command("connect")
@connection_options
@click.option("--no-check", is_flag=True, help="Save it without trying it first (Kafka need not be up).")
@common_options
@click.pass_context
def command(context: click.Context, given: Given, no_check: bool) -> int:
    """Connect to Kafka, or change the connection.

    What is given replaces the whole connection; only the password may be left out, then it stays as it is. The
    agent tries the new connection first and keeps the old one where it fails. What is still queued goes to the new
    topic.
    """
    common = common_of(context)
    form = given.form()
    try:
        check_here(form)
    except RefusedError as error:
        raise told(error, common, code=exits.USAGE, printed=False) from None

    async def act(client: AgentClient) -> int:
        verbatim(client, common)
        try:
            saved = await client.connect(form, check="skip" if no_check else "require")
        except RefusedError as error:
            ended = told(error, common)
            if any(reason.code in _KAFKA for reason in error.errors):
                say("Each server step by step: `insights-tui check` with the same options.")
            raise ended from None
        for hint in saved.hints:
            say_field_error(hint, "hint")
        if not common.json:
            put(f"{'Saved' if no_check else 'Connected'}: {described(saved)}.")
        return exits.FINE

    return speak(common, act)


def described(saved: SavedConnection) -> str:
    """Tell a connection in half a sentence."""
    how = ""
    if saved.connection_type == ConnectionType.SASL_SSL.value:
        how = f", {saved.sasl_mechanism} over TLS as {saved.broker_username}"
    return clean(f"topic {saved.topic} on {saved.broker_url}{how} (revision {saved.revision})")
