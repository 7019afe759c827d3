"""The demo without a screen: a line a second, then the closing report."""

import asyncio
import json
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from insights_tui.cli import exits
from insights_tui.cli.demo.closing import Answers, Closing, compare
from insights_tui.cli.demo.reader import TopicReader
from insights_tui.cli.demo.schedule import Schedule
from insights_tui.cli.demo.session import Session, algorithms, demo_session
from insights_tui.cli.output import CliError, put, put_json, say
from insights_tui.cli.status_text import state_word
from insights_tui.client.api import AgentClient
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import latency, rate

SETTLE_S = 15.0
"""Seconds after the last report for everything to be delivered and read back."""


def run(schedule: Schedule, *, socket: Path | None, as_json: bool) -> int:
    """Run it to the end and tell the exit code."""
    with demo_session(socket=socket) as session, TopicReader(session.bootstrap) as reader:
        say(f"DEMO: three brokers inside; algorithms report to {session.url}.")
        say(f"Look at it from elsewhere: insights-tui status --socket {session.socket}")
        with algorithms(session.url, schedule, quiet=False) as process:
            closing = asyncio.run(_Headless(session, reader, process, as_json=as_json).run())
    if as_json:
        put_json(json.dumps(closing.as_json()).encode())
    else:
        for line in closing.lines():
            put(line)
    return closing.code


class _Headless:
    def __init__(
        self, session: Session, reader: TopicReader, process: subprocess.Popen[bytes], *, as_json: bool
    ) -> None:
        self._session = session
        self._reader = reader
        self._process = process
        self._json = as_json
        self._answers = Answers()
        self._listener = threading.Thread(target=self._listen, name="demo-answers", daemon=True)
        self._body = b""
        self._started = time.monotonic()

    async def run(self) -> Closing:
        client = AgentClient(self._session.socket)
        client.on_body = self._keep
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
        self._listener.start()
        try:
            await self._watch(client, ended)
            self._end_algorithms()
            return await self._settle(client)
        finally:
            await client.close()

    async def _watch(self, client: AgentClient, ended: asyncio.Event) -> None:
        while self._process.poll() is None and not ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), 1.0)
            self._show(await client.snapshot())
        if self._process.returncode:
            raise CliError(f"The algorithms ended with code {self._process.returncode}.", code=exits.ACT_FAILED)

    def _end_algorithms(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        self._listener.join()
        self._reported_s = time.monotonic() - self._started

    async def _settle(self, client: AgentClient) -> Closing:
        """Wait until everything accepted is delivered and read back, bounded."""
        until = time.monotonic() + SETTLE_S
        while True:
            snapshot = await client.snapshot()
            check = compare(
                self._answers,
                set(self._reader.numbers),
                doubled=self._reader.doubled,
                forgotten=self._reader.forgotten,
            )
            if (not snapshot.counts.pending and not check.missing) or time.monotonic() > until:
                return Closing(snapshot, self._answers, check, self._reported_s)
            await asyncio.sleep(0.1)

    def _listen(self) -> None:
        """Collect what the algorithms were answered."""
        if self._process.stdout is None:
            return
        for line in self._process.stdout:
            said = json.loads(line)
            self._answers.accepted.update(said["accepted"])
            self._answers.in_doubt.update(said["in_doubt"])
            self._answers.refused += said["refused"]

    def _show(self, snapshot: Snapshot) -> None:
        if self._json:
            put_json(self._body)
            return
        counts = snapshot.counts
        put(
            f"{time.monotonic() - self._started:5.0f} s  {state_word(snapshot.state):<12}"
            f"  accepted {counts.accepted:>9,}  {rate(snapshot.rates.accepted_per_s):>8}"
            f"  pending {counts.pending:>7,}  delivered {counts.delivered:>9,}  lost {snapshot.lost_open:,}"
            f"  p99 {latency(snapshot.latency.p99)}"
        )

    def _keep(self, body: bytes) -> None:
        self._body = body
