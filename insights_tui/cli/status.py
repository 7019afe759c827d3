"""`status`: how delivery is, once or as it changes, with an exit code for scripts and monitors."""

import asyncio
import signal
from contextlib import suppress
from datetime import UTC, datetime

import click

from insights_tui.cli import exits
from insights_tui.cli.options import Common, common_of, common_options
from insights_tui.cli.output import clean, put, put_json
from insights_tui.cli.reach import speak, verbatim
from insights_tui.cli.status_text import lines, watch_line
from insights_tui.client.api import AgentClient
from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import clock_time

WATCH_S = 1.0


@click.command("status")
@click.option("--watch", is_flag=True, help="Look once a second and print a line when something changed; ctrl+c ends.")
@common_options
@click.pass_context
def command(context: click.Context, watch: bool) -> int:
    """Tell how delivery is; the exit code tells it too (no agent 4, lost 6, no connection 3, not delivering 5)."""
    common = common_of(context)

    async def once(client: AgentClient) -> int:
        verbatim(client, common)
        snapshot = await client.snapshot()
        if not common.json:
            for line in lines(snapshot):
                put(line)
        return exits.of_snapshot(snapshot)

    async def watching(client: AgentClient) -> int:
        return await _Watch(client, common).run()

    return speak(common, watching if watch else once)


class _Watch:
    """The plain twin of the screen: each line stands alone, and silence means that nothing changed."""

    def __init__(self, client: AgentClient, common: Common) -> None:
        self._client = client
        self._json = common.json
        self._body = b""
        self._last = ""
        self._code = exits.NO_AGENT
        client.on_body = self._keep

    async def run(self) -> int:
        """Print until SIGINT or SIGTERM; tell the exit code of the last state seen."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
        while not ended.is_set():
            await self._look()
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), WATCH_S)
        return self._code

    async def _look(self) -> None:
        try:
            snapshot = await self._client.snapshot()
        except AgentUnavailableError as error:
            self._code = exits.NO_AGENT
            self._print(f"no agent | {clean(str(error))} {clean(error.hint)}", None)
            return
        self._code = exits.of_snapshot(snapshot)
        self._print(watch_line(snapshot), snapshot)

    def _print(self, line: str, snapshot: Snapshot | None) -> None:
        if self._json:
            key = f"{snapshot.agent.id} {snapshot.seq}" if snapshot is not None else line
            if key != self._last and snapshot is not None:
                put_json(self._body)
            self._last = key
        elif line != self._last:
            at = snapshot.as_of if snapshot is not None else datetime.now(UTC)
            put(f"{clock_time(at)} {line}")
            self._last = line

    def _keep(self, body: bytes) -> None:
        self._body = body
