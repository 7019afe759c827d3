"""Executions beside plain payloads: `python -m benchmarks.executions [--seconds N] [--rounds N]`.

One agent with everything fsynced, and no Kafka, so that all of it stays in the spool. The same 64 connections load it
in turn with plain reports (`/v1/insights`), with reports to open executions (`/run/{id}/v1/insights`), and with whole
lives (begin, report, finish). Then the sets are compared: every execution whose end was answered is in the spool once,
with what was reported to it, and every plain report is, too.

Prints requests and payloads a second, and their ratio to the plain path of the same run; the gate is 60 % in requests.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import uvloop

from benchmarks.harness.agent import Agent, load_now
from insights_tui.domain.payload import Payload
from insights_tui.spool.durable import DurableSpool

CONNECTIONS = 64
GATE = 0.6
METRICS = {f"metric_{number:02}_of_the_model": number * 1.5 for number in range(8)}
Flow = Generator[bytes, tuple[int, bytes], None]


class BadAnswerError(Exception):
    """A request was not answered 2xx."""


class Client(asyncio.Protocol):
    """One connection that says what a flow yields and hands it each answer; counts the requests."""

    def __init__(self, flow: Flow, done: "asyncio.Future[None]", counts: Counter[str]) -> None:
        self._flow, self._done, self._counts = flow, done, counts
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(next(self._flow))

    def data_received(self, data: bytes) -> None:
        """Go on where the answer is whole."""
        self._rest += data
        end = self._rest.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._rest[:end].lower()
        whole = end + 4 + int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(self._rest) < whole:
            return
        status, body, self._rest = int(head[9:12]), self._rest[end + 4 : whole], self._rest[whole:]
        self._counts["requests"] += 1
        assert self._transport is not None
        try:
            self._transport.write(self._flow.send((status, body)))
        except StopIteration:
            self._transport.close()
        except (BadAnswerError, AssertionError, KeyError) as error:
            if not self._done.done():
                self._done.set_exception(error)
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Come to the end."""
        if not self._done.done():
            self._done.set_result(None)


def post(path: str, fields: object) -> bytes:
    """Write a request."""
    body = json.dumps(fields).encode()
    kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}"
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{kind}\r\n\r\n".encode() + body


def good(answer: tuple[int, bytes]) -> Any:
    """Read an answer that has to be 2xx."""
    if answer[0] // 100 != 2:
        raise BadAnswerError(f"answered {answer[0]}: {answer[1].decode()}")
    return json.loads(answer[1])


class Loads:
    """What the connections do, and what they were answered."""

    def __init__(self) -> None:
        self.plain: set[str] = set()
        """Ids of payloads."""
        self.ended: dict[str, int] = {}
        """Request ids of executions, and the number that was reported last."""
        self.number = 0

    def plain_reports(self, until: float) -> Flow:
        """Report to nothing."""
        request = post("/v1/insights", METRICS)
        while time.monotonic() < until:
            self.plain.add(good((yield request))["id"])

    def reports(self, until: float) -> Flow:
        """Report to one execution again and again."""
        begun = good((yield post("/v1/runs", {})))["request_id"]
        last = -1
        while time.monotonic() < until:
            self.number = last = self.number + 1
            good((yield post(f"/run/{begun}/v1/insights", {**METRICS, "number": last})))
        assert good((yield post(f"/v1/runs/{begun}/finish", {})))["published"]
        self.ended[begun] = last

    def lives(self, until: float) -> Flow:
        """Begin, report, finish."""
        begin = post("/v1/runs", {"owner": "acme", "name": "score", "version": "1.0.6"})
        while time.monotonic() < until:
            begun = good((yield begin))["request_id"]
            self.number = last = self.number + 1
            good((yield post(f"/run/{begun}/v1/insights", {**METRICS, "number": last})))
            assert good((yield post(f"/v1/runs/{begun}/finish", {})))["published"]
            self.ended[begun] = last


async def load(port: int, flow: Callable[[float], Flow], seconds: float) -> float:
    """Load the agent; gives requests a second."""
    loop = asyncio.get_running_loop()
    counts: Counter[str] = Counter()
    began = time.monotonic()
    ends = [loop.create_future() for _ in range(CONNECTIONS)]
    for end in ends:
        await loop.create_connection(partial(Client, flow(began + seconds), end, counts), "127.0.0.1", port)
    await asyncio.gather(*ends)
    return counts["requests"] / (time.monotonic() - began)


async def pending(state_dir: Path) -> list[Payload]:
    """Read all that a stopped agent left in its spool."""
    spool = DurableSpool(state_dir)
    found = list((await spool.open()).pending)
    while spool.paged:
        found += await spool.load(5000)
        await asyncio.sleep(0)
    await spool.close()
    return found


def compare(loads: Loads, payloads: Sequence[Payload]) -> str:
    """Compare sets; gives what is wrong, in words."""
    ours: Counter[str] = Counter()
    wrong = 0
    ids = Counter(payload.id for payload in payloads)
    for payload in payloads:
        if payload.id in loads.plain:
            continue
        value = json.loads(payload.value)
        ours[value["request_id"]] += 1
        wrong += value.get("number", -1) != loads.ended.get(value["request_id"], -1)
    found = {
        "plain missing": len(loads.plain - ids.keys()),
        "executions missing": len(loads.ended.keys() - ours.keys()),
        "foreign": len(ours.keys() - loads.ended.keys()),
        "twice": sum(1 for count in (*ids.values(), *ours.values()) if count > 1),
        "with other reports": wrong,
    }
    return ", ".join(f"{count} {what}" for what, count in found.items() if count)


async def measure(seconds: float, rounds: int) -> bool:
    """Run it; tells whether the gate is met and the sets agree."""
    loads = Loads()
    figures: dict[str, list[float]] = {"plain": [], "reports": [], "lives": []}
    print(f"machine: {load_now()}")
    agent = Agent(None, "none", {"INSIGHTS_DELIVERY__DEADLINE_S": "86400"})
    try:
        agent.launch()
        agent.wait_listening()
        for _ in range(rounds):
            for name, flow in (("plain", loads.plain_reports), ("reports", loads.reports), ("lives", loads.lives)):
                figures[name].append(await load(agent.port, flow, seconds))
        rss = agent.rss()
        agent.terminate()
        wrong = compare(loads, await pending(agent.state_dir))
    finally:
        agent.close()
    plain, reports, lives = (statistics.median(figures[name]) for name in ("plain", "reports", "lives"))
    print(f"{CONNECTIONS} connections, {rounds} rounds of {seconds:g} s each, median; {len(METRICS)} metrics a report:")
    print(f"  plain reports:       {plain:>9,.0f} requests/s = payloads/s")
    print(f"  reports to runs:     {reports:>9,.0f} requests/s, {reports / plain:.2f} of plain")
    print(
        f"  begin+report+finish: {lives:>9,.0f} requests/s, {lives / plain:.2f} of plain; {lives / 3:,.0f} payloads/s"
    )
    print(f"  sets: {len(loads.plain):,} plain, {len(loads.ended):,} executions: {wrong or 'all there, each once'}")
    print(f"  RSS {rss / 2**20:.0f} MB")
    met = min(reports, lives) / plain >= GATE
    print(f"gate {GATE:.0%}: {'met' if met and not wrong else 'MISSED'}")
    return met and not wrong


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    raise SystemExit(0 if uvloop.run(measure(options.seconds, options.rounds)) else 1)


if __name__ == "__main__":
    main()
