"""From the common options to an agent: which one, and what its errors mean as exit codes."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from insights_tui.cli import exits
from insights_tui.cli.options import Common
from insights_tui.cli.output import CliError, put_error_json, put_json, say_field_error
from insights_tui.client.api import AgentClient
from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.places import Found, Places, SocketRefusedError, find_socket, places

if TYPE_CHECKING:
    from insights_tui.settings import Settings

NOT_CONNECTED = "not_connected"
"""The API's error code where a connection is needed and none is configured."""


def find(common: Common) -> Found:
    """Find the agent that is meant (`interface.md`, Which agent?).

    Raises `CliError` where it exists and refuses, or its service is stopped.
    """
    try:
        return find_socket(common.socket, own=_own_places(common))
    except SocketRefusedError as error:
        raise CliError(str(error), error.hint, code=exits.NO_AGENT, name="no_agent") from None


def _own_places(common: Common) -> Places | None:
    """Read the settings file where it may say where the socket is, and only then: reading settings takes a while."""
    if common.socket is not None or "INSIGHTS_SOCKET" in os.environ:
        return None
    try:
        text = places().config_file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return settings_of().places if "socket" in text or "state_dir" in text else None


def settings_of(flags: Mapping[str, object] | None = None, *, system: bool = False) -> "Settings":
    """Read the settings; raises `CliError` 78 with every problem, each naming its file and key."""
    from insights_tui.settings import SettingsError, load_settings

    try:
        return load_settings(flags, system=system)
    except SettingsError as error:
        raise CliError(str(error), code=exits.CONFIGURATION, name="configuration") from None


def speak(common: Common, act: Callable[[AgentClient], Awaitable[int]]) -> int:
    """Run `act` with a client of the agent and return its exit code; raises `CliError` for what went wrong."""
    with errors_told(common):
        return asyncio.run(_speak(find(common).socket, common, act))


@contextmanager
def errors_told(common: Common) -> Iterator[None]:
    """Turn what an agent's client raises into words and a `CliError`."""
    try:
        yield
    except AgentUnavailableError as error:
        raise CliError(str(error), error.hint, code=exits.NO_AGENT, name="no_agent") from None
    except RefusedError as error:
        raise told(error, common) from None


async def _speak(socket: Path, common: Common, act: Callable[[AgentClient], Awaitable[int]]) -> int:
    client = AgentClient(socket, timeout_s=common.timeout_s)
    try:
        return await act(client)
    finally:
        await client.close()


def verbatim(client: AgentClient, common: Common) -> None:
    """From here on print each answer of the agent as it came, where `--json` asks for that."""
    if common.json:
        client.on_body = put_json


def told(error: RefusedError, common: Common, *, code: int | None = None, printed: bool = True) -> CliError:
    """Print every reason of a refusal and give what ends the verb.

    `printed` says that the agent's own answer has been printed already (`verbatim`).
    """
    if common.json and not printed:
        put_error_json(error.errors)
    for reason in error.errors:
        say_field_error(reason)
    if code is None:
        code = exits.NO_CONNECTION if _needs_connection(error.errors) else exits.ACT_FAILED
    return CliError(str(error), code=code, shown=True)


def _needs_connection(errors: tuple[FieldError, ...]) -> bool:
    return any(error.code == NOT_CONNECTED for error in errors)
