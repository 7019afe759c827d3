"""What the SDK's middleware adds to a request: p50 and p99, paired in one run beside the same service without it.

    python benchmarks/sdk.py [--seconds 3] [--rounds 6] [--calls 20000] [--connections 8] [--pause-ms 8]

Two measures. Inside: the application is called in one loop, once without and once with the middleware in turn, with
the thread that sends to a real agent beside it. Over HTTP: wrk loads two uvicorn servers in turn (needs wrk), paced,
so that the processors are not what a request waits for; the servers' own CPU time is the figure that other work on the
machine disturbs least. Goal: 50 µs at p50.
"""

import argparse
import asyncio
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil
from fastapi import FastAPI

from benchmarks.harness.agent import Agent, load_now
from insights_tui import sdk

GOAL_US = 50.0


def application(*, wrapped: bool) -> FastAPI:
    """Make a service whose handler reports two metrics."""
    app = FastAPI()
    if wrapped:
        app.add_middleware(sdk.AsgiMiddleware, algorithm="acme/credit_score/1.0.6")

    @app.get("/")
    async def score() -> dict[str, float]:
        if wrapped:
            sdk.report(risk_score=0.205, approved=True)
        return {"risk_score": 0.205}

    return app


async def inside(calls: int, pause_s: float) -> tuple[list[float], list[float]]:
    """Call both in turn; gives the microseconds of each call, without and with."""
    plain, wrapped = application(wrapped=False), application(wrapped=True)
    times: tuple[list[float], list[float]] = ([], [])

    async def send(_message: Any) -> None:
        """Throw the answer away."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    for number in range(2 * calls):
        app, taken = ((plain, times[0]), (wrapped, times[1]))[number % 2]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": "/",
            "raw_path": b"/", "root_path": "", "scheme": "http", "query_string": b"", "headers": [],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
        }  # fmt: skip
        began = time.perf_counter()
        await app(scope, receive, send)
        taken.append((time.perf_counter() - began) * 1e6)
        if number % 10 == 0:
            await asyncio.sleep(pause_s)
    return times


@contextmanager
def _served(which: str, agent: str) -> Iterator[tuple[str, psutil.Process]]:
    command = [sys.executable, __file__, "--serve", which, "--agent", agent]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), psutil.Process(process.pid)
        finally:
            process.terminate()


def serve(which: str, agent: str) -> None:
    """Serve one of the two until SIGTERM."""
    import uvicorn

    sdk.configure(agent)
    config = uvicorn.Config(application(wrapped=which == "wrapped"), port=0, log_level="critical", access_log=False)

    async def until_ended() -> None:
        server = uvicorn.Server(config)
        serving = asyncio.ensure_future(server.serve())
        while not server.started:  # noqa: ASYNC110  # uvicorn tells its start by no event
            await asyncio.sleep(0.01)
        print(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/", flush=True)
        await serving

    asyncio.run(until_ended())


def over_http(server: tuple[str, psutil.Process], options: argparse.Namespace) -> tuple[float, float, float, float]:
    """Load by wrk; gives requests/s, p50 and p99 and the server's CPU time of a request, in microseconds."""
    url, process = server
    before = process.cpu_times()
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f"function delay() return {options.pause_ms} end\n")
        script.flush()
        command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds:g}s", "--latency", "-s", script.name]
        told = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(f"Not all were answered 200:\n{told}")
    after = process.cpu_times()
    rate, count = (re.search(pattern, told) for pattern in (r"Requests/sec:\s+([\d.]+)", r"(\d+) requests in"))
    found = [re.search(rf"{which}%\s+([\d.]+)(us|ms|s)\b", told) for which in (50, 99)]
    assert rate is not None, told
    assert count is not None, told
    p50, p99 = (float(each[1]) * {"us": 1.0, "ms": 1e3, "s": 1e6}[each[2]] for each in found if each is not None)
    used = after.user + after.system - before.user - before.system
    return float(rate[1]), p50, p99, used / int(count[1]) * 1e6


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


def main() -> int:
    """Measure both ways and print them; exits 1 where the goal is missed inside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each load over HTTP")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--calls", type=int, default=20_000, help="inside, of each kind")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--pause-ms", type=int, default=8, help="of each connection between two requests")
    parser.add_argument("--serve", choices=["plain", "wrapped"], help=argparse.SUPPRESS)
    parser.add_argument("--agent", default="none", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.agent)
        return 0
    agent = Agent(None, "insights")
    try:
        agent.launch()
        agent.wait_listening()
        url = f"http://127.0.0.1:{agent.port}"
        sdk.configure(url)
        plain, wrapped = asyncio.run(inside(options.calls, 0.0005))
        sdk.flush(10)
        added = [_percentile(wrapped, share) - _percentile(plain, share) for share in (0.5, 0.99)]
        print(f"inside, {options.calls:,} calls of each in turn (µs):")
        for name, values in (("without", plain), ("with", wrapped)):
            print(f"  {name:<8} p50 {_percentile(values, 0.5):7.1f}   p99 {_percentile(values, 0.99):7.1f}")
        print(f"  added    p50 {added[0]:7.1f}   p99 {added[1]:7.1f}   (goal: {GOAL_US:g} at p50)")
        print(f"  SDK: {sdk.stats()}")
        if shutil.which("wrk") is not None:
            _over_http(url, options)
    finally:
        agent.close()
    print(f"load {load_now()}")
    return 0 if added[0] <= GOAL_US else 1


def _over_http(agent: str, options: argparse.Namespace) -> None:
    with _served("plain", agent) as plain, _served("wrapped", agent) as wrapped:
        for server in (plain, wrapped):
            over_http(server, options)
        rounds = [[over_http(server, options) for server in (plain, wrapped)] for _ in range(options.rounds)]
    print(f"over HTTP, wrk with {options.connections} connections, median of {options.rounds} rounds (µs):")
    for place, name in enumerate(("without", "with")):
        rate, p50, p99, cpu = (statistics.median(each[place][figure] for each in rounds) for figure in range(4))
        print(f"  {name:<8} p50 {p50:7.1f}   p99 {p99:7.1f}   CPU {cpu:6.1f}   at {rate:,.0f}/s")
    p50, p99, cpu = (statistics.median(each[1][figure] - each[0][figure] for each in rounds) for figure in (1, 2, 3))
    print(f"  added    p50 {p50:7.1f}   p99 {p99:7.1f}   CPU {cpu:6.1f}   (sending included)")


if __name__ == "__main__":
    sys.exit(main())
