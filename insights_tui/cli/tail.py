"""`tail`: payloads as they go by, in the topic or as they are accepted."""

from contextlib import aclosing

import click

from insights_tui.cli import exits
from insights_tui.cli.options import common_of, common_options
from insights_tui.cli.output import CliError, clean, put, put_json, say
from insights_tui.cli.reach import speak
from insights_tui.client.api import AgentClient
from insights_tui.domain.tail import MAX_COUNT, MAX_VALUE, TailAsked, Tailed
from insights_tui.domain.text import UNKNOWN, bytes_, counted, date_time, sanitize

GONE = ("The agent has stopped.", "Follow again once it runs; look at it: insights-tui status.")
"""Why following ended, and what helps."""
_COUNT = TailAsked().count


@click.command("tail")
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl+C.")
@click.option(
    "--count",
    "-n",
    type=click.IntRange(0, MAX_COUNT),
    default=_COUNT,
    metavar="N",
    help=f"Payloads from before (default {_COUNT}, at most {MAX_COUNT}).",
)
@click.option("--values", is_flag=True, help="Show the values too.")
@click.option("--accepted", is_flag=True, help="What the agent accepts, not what is in the topic.")
@common_options
@click.pass_context
def command(context: click.Context, /, *, follow: bool, count: int, values: bool, accepted: bool) -> int:
    """Show the newest payloads in the topic, read from Kafka with the saved connection.

    It reads without a consumer group and leaves no trace. The user of the connection needs the permission READ on the
    topic, which delivery does not. Values stay hidden without --values.
    """
    common = common_of(context)
    asked = TailAsked("accepted" if accepted else "topic", count, follow, values)

    async def act(client: AgentClient) -> int:
        client.on_body = put_json if common.json else None
        found = 0
        async with aclosing(client.tail(asked)) as payloads:
            async for one in payloads:
                found += 1
                if one.skipped:
                    say(f"{counted(one.skipped, 'payload')} left out: they went by faster than they are told.")
                if not common.json:
                    for said in lines(one):
                        put(said)
        if follow:
            raise CliError(*GONE, code=exits.NO_AGENT, name="no_agent")
        if not found:
            say("Nothing was accepted lately." if accepted else "The topic is empty.")
        return exits.FINE

    return speak(common, act)


def lines(one: Tailed) -> list[str]:
    """Say the most in one line, the value below it where it was asked for."""
    place = "accepted" if one.partition is None else f"{one.partition}/{one.offset}"
    key = "" if one.key is None else f"  key {sanitize(one.key, limit=80)}"
    algorithm = sanitize(one.algorithm or UNKNOWN, limit=80)
    head = f"{date_time(one.timestamp)}  {place:<12}  {algorithm:<32}  {bytes_(one.size):>8}"
    said = [f"{head}  {clean(one.id) or 'no id'}{key}"]
    if one.value is not None:
        cut = f" (cut, {bytes_(one.size)} in all)" if one.value_cut else ""
        said.append(f"  {sanitize(one.value, limit=MAX_VALUE)}{cut}")
    return said
