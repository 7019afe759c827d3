"""A process that dies at every named point: what was answered is there, and every execution is published once."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from insights_tui.domain.clock import SystemClock
from tests.executions.bench import Bench

POINTS = (
    "run_before_commit",
    "run_after_commit",
    "run_taken",
    "run_accepted",
    "run_closed",
    "before_commit",
    "after_commit",
)
"""The last two are the spool's own."""


async def child(state_dir: Path) -> None:
    """Begin, report and finish until death; print what was answered, each line once it is true."""

    def say(*words: object) -> None:
        os.write(1, (" ".join(map(str, words)) + "\n").encode())

    bench = await started(state_dir)

    async def one(number: int) -> None:
        request_id = await bench.begin()
        say("begun", request_id)
        await bench.report(request_id, n=number)
        say("reported", request_id, number)
        if number % 5:
            say("ending", request_id)
            await bench.finish(request_id)
            say("ended", request_id)

    for start in range(0, 400, 10):
        await asyncio.gather(*(one(number) for number in range(start, start + 10)))
    os.kill(os.getpid(), signal.SIGKILL)


async def started(state_dir: Path) -> Bench:
    clock = SystemClock()
    bench = Bench(state_dir, clock)  # type: ignore[arg-type]  # the machine's own clocks: the child dies for real
    recovered = await bench.spool.open()
    bench.pending = list(recovered.pending)
    await bench.executions.start()
    return bench


async def judged(state_dir: Path, said: list[list[str]]) -> None:
    """Finish what is open, and hold what is in the spool against what was said."""
    begun = {words[1] for words in said if words[0] == "begun"}
    reported = {words[1]: int(words[2]) for words in said if words[0] == "reported"}
    ended = {words[1] for words in said if words[0] == "ended"}
    bench = await started(state_dir)
    try:
        assert not [one for one in ended if await bench.finish(one)], "what had ended is not published again"
        again = {one for one in sorted(begun - ended) if await bench.finish(one)}
        async with asyncio.timeout(10):
            while bench.spool.paged:
                bench.pending += await bench.spool.load(1000)
        values = [json.loads(payload.value) for payload in bench.pending]
        published = [value["request_id"] for value in values]
        assert len(published) == len(set(published)), "each once"
        assert begun <= set(published), "none is lost"
        assert again <= set(published) - ended
        wrong = {value["request_id"]: value.get("n") for value in values if value["request_id"] in reported}
        assert wrong == reported, "committed reports are in the payload"
    finally:
        await bench.executions.stop()
        await bench.spool.close()


@pytest.mark.parametrize("nth", [1, 30])
@pytest.mark.parametrize("point", POINTS)
def test_every_execution_is_published_once_whenever_the_process_dies(tmp_path: Path, point: str, nth: int) -> None:
    environ = {**os.environ, "INSIGHTS_TEST_CRASH_AT": f"{point}:{nth}", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "tests.executions.test_crash", str(tmp_path)]
    died = subprocess.run(command, env=environ, stdout=subprocess.PIPE, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL
    said = [line.split() for line in died.stdout.decode().splitlines()]
    assert said or nth == 1
    asyncio.run(judged(tmp_path, said))


if __name__ == "__main__":
    asyncio.run(child(Path(sys.argv[1])))
