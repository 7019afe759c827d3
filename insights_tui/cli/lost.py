"""`lost`: what did not reach Kafka in time: list it, look at it, keep it, send it again, or drop it."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from insights_tui.cli import exits
from insights_tui.cli.lost_text import line, lines, so_many
from insights_tui.cli.options import common_of, common_options
from insights_tui.cli.output import CliError, put, put_json, say
from insights_tui.cli.reach import speak, told, verbatim
from insights_tui.client.api import AgentClient
from insights_tui.domain.lost import LostFilter, for_redrive, parse_ids, parse_reasons, parse_time
from insights_tui.domain.lost_acts import before_drop, before_redrive, tally, without_value
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.text import counted

T = TypeVar("T")


@click.group("lost")
@common_options
def command() -> None:
    """Deal with lost payloads: those that Kafka refused, or that ran out of time.

    They are kept with their values until they are redriven or dropped, as far as the spool's share for them goes.
    """


def _which(all_means: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options that say which lost payloads."""
    options = (
        click.option("--all", "everything", is_flag=True, help=all_means),
        click.option("--id", "ids", multiple=True, metavar="ID", help="With this id; again for more."),
        click.option("--until", metavar="T", help="Lost before this time."),
        click.option("--since", metavar="T", help="Lost at this time or later: 2026-11-22T12:00:00Z, or 10m, 2h, 3d."),
        click.option(
            "--reason",
            "reasons",
            multiple=True,
            metavar="R,…",
            help="rejected, expired_unsent, expired_unknown, damaged; expired for both kinds.",
        ),
    )

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in options:
            command = option(command)
        return command

    return add


_YES = click.option("--yes", is_flag=True, help="Do not ask.")


@command.command("list", short_help="List lost payloads, oldest first.")
@_which("Those that were redriven too.")
@common_options
@click.pass_context
def list_(context: click.Context, /, everything: bool, **given: Any) -> int:
    """List lost payloads, oldest first, without their values."""
    common, which = common_of(context), _filter(**given)

    async def act(client: AgentClient) -> int:
        verbatim(client, common)
        found = 0
        async for one in client.lost(which, open_only=not everything):
            found += 1
            if not common.json:
                put(line(one))
        if not common.json:
            client.on_body = None
            await _sum_up(client, found, which)
        return exits.FINE

    return speak(common, act)


@command.command("show", short_help="Show one with its value.")
@click.argument("payload_id", metavar="ID")
@common_options
@click.pass_context
def show(context: click.Context, /, payload_id: str) -> int:
    """Show one lost payload with its value."""
    common = common_of(context)

    async def act(client: AgentClient) -> int:
        verbatim(client, common)
        found = await client.lost_payload(payload_id)
        if found is None:
            message = f"No lost payload has the id {payload_id!r}."
            raise told(RefusedError((FieldError("not_lost", message, "List them: insights-tui lost list"),)), common)
        if not common.json:
            for said in lines(found):
                put(said)
        return exits.FINE

    return speak(common, act)


@command.command("export", short_help="Print them with their values, a line each.")
@_which("Those that were redriven too.")
@common_options
@click.pass_context
def export(context: click.Context, /, everything: bool, **given: Any) -> int:
    """Print lost payloads with their values, one JSON object a line."""
    common, which = common_of(context), _filter(**given)

    async def act(client: AgentClient) -> int:
        client.on_body = put_json
        found = await tally(client.lost(which, values=True, open_only=not everything), sys.maxsize)
        say(f"Exported {counted(found.total, 'lost payload')}.")
        return exits.FINE

    return speak(common, act)


@command.command("redrive", short_help="Send them again, under the same ids.")
@_which("Whatever can be sent again: rejected and acknowledged late ones too.")
@_YES
@common_options
@click.pass_context
def redrive(context: click.Context, /, everything: bool, yes: bool, **given: Any) -> int:
    """Send lost payloads again, each with its own id and a new deadline.

    Without options: those that expired, unless Kafka acknowledged them late. --reason rejected takes the rejected
    ones; --id and --all take whatever can be sent again.
    """
    common, which = common_of(context), _filter(**given)
    narrowed = _parsed("--reason", lambda: for_redrive(which, everything=everything))

    async def act(client: AgentClient) -> int:
        found = await tally(client.lost(narrowed))
        if not found.total and not common.json:
            put(f"No lost payload to redrive ({narrowed.words}).")
            return exits.FINE
        if found.total:
            connection = (await client.snapshot()).connection
            topic = None if connection is None else connection.topic
            _agree(before_redrive(found, topic), "Send them again?", yes=yes)
        verbatim(client, common)
        done = await client.redrive(which, everything=everything)
        if not common.json:
            put(f"{counted(done.redriven, 'payload')} redriven; {so_many(done.lost_open)} open.")
        return exits.FINE

    return speak(common, act)


@command.command("drop", short_help="Delete them for good.")
@_which("Every one of them, those without a value too.")
@_YES
@common_options
@click.pass_context
def drop(context: click.Context, /, everything: bool, yes: bool, **given: Any) -> int:
    """Delete lost payloads for good; that they were lost stays counted."""
    common, which = common_of(context), _filter(**given)
    if which.empty and not everything:
        raise click.UsageError("Say which: --reason, --since, --until or --id; --all for every lost payload.")

    async def act(client: AgentClient) -> int:
        found = await tally(client.lost(which))
        seen = await client.snapshot()
        without = without_value(which, found, seen.lost_open, seen.counts.damaged)
        if not found.total and not without and not common.json:
            put(f"No lost payload to drop ({which.words}).")
            return exits.FINE
        if found.total or without:
            _agree(before_drop(found, without), "Delete them?", yes=yes)
        verbatim(client, common)
        done = await client.drop(which, everything=everything)
        if not common.json:
            put(f"{counted(done.dropped, 'lost payload')} dropped; {so_many(done.lost_open)} open.")
        return exits.FINE

    return speak(common, act)


async def _sum_up(client: AgentClient, found: int, which: LostFilter) -> None:
    """Say how many there are, and what can be done."""
    if not which.empty:
        say(f"{counted(found, 'lost payload')} ({which.words}).")
        return
    lost_open = (await client.snapshot()).lost_open
    gone = max(0, lost_open - found)
    say(f"{so_many(lost_open).capitalize()} open." + (" Send again: insights-tui lost redrive." if lost_open else ""))
    if gone:
        say(
            f"{counted(gone, 'value')} of them had to make room for later ones, or cannot be read; "
            "`insights-tui lost drop --all` closes these too, --reason damaged those that cannot be read."
        )


def _agree(what: Sequence[str], question: str, *, yes: bool) -> None:
    """Say what will happen, and ask where a person can answer."""
    for said in what:
        say(said)
    if yes:
        return
    if not sys.stdin.isatty():
        raise CliError("This needs a yes.", "Add --yes.", code=exits.USAGE, name="usage")
    click.confirm(question, abort=True, err=True)


def _filter(reasons: Sequence[str], since: str | None, until: str | None, ids: Sequence[str]) -> LostFilter:
    now = datetime.now(UTC)
    return LostFilter(
        reasons=_parsed("--reason", lambda: parse_reasons(reasons)),
        since=None if since is None else _parsed("--since", lambda: parse_time(since, now)),
        until=None if until is None else _parsed("--until", lambda: parse_time(until, now)),
        ids=_parsed("--id", lambda: parse_ids(ids)),
    )


def _parsed(option: str, parse: Callable[[], T]) -> T:
    try:
        return parse()
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from None
