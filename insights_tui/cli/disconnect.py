"""`disconnect`: delete the connection, after saying what still waits."""

import sys

import click

from insights_tui.cli import exits
from insights_tui.cli.options import common_of, common_options
from insights_tui.cli.output import CliError, clean, put
from insights_tui.cli.reach import speak, verbatim
from insights_tui.client.api import AgentClient
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import counted, duration


@click.command("disconnect")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common_options
@click.pass_context
def command(context: click.Context, yes: bool) -> int:
    """Delete the connection; what is queued stays, and its time goes on running out."""
    common = common_of(context)

    async def act(client: AgentClient) -> int:
        snapshot = await client.snapshot()
        if snapshot.connection is None:
            raise CliError("There is no connection to delete.", code=exits.NO_CONNECTION, name="not_connected")
        if not yes:
            _confirm(snapshot)
        verbatim(client, common)
        await client.disconnect()
        if not common.json:
            put(f"Deleted the connection to topic {clean(snapshot.connection.topic)}. {_waiting(snapshot)}")
        return exits.FINE

    return speak(common, act)


def _confirm(snapshot: Snapshot) -> None:
    if not sys.stdin.isatty():
        raise CliError("Deleting the connection needs a yes.", "Add --yes.", code=exits.USAGE, name="usage")
    topic = clean(snapshot.connection.topic) if snapshot.connection is not None else ""
    click.confirm(f"{_waiting(snapshot)}\nDelete the connection to topic {topic}?", abort=True, err=True)


def _waiting(snapshot: Snapshot) -> str:
    """Say what is still on its way, and until when."""
    pending = snapshot.counts.pending
    if not pending:
        return "Nothing is queued."
    until = f"; the next is lost in {duration(snapshot.next_loss_s)}" if snapshot.next_loss_s is not None else ""
    return f"{counted(pending, 'payload')} still queued{until}."
