"""HTTP ingest beside a bare server: `python benchmarks/ingest.py [--seconds N] [--rounds N] [--profile]`.

Each server runs in a process of its own on uvloop; `wrk` loads both in turn over 64 keep-alive connections, so that
whatever else the machine does hits both. The agent's side is the whole of it up to an engine that takes and forgets;
the bare side is uvicorn's own protocol with a raw ASGI callable that reads the body and answers 200.
"""

import argparse
import asyncio
import cProfile
import json
import pstats
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import psutil
import uvloop
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import Server

from insights_tui.agent.control import Control
from insights_tui.agent.http.server import HttpServer, HttpSettings
from insights_tui.domain.clock import SystemClock
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.payload import Draft

CONNECTIONS = 64
LINES = 100
METRICS = {f"metric_{number:02}_of_the_model": number * 1.5 for number in range(8)}
REPORT = json.dumps([{"insight_key": name, "insight_value": value} for name, value in METRICS.items()])
BATCH = "\n".join([json.dumps(METRICS)] * LINES)


class _Forgets:
    def fill(self) -> float:
        """Never full."""
        return 0.0

    async def accept(self, drafts: Sequence[Draft], ended: Sequence[bytes] = ()) -> None:
        """Take and forget."""

    def refused(self, reason: Refusal, count: int = 1) -> None:
        raise AssertionError(f"{count} refused: {reason}")

    def note(self, occurrence: Occurrence) -> None:
        raise AssertionError(occurrence.text)


async def _bare(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"17")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"response":"ok"}'})


async def _serve_agent(folder: Path) -> None:
    settings = HttpSettings(folder / "s", "127.0.0.1:0")
    server = HttpServer(settings, _Forgets(), cast("Control", None), SystemClock())
    await server.start()
    print(server.url, flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await server.stop(1.0)


async def _serve_bare() -> None:
    config = Config(
        _bare, port=0, http="httptools", ws="none", lifespan="off", interface="asgi3", log_config=None, access_log=False
    )
    server = Server(config)
    serving = asyncio.ensure_future(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn tells its start by no event
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}", flush=True)
    await serving


def serve(which: str, *, profile: bool) -> None:
    """Run one server until SIGTERM."""
    profiler = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder:
        if profile:
            profiler.enable()
        try:
            uvloop.run(_serve_agent(Path(folder)) if which == "agent" else _serve_bare())
        finally:
            if profile:
                profiler.disable()
                pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(28)


@contextmanager
def _running(which: str, *, profile: bool) -> Iterator[tuple[str, psutil.Process]]:
    command = [sys.executable, __file__, "--serve", which, *(["--profile"] if profile else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), psutil.Process(process.pid)
    finally:
        process.terminate()
        process.communicate()


def _load(server: tuple[str, psutil.Process], path: str, kind: str, body: str, seconds: float) -> tuple[float, float]:
    """Measure requests and CPU microseconds of a request; ends the run where one is not answered 200."""
    url, process = server
    before = process.cpu_times()
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "{kind}"\nwrk.body = {json.dumps(body)}\n')
        script.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "-s", script.name, url + path]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise SystemExit(f"Not all were answered 200:\n{done.stdout}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    after = process.cpu_times()
    count = re.search(r"(\d+) requests in", done.stdout)
    assert count is not None, done.stdout
    used = after.user + after.system - before.user - before.system
    return float(found.group(1)), used / int(count.group(1)) * 1e6


def main() -> None:
    """Run both, print the rates and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="print where the servers spend their time")
    parser.add_argument("--serve", choices=["agent", "bare"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, profile=options.profile)
        return
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    loads = {
        f"single payloads, {len(REPORT)} B": (("/v1/insights", "application/json", REPORT), 1),
        f"NDJSON, {LINES} lines of {len(BATCH) // LINES} B": (("/v1/payloads", "application/x-ndjson", BATCH), LINES),
    }
    with _running("agent", profile=options.profile) as agent, _running("bare", profile=False) as bare:
        for name, (load, each) in loads.items():
            measured = [
                [_load(server, *load, options.seconds) for server in (agent, bare)] for _ in range(options.rounds)
            ]
            (ours, our_cpu), (theirs, their_cpu) = (
                [statistics.median(values) for values in zip(*rounds, strict=True)]
                for rounds in zip(*measured, strict=True)
            )
            print(f"{name}, {CONNECTIONS} connections, median of {options.rounds}:")
            print(f"  payloads/s: agent {ours * each:,.0f}, bare {theirs * each:,.0f}, ratio {ours / theirs:.2f}")
            print(f"  CPU of the server, µs a payload: agent {our_cpu / each:.1f}, bare {their_cpu / each:.1f}")


if __name__ == "__main__":
    main()
