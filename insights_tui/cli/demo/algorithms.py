"""The demo's algorithms: a process of its own that posts over HTTP, so that neither screen nor agent is starved.

It prints a JSON object a tick with what was answered since the last one, and ends when its standard input does: no
algorithm outlives the demo.
"""

import argparse
import asyncio
import json
import signal
import sys
from contextlib import suppress
from random import Random
from urllib.parse import urlsplit

from insights_tui.cli.demo.reports import Call, call
from insights_tui.cli.demo.schedule import Schedule

CONNECTIONS = 24
TICK_S = 0.02
TELL_S = 0.1
AHEAD = 2_000
"""Payloads that may wait for a connection; beyond it the flow lags behind and catches up later."""
ANSWER_S = 10.0


class Algorithms:
    """Posts what is due and keeps account of the answers."""

    def __init__(self, url: str, schedule: Schedule, *, quiet: bool, seed: int = 1) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._schedule = schedule
        self._quiet = quiet
        self._random = Random(seed)  # noqa: S311 - believable numbers, no secrets
        self._waiting: asyncio.Queue[int] = asyncio.Queue()
        self._issued = 0
        self._answered = 0
        self._accepted: list[int] = []
        self._in_doubt: list[int] = []
        self._refused = 0

    async def run(self) -> None:
        """Post until everything is answered, or standard input ends."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin.fileno(), ended.set)
        workers = [asyncio.create_task(self._work()) for _ in range(CONNECTIONS)]
        try:
            await self._issue(ended)
        finally:
            loop.remove_reader(sys.stdin.fileno())
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            self._tell()

    async def _issue(self, ended: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        started = told = loop.time()
        total = self._schedule.total
        while not ended.is_set() and (total is None or self._answered < total):
            now = loop.time()
            due = self._schedule.due(now - started)
            while self._issued < due and self._waiting.qsize() < AHEAD:
                self._issued += 1
                self._waiting.put_nowait(self._issued)
            if now - told >= TELL_S:
                told = now
                self._tell()
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), TICK_S)

    async def _work(self) -> None:
        """Hold one connection, and make a new one where it ends."""
        while True:
            try:
                reader, writer = await asyncio.open_connection(self._host, self._port)
            except OSError:
                await asyncio.sleep(0.2)
                continue
            try:
                await self._post(reader, writer)
            except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
                continue
            finally:
                writer.close()

    async def _post(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            number = await self._waiting.get()
            status = 0
            try:
                writer.write(self._request(call(number, self._random)))
                async with asyncio.timeout(ANSWER_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                    await reader.readexactly(_length(head))
                status = int(head[9:12])
            finally:
                self._answered += 1
                if 200 <= status < 300:
                    self._accepted.append(number)
                elif status:
                    self._refused += 1
                else:
                    self._in_doubt.append(number)

    def _request(self, report: Call) -> bytes:
        head = (
            f"POST {report.path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(report.body)}\r\n\r\n"
        )
        return head.encode("ascii") + report.body

    def _tell(self) -> None:
        if not self._quiet and (self._accepted or self._refused or self._in_doubt):
            said = {"accepted": self._accepted, "refused": self._refused, "in_doubt": self._in_doubt}
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()
        self._accepted, self._in_doubt, self._refused = [], [], 0


def _length(head: bytes) -> int:
    """Read the length of an answer's body; raises `ValueError` where there is none."""
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    if not found:
        raise ValueError("an answer without a length")
    return int(rest.split(b"\r\n", 1)[0])


def main() -> None:
    """Run until everything is answered."""
    import uvloop

    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--quiet", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c reaches the whole group; the demo ends us in its own time
    algorithms = Algorithms(options.url, Schedule(options.rate, options.seconds), quiet=options.quiet)
    with suppress(BrokenPipeError), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(algorithms.run())


if __name__ == "__main__":
    main()
