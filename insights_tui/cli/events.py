"""`events`: what happened, as the agent keeps it."""

from contextlib import aclosing

import click

from insights_tui.cli import exits
from insights_tui.cli.options import common_of, common_options
from insights_tui.cli.output import CliError, clean, put, put_json, say
from insights_tui.cli.reach import speak
from insights_tui.cli.tail import GONE
from insights_tui.client.api import AgentClient
from insights_tui.domain.snapshot import Event
from insights_tui.domain.text import clock_time, date_time

COUNT = 20


@click.command("events")
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl+C.")
@click.option(
    "--count",
    "-n",
    type=click.IntRange(min=0),
    default=COUNT,
    metavar="N",
    help=f"Events from before (default {COUNT}).",
)
@common_options
@click.pass_context
def command(context: click.Context, /, *, follow: bool, count: int) -> int:
    """Show what happened, oldest first: who changed what, what failed and since when, and what helps."""
    common = common_of(context)

    async def act(client: AgentClient) -> int:
        client.on_body = (lambda body: _put_last(body, count)) if common.json else None
        kept = await client.events()
        if not common.json:
            for event in kept[-count:] if count else ():
                for said in lines(event):
                    put(said)
        if follow:
            client.on_body = put_json if common.json else None
            after = kept[-1].seq if kept else 0
            async with aclosing(client.follow_events(after)) as events:
                async for event in events:
                    if not common.json:
                        for said in lines(event):
                            put(said)
            raise CliError(*GONE, code=exits.NO_AGENT, name="no_agent")
        if not kept:
            say("Nothing has happened yet.")
        return exits.FINE

    return speak(common, act)


def lines(event: Event) -> list[str]:
    """Say what happened, how often, by whom; below it what helps."""
    often = ""
    if event.count > 1:
        since = f" since {clock_time(event.first_at)}" if event.first_at is not None else ""
        often = f" ({event.count:,} times{since})"
    actor = f" by {clean(event.actor)}" if event.actor else ""
    said = [f"{date_time(event.at)}  {event.level:<7}  {clean(event.text)}{actor}{often}"]
    if event.fix and event.level != "info":
        said.append(f"{'':<30} fix: {clean(event.fix)}")
    return said


def _put_last(body: bytes, count: int) -> None:
    """Print the newest lines of an answer as they came."""
    kept = [line for line in body.split(b"\n") if line.strip()]
    for line in kept[-count:] if count else ():
        put_json(line)
