"""Real web applications: their answers do not change, and each request is one payload, whatever the agent does."""

import http.client
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from insights_tui.sdk import configure, flush, stats
from tests.sdk.apps import FRAMEWORKS, PATHS, build, serving
from tests.sdk.conftest import Configure
from tests.sdk.fake_agent import FakeAgent
from tests.support import wait_for

OPERATIONAL = {"request_id", "session_id", "time", "duration_milliseconds", "algorithm_owner", "algorithm_name",
               "algorithm_version"}  # fmt: skip
THREADS, EACH = 4, 50


Answer = tuple[int, dict[str, str], bytes]


def ask(port: int, path: str, method: str = "GET") -> Answer:
    """Ask over a connection of its own."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        return get(connection, path, method)


def get(connection: http.client.HTTPConnection, path: str, method: str = "GET") -> Answer:
    connection.request(method, path)
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders() if name.lower() != "date"}
    return response.status, headers, response.read()


def answers(app: Any) -> dict[str, Answer]:
    with serving(app) as port:
        return {f"{method} {path}": ask(port, path, method) for path in PATHS for method in ("GET", "HEAD", "POST")}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_answers_are_the_same(framework: str, agent: FakeAgent, sdk: Configure) -> None:
    configure("none")  # a report is a payload of its own where there is no middleware
    plain = answers(build(framework, wrapped=False))
    sdk()
    assert {status for status, _, _ in plain.values()} >= {200, 204, 403, 404, 405, 500}
    assert answers(build(framework, wrapped=True)) == plain
    made = [call for call in plain if not call.endswith("/skipped")]
    wait_for(lambda: stats().taken == len(made), "each request has ended")
    assert flush(20)
    assert sorted(payload["status"] for payload in agent.payloads) == sorted(plain[call][0] for call in made)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_each_request_is_one_payload(framework: str, agent: FakeAgent, sdk: Configure) -> None:
    with serving(build(framework, wrapped=True)) as port:
        for path in PATHS:
            ask(port, path)
        wait_for(lambda: flush(20) and len(agent.payloads) == len(PATHS) - 1, "each has its payload")
    payloads = agent.payloads
    assert {payload["algorithm_name"] for payload in payloads} == {"credit_score"}
    assert all(payload["duration_milliseconds"] > 0 for payload in payloads)
    expected: list[dict[str, int]] = [
        {"number": 3, "during": 1, "status": 200}, {"number": 4, "status": 200},
        {"chunks": 3, "after": 1, "status": 200}, {"status": 200}, {"status": 307 if framework != "flask" else 302},
        {"status": 404}, {"status": 403}, {"before": 1, "status": 500}, {"status": 204},
    ]  # fmt: skip
    own = [{name: value for name, value in payload.items() if name not in OPERATIONAL} for payload in payloads]
    assert sorted(own, key=str) == sorted(expected, key=str)


def slow(_path: str, _payloads: list[dict[str, Any]]) -> int:
    time.sleep(0.05)  # the agent's temper, nothing that a test waits for
    return 200


def up(agent: FakeAgent, _half: threading.Event) -> None:
    """Answer at once."""


def slow_agent(agent: FakeAgent, _half: threading.Event) -> None:
    agent.act = slow


def dead(agent: FakeAgent, _half: threading.Event) -> None:
    agent.stop()


def restarting(agent: FakeAgent, half: threading.Event) -> None:
    def cycle() -> None:
        half.wait(30)
        agent.stop()
        agent.start()

    threading.Thread(target=cycle).start()


@pytest.mark.parametrize("temper", [up, slow_agent, dead, restarting])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_under_load(
    framework: str, temper: Callable[[FakeAgent, threading.Event], None], agent: FakeAgent, sdk: Configure
) -> None:
    sdk(linger_s=0.01, deadline_s=0.5 if temper is dead else 60.0)
    half = threading.Event()
    temper(agent, half)
    wrong: list[object] = []

    def load(port: int, first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for number in range(first, first + EACH):
            status, _, body = get(connection, f"/score/{number}")
            if (status, body.replace(b" ", b"").strip()) != (200, b'{"number":%d}' % number):
                wrong.append((number, status, body))
            if number == first + EACH // 2:
                half.set()
        connection.close()

    with serving(build(framework, wrapped=True)) as port:
        threads = [threading.Thread(target=load, args=(port, 1000 * number)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []
    # A WSGI server closes a response after its client has it.
    wait_for(lambda: stats().taken == THREADS * EACH, "each request has ended")
    assert flush(30)
    seen = stats()
    assert seen.taken == THREADS * EACH == seen.sent + seen.given_up
    arrived = {payload["request_id"]: payload["number"] for payload in agent.payloads}
    assert len(arrived) == len(set(arrived.values())) == seen.sent
    assert len(agent.payloads) - len(arrived) <= seen.repeated
    assert seen.given_up == (THREADS * EACH if temper is dead else 0)
