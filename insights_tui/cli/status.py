"""`status`: how delivery is, once or as it changes, with an exit code for scripts and monitors."""

import asyncio
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import click

from insights_tui.cli import exits
from insights_tui.cli.options import Common, common_of, common_options
from insights_tui.cli.output import clean, put, put_json
from insights_tui.cli.reach import speak, verbatim
from insights_tui.cli.status_text import lines
from insights_tui.cli.watch_text import matters, moves, watch_line
from insights_tui.client.api import AgentClient
from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import clock_time

WATCH_S = 1.0
COUNTS_S = 10.0
"""Between two lines that tell nothing but counts: whoever listens must be able to follow."""


@click.command("status")
@click.option(
    "--watch", is_flag=True, help="Print a line when something turned, and every 10 s where counts moved; ctrl+c ends."
)
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
        self._key: tuple[object, ...] = ()
        self._moved: tuple[object, ...] = ()
        self._told_at = 0.0
        self._before: Snapshot | None = None
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
            away: tuple[object, ...] = ("no agent", str(error))
            if away != self._key and not self._json:
                put(f"{clock_time(datetime.now(UTC))} no agent | {clean(str(error))} {clean(error.hint)}{self._left()}")
            self._key = away
            return
        self._code = exits.of_snapshot(snapshot)
        if self._json:
            self._put_json(snapshot)
            return
        now = asyncio.get_running_loop().time()
        key, moved = matters(snapshot), moves(snapshot)
        if key == self._key and (moved == self._moved or now - self._told_at < COUNTS_S):
            return
        put(f"{clock_time(snapshot.as_of)} {watch_line(snapshot, self._before)}")
        self._key, self._moved, self._told_at, self._before = key, moved, now, snapshot

    def _left(self) -> str:
        """Say what the agent had last: its deadlines run on without it."""
        last = self._before
        if last is None or not last.counts.pending or last.next_loss_s is None:
            return ""
        lost_at = clock_time(last.as_of + timedelta(seconds=last.next_loss_s))
        return f" | {last.counts.pending:,} pending when it was last seen; deadlines run on, the next is at {lost_at}"

    def _put_json(self, snapshot: Snapshot) -> None:
        key = (snapshot.agent.id, snapshot.seq)
        if key != self._key:
            put_json(self._body)
        self._key = key

    def _keep(self, body: bytes) -> None:
        self._body = body
