"""Issue 6: the example service under load with Kafka up, frozen and gone. Its clients must not notice.

    python -m benchmarks.example_service [--seconds 10] [--connections 20] [--pause-ms 15]

Needs wrk. Each phase has the same load, paced so that the machine is not the bottleneck; first without Insights
(`INSIGHTS_URL=none`), as the measure of the others. Prints rate, p50, p99 and errors of each, and afterwards how often
the topic holds the payload of each answered request. Exits 1 where one is missing or there twice, or a request failed.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness.agent import Agent, load_now
from benchmarks.harness.kafka import make_topic, running
from tests.kafka_cluster import Cluster
from tests.kafka_cluster.ports import free_ports
from tests.support import wait_for

TOPIC = "insights"
BODY = {"income": 52000, "debt": 31000, "years_employed": 4, "missed_payments": 0}
_SCRIPT = """\
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = %(body)s
local kept = io.open(%(kept)s, "w")
kept:setvbuf("full", 1048576)
function delay() return %(pause_ms)d end
function response(status, headers, body) kept:write(status, " ", body, "\\n") end
"""
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Phase:
    """What clients saw."""

    name: str
    per_s: float
    p50_ms: float
    p99_ms: float
    errors: int
    """Answers that were no decision, and connections that broke."""
    ids: list[str] = field(repr=False)
    """Request ids of the decisions."""


@contextmanager
def service(url: str) -> Iterator[str]:
    """Run the example as its README says; gives its URL."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "uvicorn", "examples.credit_card_approval.service:app", "--port", str(port)]
    environ = {**os.environ, "INSIGHTS_URL": url}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with subprocess.Popen([*command, "--no-access-log", "--log-level", "warning"], cwd=_ROOT, env=environ) as process:
        try:
            at = f"http://127.0.0.1:{port}"
            wait_for(lambda: _listens(f"{at}/healthz"), "the service answers")
            yield at
        finally:
            process.terminate()
            process.wait(30)


def _listens(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own service
            return True
    except OSError:
        return False


def load(name: str, url: str, seconds: float, connections: int, pause_ms: int) -> Phase:
    """Load the service and keep every answer."""
    with tempfile.TemporaryDirectory(prefix="insights-wrk-") as folder:
        kept, script = Path(folder) / "answers", Path(folder) / "load.lua"
        values = {"body": json.dumps(json.dumps(BODY)), "kept": json.dumps(str(kept)), "pause_ms": pause_ms}
        script.write_text(_SCRIPT % values)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", "--timeout", "10s"]
        done = subprocess.run(
            [*command, "-s", str(script), f"{url}/v1/decisions"], capture_output=True, text=True, check=True
        )
        rows = [row.partition(" ") for row in kept.read_text().splitlines()]
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", done.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert rate is not None, done.stdout
    answers = [json.loads(body) for status, _, body in rows if status == "200"]
    errors = len(rows) - len(answers) + (sum(map(int, broken.groups())) if broken else 0)
    return Phase(
        name, float(rate[1]), _percentile(done.stdout, 50), _percentile(done.stdout, 99), errors,
        [answer["request_id"] for answer in answers],
    )  # fmt: skip


def _percentile(told: str, which: int) -> float:
    found = re.search(rf"{which}%\s+([\d.]+)(us|ms|s|m)\b", told)
    assert found is not None, told
    return float(found[1]) * _UNITS[found[2]]


def run(cluster: Cluster, options: argparse.Namespace, say: Callable[[str], None]) -> tuple[list[Phase], Counter[str]]:
    """Go through the phases; gives what clients saw and how often each request id is in the topic."""
    make_topic(cluster, TOPIC)
    agent = Agent(cluster.plaintext, TOPIC)
    phases: list[Phase] = []

    def phase(name: str, url: str) -> None:
        phases.append(load(name, url, options.seconds, options.connections, options.pause_ms))
        seen = phases[-1]
        say(
            f"{name:<22} {seen.per_s:>7,.0f}/s   p50 {seen.p50_ms:6.2f} ms   p99 {seen.p99_ms:6.2f} ms   "
            f"errors {seen.errors}   answered {len(seen.ids):,}"
        )

    try:
        agent.launch()
        agent.wait_listening()
        agent.wait_until(lambda seen: bool(seen["state"] == "connected"), "the agent is connected")
        with service("none") as url:
            load("warm-up", url, 2, options.connections, options.pause_ms)
            phase("without Insights", url)
        phases[0].ids.clear()
        with service(f"http://127.0.0.1:{agent.port}") as url:
            phases.append(load("warm-up", url, 2, options.connections, options.pause_ms))
            phase("Kafka up", url)
            cluster.freeze(1)
            phase("Kafka frozen", url)
            cluster.kill(1)
            phase("Kafka gone", url)
            waiting = agent.snapshot()["counts"]
            cluster.restart(1)
            say(f"Kafka is back; {waiting['accepted'] - waiting['delivered']:,} wait in the agent")
            phase("Kafka back", url)
        seen = agent.wait_until(
            lambda snapshot: not any(snapshot["counts"][name] for name in ("queued", "in_flight", "retrying")),
            "everything is delivered",
            timeout_s=120,
        )
        say(f"agent: {json.dumps(seen['counts'])}, refused {sum(seen['refused'].values())}")
        records = cluster.read_all(TOPIC, timeout_s=120)
        return phases, Counter(json.loads(record.value)["request_id"] for record in records)
    finally:
        agent.close()


def main() -> int:
    """Run it and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each phase")
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--pause-ms", type=int, default=15, help="of each connection between two requests")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    with running(1) as cluster:
        phases, topic = run(cluster, options, lambda text: print(text, flush=True))
    answered = [each for phase in phases for each in phase.ids]
    missing = [each for each in answered if topic[each] == 0]
    twice = [each for each in answered if topic[each] > 1]
    cut = len(topic.keys() - set(answered))
    errors = sum(phase.errors for phase in phases)
    once = len(answered) - len(missing) - len(twice)
    print(
        f"answered {len(answered):,}; of these in the topic exactly once {once:,}, never {len(missing)}, "
        f"more than once {len(twice)}; errors {errors}\n"
        f"and {cut} payloads of requests that wrk did not wait for (at the end of a phase, at most "
        f"{options.connections} each)\nload {load_now()}"
    )
    return 1 if missing or twice or errors else 0


if __name__ == "__main__":
    sys.exit(main())
