"""How long the connection check takes with dead servers among the living: `python -m benchmarks.check`.

Six servers, some of which drop every packet (their queue of connections is full, so that the kernel ignores every SYN).
The figure of issue 5 is the first row: two of six dead, at most 5 s in all.
"""

import asyncio
import contextlib
import statistics
from datetime import UTC, datetime

from insights_tui.domain.check import CheckStep, CheckVerdict, StepState
from insights_tui.domain.connection import Connection
from insights_tui.kafka.check import check
from tests.check.servers import blackhole
from tests.fakes.broker import FakeCluster

SERVERS = 6
RUNS = 3


async def measure(dead: int, *, listed: bool) -> tuple[float, float, CheckVerdict]:
    """Tell the seconds of a check, the seconds until the last living server was through, and the verdict."""
    with contextlib.ExitStack() as stack:
        async with FakeCluster(SERVERS) as cluster:
            cluster.create("insights", SERVERS)
            for broker in cluster.brokers[SERVERS - dead :]:
                broker.advertised = stack.enter_context(blackhole())
            everyone = [broker.advertised or broker.server for broker in cluster.brokers]
            servers = everyone if listed else everyone[:1]
            loop = asyncio.get_running_loop()
            started = loop.time()
            last_alive = 0.0
            async for item in check(Connection("insights", tuple(servers)), now=datetime.now(UTC)):
                if isinstance(item, CheckStep) and item.state is StepState.OK:
                    last_alive = loop.time() - started
                elif isinstance(item, CheckVerdict):
                    return loop.time() - started, last_alive, item
    raise AssertionError("a check ends with a verdict")


def main() -> None:
    """Print a row for each case, the median of some runs."""
    print(f"{'dead of six':<12} {'in the list':<12} {'all':>7} {'the living':>11}  verdict")
    for dead, listed in ((2, True), (2, False), (5, True), (0, True)):
        runs = [asyncio.run(measure(dead, listed=listed)) for _ in range(RUNS)]
        whole, alive = statistics.median(run[0] for run in runs), statistics.median(run[1] for run in runs)
        asked, verdict = "all six" if listed else "the first", runs[0][2]
        print(f"{dead:<12} {asked:<12} {whole:>5.2f} s {alive:>9.2f} s  {verdict.sentence}")


if __name__ == "__main__":
    main()
