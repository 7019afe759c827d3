"""What an agent costs while nothing happens: CPU and memory of the process, connected and unconnected.

Run: `python benchmarks/idle.py [--seconds 20]`. The peer in the same run is a Python process that only sleeps in an
asyncio loop: below it no agent in Python can get.
"""

import argparse
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from confluent_kafka import Producer

SETTLE_S = 3.0
"""Seconds after the start that are not measured."""
_BARE = "import asyncio; asyncio.run(asyncio.sleep(3600))"


def _measure(command: list[str], environ: dict[str, str], seconds: float) -> tuple[float, float]:
    """Give the CPU share in percent of one core, and the resident memory in MB."""
    process = subprocess.Popen(command, env={**os.environ, **environ}, stderr=subprocess.DEVNULL)
    try:
        watched = psutil.Process(process.pid)
        time.sleep(SETTLE_S)
        before, started = watched.cpu_times(), time.monotonic()
        time.sleep(seconds)
        after, elapsed = watched.cpu_times(), time.monotonic() - started
        used = after.user + after.system - before.user - before.system
        return 100 * used / elapsed, watched.memory_info().rss / 1e6
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    """Measure the three in turn and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    cluster = Producer({"test.mock.num.brokers": 3, "bootstrap.servers": "unused"}, logger=logging.getLogger("mock"))
    cluster.produce("insights", b"{}")
    cluster.flush(10)
    servers = ",".join(f"{broker.host}:{broker.port}" for broker in cluster.list_topics(timeout=10).brokers.values())
    agent = [sys.executable, "-m", "insights_tui.cli.main", "agent"]
    with tempfile.TemporaryDirectory(prefix="insights-idle-") as folder:
        alone = {"INSIGHTS_STATE_DIR": str(Path(folder) / "alone"), "INSIGHTS_LISTEN": "127.0.0.1:0"}
        connected = {
            "INSIGHTS_STATE_DIR": str(Path(folder) / "connected"),
            "INSIGHTS_LISTEN": "127.0.0.1:0",
            "INSIGHTS_CONNECTION__TOPIC": "insights",
            "INSIGHTS_CONNECTION__SERVERS": servers,
        }
        for name, command, environ in (
            ("bare asyncio loop", [sys.executable, "-c", _BARE], {}),
            ("agent, unconnected", agent, alone),
            ("agent, three brokers", agent, connected),
        ):
            cpu, memory = _measure(command, environ, seconds)
            print(f"{name:22} {cpu:5.2f} % of a core  {memory:6.1f} MB resident", flush=True)


if __name__ == "__main__":
    main()
