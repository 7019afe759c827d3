"""`python docs/pictures.py`: make the pictures of the README from the real screens.

Three real brokers, a real agent, algorithms that report; then one broker is frozen. What is photographed is the
interface of this checkout, attached to that agent:

* `insights.svg`: the page that somebody woken at night sees;
* `check.svg`: the connection form with its test, which finds the frozen broker step by step;
* `algorithms.svg`: what reports, with the metrics of one.

The snapshot of that moment is kept for the tests too (`tests/snapshots/wire/recorded-frozen-broker.json`): afterwards
run `python -m tests.snapshots.update`. Needs what the tests with a real Kafka need: Java 17 and Maven. Takes about two
minutes.
"""

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
from textual.pilot import Pilot

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # run as a script: the tests' cluster is beside this folder

from insights_tui.client.api import AgentClient  # noqa: E402 - after the path is known
from insights_tui.client.decode import decode_snapshot  # noqa: E402 - likewise
from insights_tui.tui.app import InsightsApp  # noqa: E402 - likewise
from tests.kafka_cluster import Cluster  # noqa: E402 - likewise
from tests.snapshots import wire  # noqa: E402 - likewise
from tests.snapshots.screen_text import screen_text  # noqa: E402 - likewise
from tests.support import AgentProcess  # noqa: E402 - likewise
from tests.support.connect import connect_sasl  # noqa: E402 - likewise

TOPIC, FROZEN = "insights", 2
SIZE = (120, 40)
MOST_BYTES = 150_000
"""A picture is looked at over slow lines too."""
_RATES = ((320, None), (90, 45), (160, 20))
"""Payloads a second and for how many seconds: a trend with a shape."""
_WELL_S, _ILL_S = 60, 11
_PATIENCE_S = 90
_FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


@contextmanager
def reports(url: str) -> Iterator[None]:
    """Let the demo's algorithms report, each flow a process."""
    flows = []
    for rate, seconds in _RATES:
        command = [
            sys.executable,
            "-m",
            "insights_tui.cli.demo.algorithms",
            "--url",
            url,
            "--rate",
            str(rate),
            "--quiet",
        ]
        command += [] if seconds is None else ["--seconds", str(seconds)]
        flows.append(subprocess.Popen(command, stdin=subprocess.PIPE))  # noqa: S603 - our own program
    try:
        yield
    finally:
        for flow in flows:
            flow.communicate()  # it ends where its input ends


def tested(seen: str) -> bool:
    """Tell whether the test has ended."""
    return "Checking every server" not in seen and "Comparing the servers" in seen


class Camera:
    """The interface before the agent, and what is photographed of it."""

    def __init__(self, agent: AgentProcess) -> None:
        self._agent = agent

    async def take(self, name: str, *steps: str | Callable[[str], bool], size: tuple[int, int] = SIZE) -> None:
        """Press keys (a text) and wait for what the screen must show (a condition), then write the picture."""
        client = AgentClient(self._agent.socket)
        app = InsightsApp(client)
        async with app.run_test(size=size) as pilot:
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await self._follow(app, pilot, steps)
            except TimeoutError:
                raise SystemExit(f"{name}.svg: what was waited for never came.\n{screen_text(app)}") from None
            picture = _FONTS.sub("", app.export_screenshot(title="insights-tui"))  # nobody's font is fetched for it
        await client.close()
        if len(picture) > MOST_BYTES:
            raise SystemExit(f"{name}.svg has {len(picture):,} bytes: at most {MOST_BYTES:,}.")
        (HERE / f"{name}.svg").write_text(picture)
        sys.stdout.write(f"docs/{name}.svg  {len(picture):,} bytes\n")

    async def _follow(
        self, app: InsightsApp, pilot: Pilot[None], steps: tuple[str | Callable[[str], bool], ...]
    ) -> None:
        for step in steps:
            if isinstance(step, str):
                await pilot.press(step)
                continue
            while not step(screen_text(app)):
                await pilot.pause(0.1)
        await pilot.pause()


def record(agent: AgentProcess) -> None:
    """Keep the agent's own snapshot for the tests, without the name of this machine."""
    snapshot = decode_snapshot(agent.request("GET", "/v1/snapshot?history=300").raise_for_status().content)
    snapshot = replace(snapshot, agent=replace(snapshot.agent, host="prod-1", pid=42))
    (wire.FOLDER / f"{wire.RECORDED}frozen-broker.json").write_bytes(wire.write(snapshot))


async def photograph(cluster: Cluster, agent: AgentProcess) -> None:
    """Let it go well, then ill, and photograph what is seen."""
    camera = Camera(agent)
    await asyncio.sleep(_WELL_S)  # the trends need something to show
    await camera.take(
        "algorithms", "6", lambda seen: "not taken in" in seen, "enter", lambda seen: "reports" in seen, size=(100, 26)
    )
    cluster.freeze(FROZEN)
    await asyncio.sleep(_ILL_S)
    await camera.take("insights", lambda seen: "DEGRADED" in seen)
    record(agent)
    await camera.take("check", "c", lambda seen: "unchanged" in seen, "ctrl+t", tested)


def main() -> None:
    """Start everything, take the pictures, end everything."""
    cluster = Cluster.start(nodes=3)
    agent = AgentProcess({"INSIGHTS_INSTALLATION": "prod-eu"}).start()
    try:
        cluster.create_topic(TOPIC, partitions=12)
        cluster.grant("insights", TOPIC, ["WRITE", "DESCRIBE"])
        connect_sasl(agent, cluster, TOPIC)
        with reports(agent.url):
            turn_one_off(agent)
            asyncio.run(photograph(cluster, agent))
    finally:
        agent.close()
        cluster.stop()


def turn_one_off(agent: AgentProcess) -> None:
    """Let two more versions report, and turn one off: the list shows that too."""
    for version in ("2.1.0", "2.0.4"):
        report(agent, version)
    agent.cli("algorithms", "disable", "acme/fraud/2.0.4").check_returncode()
    report(agent, "2.0.4")


def report(agent: AgentProcess, version: str) -> None:
    """Report as an original client does."""
    body = [{"insight_key": "fraud_score", "insight_value": 0.07}, {"insight_key": "blocked", "insight_value": 0}]
    httpx.post(f"{agent.url}/as/acme/fraud/{version}/v1/insights", json=body).raise_for_status()


if __name__ == "__main__":
    main()
