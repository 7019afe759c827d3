"""A steady flow of payloads from a process of its own: `python -m benchmarks.harness.flood PORT PER_S`.

The bodies are made before the first is posted, so that the load itself costs the machine little.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from random import Random

from benchmarks.harness.wire import Wire
from insights_tui.cli.demo.reports import call

_ROOT = Path(__file__).resolve().parents[2]
_CALLS_PER_S = 100.0
_MADE = 20_000
"""Different payloads; they come again in turn."""
_CONNECTIONS = 2


def bodies(lines: int) -> list[bytes]:
    """Make NDJSON of what the demo's algorithms report, so many lines each."""
    random = Random(7)  # noqa: S311 - made-up load, the same each run
    calls = (call(number, random) for number in range(_MADE * 2))
    rows = [one.body for one in calls if one.path == "/v1/payloads"][:_MADE]
    return [b"\n".join(rows[start : start + lines]) for start in range(0, len(rows) - lines + 1, lines)]


def _post(port: int, made: list[bytes], gap_s: float, began: float) -> None:
    due = began
    with Wire(("127.0.0.1", port)) as wire:
        for body in cycle(made):
            due = max(due + gap_s, time.monotonic() - 0.1)
            time.sleep(max(0.0, due - time.monotonic()))
            wire.post("/v1/payloads", body)  # refused or not: what was accepted is the agent's own figure


def flood(port: int, per_s: float) -> None:
    """Post for ever."""
    calls_per_s = min(_CALLS_PER_S, per_s / 10)
    made = bodies(round(per_s / calls_per_s))
    began = time.monotonic()
    for number in range(_CONNECTIONS):
        gap_s = _CONNECTIONS / calls_per_s
        threading.Thread(target=_post, args=(port, made[number:], gap_s, began + number * gap_s / 2)).start()


@contextmanager
def flooding(port: int, per_s: float, env: Mapping[str, str]) -> Iterator[None]:
    """Post from another process while the `with` lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.harness.flood", str(port), str(per_s)], cwd=_ROOT, env=dict(env)
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    flood(int(sys.argv[1]), float(sys.argv[2]))
