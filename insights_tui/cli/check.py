"""`check`: every server, every member, step by step, with the cause and the fix; with an agent or without one."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from insights_tui.cli import exits
from insights_tui.cli.check_table import CheckTable
from insights_tui.cli.connection_options import Given, check_here, connection_options
from insights_tui.cli.options import Common, common_of, common_options
from insights_tui.cli.output import CliError, put_json, say
from insights_tui.cli.reach import errors_told, find, settings_of, told
from insights_tui.client.api import AgentClient
from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.refused import RefusedError

if TYPE_CHECKING:
    from insights_tui.domain.connection import Connection

_NOTHING = "no_connection"


@click.command("check")
@connection_options
@common_options
@click.pass_context
def command(context: click.Context, given: Given) -> int:
    """Check every bootstrap server and every member of the cluster, step by step.

    Without options it checks the saved connection: through the agent where one runs, else by itself. With options it
    checks what they say, by itself, and changes nothing. A password that is left out is the saved one, where it would
    go where it goes today. Nothing is written to the topic.
    """
    common = common_of(context)
    if given.anything:
        return _run_here(_given_connection(given, common), common)
    try:
        agent = _agent(common)
    except CliError:  # its service is stopped: then this is what one wants to know before starting it
        connection = _saved_by_service() if common.socket is None else None
        if connection is None:
            raise
        agent = None
    else:
        code = _through_agent(agent, common) if agent is not None else None
        if code is not None:
            return code
        connection = _saved_here()
    if connection is None:
        raise CliError(
            "There is no connection to check.",
            "Connect to Kafka first, or say what to check: --topic and --servers.",
            code=exits.NO_CONNECTION,
            name="not_connected",
        )
    say("No agent runs: checked from here, with the connection that it would use.")
    return _run_here(connection, common)


def _agent(common: Common) -> AgentClient | None:
    found = find(common)
    if not found.alive and common.socket is None:
        return None
    return AgentClient(found.socket, timeout_s=common.timeout_s)


def _through_agent(client: AgentClient, common: Common) -> int | None:
    """Let the agent check its connection; `None` where none answers and none was named."""

    async def act() -> int:
        try:
            return await _watch(client.check(), common)
        finally:
            await client.close()

    with errors_told(common):
        if common.json:
            client.on_body = put_json
        try:
            return asyncio.run(act())
        except AgentUnavailableError:
            if common.socket is not None:
                raise
            return None
        except RefusedError as error:
            missing = any(reason.code == _NOTHING for reason in error.errors)
            raise told(error, common, code=exits.NO_CONNECTION if missing else exits.ACT_FAILED) from None


def _given_connection(given: Given, common: Common) -> "Connection":
    from insights_tui.domain.validate import validate

    form = given.form()
    try:
        check_here(form)
        saved = _saved_here() if form.broker_password is None else None
        return validate(form, now=datetime.now(UTC), saved=saved).connection
    except RefusedError as error:
        raise told(error, common, code=exits.USAGE, printed=False) from None


def _saved_here() -> "Connection | None":
    """Read what is stored, or what the settings would seed; raises `CliError` 78."""
    from insights_tui.agent.peek import peek
    from insights_tui.agent.private_files import StateDirectoryError
    from insights_tui.domain.validate import validate
    from insights_tui.settings import SettingsError, seed_form

    settings = settings_of()
    try:
        stored = peek(settings.places.state_dir)
        form = seed_form(settings) if stored is None else None
    except StateDirectoryError as error:
        raise CliError(str(error), error.hint, code=exits.CONFIGURATION, name="configuration") from None
    except SettingsError as error:
        raise CliError(str(error), code=exits.CONFIGURATION, name="configuration") from None
    if stored is not None:
        return stored.connection
    return validate(form, now=datetime.now(UTC)).connection if form is not None else None


def _saved_by_service() -> "Connection | None":
    """Read what the stopped service would use, where this user may."""
    from insights_tui.agent.peek import peek
    from insights_tui.agent.private_files import StateDirectoryError

    try:
        stored = peek(settings_of(system=True).places.state_dir)
    except StateDirectoryError:
        return None
    return stored.connection if stored is not None else None


def _run_here(connection: "Connection", common: Common) -> int:
    from insights_tui.agent.checking import steps_of

    servers = [str(server) for server in connection.servers]
    return asyncio.run(_watch(steps_of(connection), common, servers, encode=common.json))


async def _watch(
    steps: AsyncGenerator[CheckStep | CheckVerdict, None],
    common: Common,
    servers: Sequence[str] = (),
    *,
    encode: bool = False,
) -> int:
    """Show the steps as they come; gives the exit code of the verdict."""
    table = None if common.json else CheckTable(servers)
    verdict: CheckVerdict | None = None
    async with aclosing(steps) as items:
        async for item in items:
            if encode:
                put_json(msgspec.json.encode(item))
            if table is not None:
                table.take(item)
            if isinstance(item, CheckVerdict):
                verdict = item
    return exits.FINE if verdict is not None and verdict.verdict == "ok" else exits.ACT_FAILED
