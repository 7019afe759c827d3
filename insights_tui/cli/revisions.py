"""`revisions`: the connections that are kept, and the way back to one of them."""

import click

from insights_tui.cli import exits
from insights_tui.cli.connect import described
from insights_tui.cli.options import common_of, common_options
from insights_tui.cli.output import clean, put, say
from insights_tui.cli.reach import speak, verbatim
from insights_tui.client.api import AgentClient
from insights_tui.domain.answers import PastConnection
from insights_tui.domain.connection import ConnectionType
from insights_tui.domain.text import date_time


@click.group("revisions", invoke_without_command=True)
@common_options
@click.pass_context
def command(context: click.Context) -> int:
    """List the last ten connections, or go back to one of them, its password with it."""
    if context.invoked_subcommand is None:
        return _list(context)
    return exits.FINE


@command.command("list")
@common_options
@click.pass_context
def list_(context: click.Context) -> int:
    """List them, newest first."""
    return _list(context)


@command.command("restore")
@click.argument("revision", type=click.IntRange(min=1))
@click.option("--no-check", is_flag=True, help="Use it without trying it first (Kafka need not be up).")
@common_options
@click.pass_context
def restore(context: click.Context, revision: int, no_check: bool) -> int:
    """Go back to a connection; it becomes a new revision.

    The agent tries it first and keeps the one in use where it fails. What is still queued goes to its topic.
    """
    common = common_of(context)

    async def act(client: AgentClient) -> int:
        verbatim(client, common)
        saved = await client.go_back(revision, check="skip" if no_check else "require")
        if not common.json:
            put(f"Back to revision {revision}: {described(saved)}.")
        return exits.FINE

    return speak(common, act)


def _list(context: click.Context) -> int:
    common = common_of(context)

    async def act(client: AgentClient) -> int:
        verbatim(client, common)
        found = await client.revisions()
        if not common.json:
            for one in found:
                put(row_of(one))
            if not found:
                say("No connection was saved yet.")
        return exits.FINE

    return speak(common, act)


def row_of(one: PastConnection) -> str:
    """Write a revision on one line."""
    mark = "*" if one.in_use else " "
    if one.deletion:
        what = "deleted"
    elif one.connection_type == ConnectionType.SASL_SSL.value:
        what = f"{one.topic} on {one.broker_url}, {one.sasl_mechanism} over TLS as {one.broker_username}"
    else:
        what = f"{one.topic} on {one.broker_url}, not encrypted"
    why = f" ({one.why_not})" if one.why_not and not one.in_use and not one.deletion else ""
    return clean(f"{mark}{one.revision:>4}  {date_time(one.changed_at)}  {one.changed_by}: {what}{why}")
