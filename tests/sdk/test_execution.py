"""Executions: one payload each."""

import asyncio
import contextvars
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from insights_tui.sdk import Execution, configure, current, execution, flush, report, stats
from tests.sdk.conftest import Configure
from tests.sdk.fake_agent import FakeAgent

OPERATIONAL = {"request_id", "session_id", "time", "duration_milliseconds", "algorithm_owner", "algorithm_name",
               "algorithm_version"}  # fmt: skip


def sent(agent: FakeAgent, count: int) -> list[dict[str, Any]]:
    assert flush(20)
    assert len(agent.payloads) == count
    return agent.payloads


def metrics(payload: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in OPERATIONAL}


def test_reports_merge_and_the_last_value_wins(agent: FakeAgent, sdk: Configure) -> None:
    with execution("acme/credit/1.0.6") as run:
        report(score=0.1, approved=True)
        run.report({"score": 0.2})
        report({"a b": 1}, score=0.3)
    (payload,) = sent(agent, 1)
    assert metrics(payload) == {"score": 0.3, "approved": 1, "a b": 1}
    assert (payload["algorithm_owner"], payload["algorithm_name"], payload["algorithm_version"]) == (
        "acme", "credit", "1.0.6",
    )  # fmt: skip
    assert payload["request_id"] == run.request_id
    assert re.fullmatch(r"req-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", run.request_id)
    assert re.fullmatch(r"rses-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", run.session_id)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", payload["time"])
    assert payload["duration_milliseconds"] >= 0


def test_an_execution_that_reports_nothing_is_a_payload(agent: FakeAgent, sdk: Configure) -> None:
    with execution():
        pass
    assert metrics(sent(agent, 1)[0]) == {}


def test_without_an_execution_a_report_is_a_payload_without_duration(agent: FakeAgent, sdk: Configure) -> None:
    sdk(algorithm="acme/bare/1")
    report(n=1)
    (payload,) = sent(agent, 1)
    assert payload["n"] == 1
    assert payload["algorithm_name"] == "bare"
    assert "duration_milliseconds" not in payload


def test_within_an_execution_of_another_process_reports_go_to_it(agent: FakeAgent) -> None:
    configure(f"{agent.url}/run/req-7", linger_s=0.0)
    report(n=1)
    report(n=2)
    with execution():
        report(n=3)
    assert flush(20)
    assert [path for path, _ in agent.calls] == ["/run/req-7/v1/insights"] * 2 + ["/v1/payloads"]
    assert [payload["n"] for payload in agent.payloads] == [1, 2, 3]


@pytest.mark.parametrize("fails", [False, True])
def test_a_function(agent: FakeAgent, sdk: Configure, fails: bool) -> None:
    @execution("acme/f/1", failed="failed")
    def divide(a: int, b: int) -> float:
        """Divide."""
        report(a=a)
        return a / b

    assert divide.__doc__ == "Divide."
    if fails:
        with pytest.raises(ZeroDivisionError):
            divide(1, 0)
    else:
        assert divide(1, b=2) == 0.5
    assert metrics(sent(agent, 1)[0]) == {"a": 1, "failed": int(fails)}
    assert current() is None


async def test_coroutines_at_the_same_time_do_not_mix(agent: FakeAgent, sdk: Configure) -> None:
    begun = asyncio.Event()

    @execution("acme/f/1")
    async def work(number: int) -> int:
        report(number=number)
        if number == 9:
            begun.set()
        await begun.wait()
        report(same=number)
        return number

    assert await asyncio.gather(*(work(number) for number in range(10))) == list(range(10))
    payloads = await asyncio.to_thread(sent, agent, 10)
    assert sorted(payload["number"] for payload in payloads) == list(range(10))
    assert all(payload["number"] == payload["same"] for payload in payloads)


async def test_async_with_and_tasks_within(agent: FakeAgent, sdk: Configure) -> None:
    async def part(number: int) -> None:
        report({f"part{number}": number})

    async with execution():
        await asyncio.gather(part(1), part(2), asyncio.to_thread(report, threaded=3))
    payloads = await asyncio.to_thread(sent, agent, 1)
    assert metrics(payloads[0]) == {"part1": 1, "part2": 2, "threaded": 3}


def test_within_one_another_each_is_a_payload_of_the_same_session(agent: FakeAgent, sdk: Configure) -> None:
    with execution("a/outer/1") as outer:
        report(before=1)
        with execution("a/inner/1") as inner:
            report(inside=1)
        report(after=1)
    first, second = sent(agent, 2)
    assert (metrics(first), metrics(second)) == ({"inside": 1}, {"before": 1, "after": 1})
    assert inner.session_id == outer.session_id == first["session_id"] == second["session_id"]
    assert first["request_id"] != second["request_id"]


def test_recursion_and_one_scope_used_twice(agent: FakeAgent, sdk: Configure) -> None:
    @execution()
    def count(n: int) -> None:
        report(n=n)
        if n:
            count(n - 1)

    count(2)
    again = execution()
    with again:
        report(n=3)
    with again:
        report(n=4)
    assert [payload["n"] for payload in sent(agent, 5)] == [0, 1, 2, 3, 4]


def test_a_report_after_the_end_is_counted_and_harms_nothing(agent: FakeAgent, sdk: Configure) -> None:
    with execution() as run:
        context = contextvars.copy_context()
    run.report(late=1)
    context.run(report, {"late": 2}, more=3)
    assert metrics(sent(agent, 1)[0]) == {}
    assert stats().late == 3


def test_entered_and_left_in_other_contexts(agent: FakeAgent, sdk: Configure) -> None:
    scope = execution()
    run = contextvars.copy_context().run(scope.__enter__)
    run.report(n=1)
    contextvars.copy_context().run(scope.__exit__, None, None, None)
    assert [payload["n"] for payload in sent(agent, 1)] == [1]


def test_threads_report_to_what_they_are_given(agent: FakeAgent, sdk: Configure) -> None:
    with execution() as run:
        threads = [threading.Thread(target=run.report, args=({f"t{n}": n},)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert metrics(sent(agent, 1)[0]) == {f"t{n}": n for n in range(20)}


def test_a_session_of_the_authors(agent: FakeAgent, sdk: Configure) -> None:
    with execution(session_id="mine"):
        pass
    with execution(session_id="x" * 300):
        pass
    first, second = sent(agent, 2)
    assert first["session_id"] == "mine"
    assert second["session_id"].startswith("rses-")


def test_what_is_misused_is_told_and_works_on(
    agent: FakeAgent, sdk: Configure, caplog: pytest.LogCaptureFixture
) -> None:
    @execution("no names")
    def numbers() -> Iterator[int]:
        yield 1

    assert list(numbers()) == [1]
    assert "is a generator" in caplog.text
    assert "OWNER/NAME/VERSION" in caplog.text
    Execution().end()
    assert "algorithm_owner" not in sent(agent, 1)[0]
