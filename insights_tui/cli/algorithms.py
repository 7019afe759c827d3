"""`algorithms`: which report, and Insights on or off for them."""

from collections.abc import Sequence

import click

from insights_tui.cli import exits
from insights_tui.cli.options import common_of, common_options
from insights_tui.cli.output import clean, put, say
from insights_tui.cli.reach import speak, verbatim
from insights_tui.client.api import AgentClient
from insights_tui.domain.algorithms import MAX_NAME, MAX_PAYLOAD, Algorithm, Algorithms, Switch, Which, read_which
from insights_tui.domain.text import bytes_, date_time, sanitize, spell, unspell


class _Name(click.ParamType[Which]):
    r"""`OWNER/NAME[/VERSION]`, spelled as the list does: `\x1b` for what no terminal shows, `\x2f` for a slash."""

    name = "OWNER/NAME[/VERSION]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Which:
        """Read it; ends the command where it is none."""
        parts = [unspell(part) for part in str(value).split("/")]
        if len(parts) not in {2, 3}:
            self.fail("write OWNER/NAME or OWNER/NAME/VERSION, for example acme/credit_score/1.0.6.", param, ctx)
        try:
            return read_which(parts[0], parts[1], parts[2] if len(parts) == 3 else None)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.group("algorithms", invoke_without_command=True)
@common_options
@click.pass_context
def command(context: click.Context) -> int:
    """List the algorithms that report, and turn Insights on or off for them."""
    if context.invoked_subcommand is None:
        return _list(context, None)
    return exits.FINE


@command.command("list")
@click.argument("which", type=_Name(), metavar="[OWNER/NAME/VERSION]", required=False)
@common_options
@click.pass_context
def list_(context: click.Context, which: Which | None) -> int:
    """List them, the one that reported last first; of one version, list the metrics."""
    return _list(context, which)


@command.command("enable")
@click.argument("which", type=_Name(), metavar="OWNER/NAME[/VERSION]")
@common_options
@click.pass_context
def enable(context: click.Context, which: Which) -> int:
    """Turn Insights on for a version, or for all versions without a switch of their own."""
    return _switch(context, which, on=True)


@command.command("disable")
@click.argument("which", type=_Name(), metavar="OWNER/NAME[/VERSION]")
@common_options
@click.pass_context
def disable(context: click.Context, which: Which) -> int:
    """Turn Insights off: the algorithm is still answered 200, and nothing is published."""
    return _switch(context, which, on=False)


@command.command("reset")
@click.argument("which", type=_Name(), metavar="OWNER/NAME[/VERSION]")
@common_options
@click.pass_context
def reset(context: click.Context, which: Which) -> int:
    """Take a switch back: what is more general decides again, at last INSIGHTS_ALGORITHMS__DEFAULT."""
    return _switch(context, which, on=None)


def _list(context: click.Context, which: Which | None) -> int:
    if which is not None and which.version is None:
        raise click.UsageError("list takes OWNER/NAME/VERSION, or nothing for all of them.")
    common = common_of(context)

    async def act(client: AgentClient) -> int:
        verbatim(client, common)
        if which is not None:
            one = await client.algorithm(which)
            if one is None:
                if not common.json:
                    say(f"{_spelled(which)} has not reported, and nobody turned it on or off.")
                return exits.ACT_FAILED
            if not common.json:
                put(row_of(one))
                for line in (*metric_rows(one), *payload_rows(one)):
                    put(line)
            return exits.FINE
        found = await client.algorithms()
        if not common.json:
            _show(found)
        return exits.FINE

    return speak(common, act)


def _switch(context: click.Context, which: Which, *, on: bool | None) -> int:
    common = common_of(context)

    async def act(client: AgentClient) -> int:
        verbatim(client, common)
        found = await client.switch(which, on=on)
        if not common.json:
            what = "follows what is more general again" if on is None else f"is {'on' if on else 'off'}"
            put(clean(f"Insights {what} for {_spelled(which)}."))
            others = [one for one in found.switches if one.version is not None and one.insights_enabled is not on]
            if which.version is None and on is not None and others:
                say(f"{_versions(others)} as set for it: see insights-tui algorithms list.")
        return exits.FINE

    return speak(common, act)


def _versions(switches: Sequence[Switch]) -> str:
    named = ", ".join(_part(str(one.version)) for one in switches[:5])
    return f"Version {named} stays" if len(switches) == 1 else f"Versions {named} stay"


def _show(found: Algorithms) -> None:
    for one in found.algorithms:
        put(row_of(one))
    for switch in found.switches:
        if switch.version is None:
            state = "on" if switch.insights_enabled else "off"
            name = _spelled(Which(switch.owner, switch.name))
            put(clean(f"{state:<4} {name}: all versions without a switch of their own"))
    if not found.algorithms:
        say("No algorithm has reported yet.")
    if found.total > len(found.algorithms):
        say(f"{found.total - len(found.algorithms)} more are known.")
    if found.forgotten:
        say(f"{found.forgotten} were forgotten: too many names report.")
    say(f"Insights is {'on' if found.insights_default else 'off'} for those that nobody turned on or off.")


def row_of(one: Algorithm) -> str:
    """Write a version on one line."""
    state = "on" if one.insights_enabled else "off"
    last = f"last {date_time(one.last_at)}" if one.last_at is not None else "has not reported"
    off = f", {one.disabled} not taken" if one.disabled else ""
    metrics = f", {one.metric_count} metric{'' if one.metric_count == 1 else 's'}"
    counted = f"{one.payloads} payload{'' if one.payloads == 1 else 's'}"
    name = _spelled(Which(one.owner, one.name, one.version))
    return clean(f"{state:<4} {name}: {counted}{off}, {one.rate_per_s:.1f}/s, {last}{metrics}")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def payload_rows(one: Algorithm) -> list[str]:
    """Write a version's latest payload as it is published."""
    if one.payload_at is None:
        return []
    when = f"     latest payload, accepted {date_time(one.payload_at)}:"
    if one.payload is None:
        return [f"{when} too long to be kept ({bytes_(one.payload_bytes)}); see insights-tui tail"]
    return [when, f"     {sanitize(one.payload, limit=MAX_PAYLOAD)}"]


def _spelled(which: Which) -> str:
    """Write a name so that it can be given back as an argument."""
    return "/".join(_part(part) for part in which if part is not None)


def _part(name: str) -> str:
    return spell(name, limit=MAX_NAME + 1).replace("/", r"\x2f")


def metric_rows(one: Algorithm) -> list[str]:
    """Write a version's metrics, a line each."""
    rows: list[str] = []
    for metric in one.metrics:
        values = "no number"
        if metric.last is not None:
            values = f"last {metric.last:.12g}, {metric.min:.12g} to {metric.max:.12g}"
        kind = "" if metric.kind == "number" else f", reported as {metric.kind}"
        stopped = ", does not come any more" if metric.stopped else ""
        rows.append(clean(f"     {spell(metric.name)}: {values}, {_times(metric.count)}{kind}{stopped}"))
    if one.metrics_beyond:
        rows.append(f"     and {one.metrics_beyond} reports of further names")
    return rows
