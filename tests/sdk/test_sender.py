"""Attempts, deadlines and what is given up: against a fake agent."""

import logging
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from insights_tui import sdk as api
from insights_tui.sdk import configure, flush, report, stats
from insights_tui.sdk.sender import Failed, judge, wait_after
from insights_tui.sdk.wire import Answer
from tests.sdk.conftest import Configure
from tests.sdk.fake_agent import FakeAgent
from tests.support import wait_for


def balanced() -> bool:
    seen = stats()
    return seen.taken == seen.queued + seen.sent + seen.given_up


@pytest.mark.parametrize(
    ("status", "again"),
    [(200, False), (201, False), (400, False), (413, False), (401, True), (404, True), (429, True), (500, True),
     (503, True), (507, True)],
)  # fmt: skip
def test_which_answers_are_final(status: int, again: bool) -> None:
    assert (judge(Answer(status)) is not None) is again


def test_only_a_503_leaves_it_in_doubt() -> None:
    assert [
        status for status in (401, 429, 500, 503, 507) if (judge(Answer(status)) or Failed("", False)).in_doubt
    ] == [503]


def test_waits_grow_are_bounded_and_obey_the_agent() -> None:
    failed = Failed("", in_doubt=False)
    waits = [wait_after(attempt, failed, 1.0) for attempt in range(1, 9)]
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert wait_after(10_000, failed, 0.0) == 2.5
    assert wait_after(1, Failed("", in_doubt=False, retry_after_s=7.0), 0.0) == 7.0


def test_a_batch_is_one_call(agent: FakeAgent, sdk: Configure) -> None:
    sdk(linger_s=0.2)
    for number in range(100):
        report(n=number)
    assert flush(10)
    assert sorted(payload["n"] for payload in agent.payloads) == list(range(100))
    assert len(agent.calls) < 10
    assert (stats().sent, stats().given_up) == (100, 0)


def test_what_waits_while_the_agent_is_away_arrives_when_it_is_back(agent: FakeAgent, sdk: Configure) -> None:
    agent.stop()
    for number in range(10):
        report(n=number)
    assert not flush(0.1)
    assert (stats().queued, stats().given_up) == (10, 0)
    agent.start()
    assert flush(20)
    assert [payload["n"] for payload in agent.payloads] == list(range(10))
    assert stats().repeated == 0  # a refused connection leaves no doubt


def test_a_lost_answer_repeats_the_same_request_ids_and_counts_them(agent: FakeAgent, sdk: Configure) -> None:
    def lose_once(path: str, payloads: list[dict[str, Any]]) -> int | None:
        if not agent.calls:
            agent.calls.append((path, payloads))
            return None
        return 200

    agent.act = lose_once
    with api.execution() as execution:
        pass
    assert flush(20)
    assert agent.ids == [execution.request_id] * 2
    assert (stats().sent, stats().repeated) == (1, 1)


def test_an_agent_that_never_answers_is_left_after_the_timeout(agent: FakeAgent, sdk: Configure) -> None:
    over = threading.Event()

    def hang_once(_path: str, _payloads: list[dict[str, Any]]) -> int | None:
        agent.act = lambda _path, _payloads: 200
        over.wait(20)
        return None

    agent.act = hang_once
    sdk(timeout_s=0.05)
    report(n=1)
    try:
        assert flush(20)
    finally:
        over.set()
    assert (stats().sent, stats().repeated) == (1, 1)


def test_one_refused_payload_takes_no_other_with_it(agent: FakeAgent, sdk: Configure) -> None:
    agent.act = lambda _path, payloads: 400 if any(payload["n"] == 7 for payload in payloads) else 200
    sdk(linger_s=0.2)
    for number in range(20):
        report(n=number)
    assert flush(20)
    assert sorted(payload["n"] for payload in agent.payloads) == [n for n in range(20) if n != 7]
    assert (stats().sent, stats().refused, stats().repeated) == (19, 1, 0)


def test_a_busy_agent_is_obeyed(agent: FakeAgent, sdk: Configure) -> None:
    statuses = [429, 503, 500, 401]
    agent.act = lambda _path, _payloads: statuses.pop() if statuses else 200
    report(n=1)
    assert flush(20)
    assert (stats().sent, stats().repeated) == (1, 1)  # after the 503


def test_the_deadline_ends_it(agent: FakeAgent, sdk: Configure) -> None:
    agent.stop()
    sdk(deadline_s=0.2)
    report(n=1)
    assert flush(20)
    assert (stats().expired, stats().queued) == (1, 0)
    agent.start()
    report(n=2)
    assert flush(20)
    assert [payload["n"] for payload in agent.payloads] == [2]


def test_the_bound_gives_up_the_oldest_and_says_so_once(
    agent: FakeAgent, sdk: Configure, caplog: pytest.LogCaptureFixture
) -> None:
    agent.stop()
    sdk(max_payloads=5)
    for number in range(300):
        report(n=number)
    assert not flush(0.2)
    for number in range(300, 600):
        report(n=number)
    agent.start()
    assert flush(20)
    assert [payload["n"] for payload in agent.payloads][-5:] == [595, 596, 597, 598, 599]
    seen = stats()
    assert seen.sent + seen.overflowed == seen.taken == 600
    assert len(agent.payloads) == seen.sent
    lines = [record for record in caplog.records if record.name == "insights_tui.sdk"]
    assert [record.levelno for record in lines] == [logging.WARNING]
    assert "given up" in lines[0].getMessage()


def test_what_the_agent_drops_is_counted_here_too(agent: FakeAgent, sdk: Configure) -> None:
    report(good=1, time=2, nothing=None)
    assert flush(20)
    assert stats().metrics_dropped == 2
    assert balanced()


def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "s"
    received = bytearray()

    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            while b'"n":1' not in received:
                received.extend(connection.recv(65536))
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"accepted":1}')

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        configure(f"unix:{path}", linger_s=0.0)
        report(n=1)
        assert flush(20)
        thread.join()
    assert received.startswith(b"POST /v1/payloads HTTP/1.1\r\n")
    assert stats().sent == 1


def test_the_token_goes_into_the_path(agent: FakeAgent) -> None:
    configure(f"{agent.url}/t/secret", linger_s=0.0)
    report(n=1)
    assert flush(20)
    assert agent.calls[0][0] == "/t/secret/v1/payloads"


def test_a_second_configuration_leaves_nothing_behind(agent: FakeAgent, sdk: Configure) -> None:
    sdk(linger_s=0.3)
    report(n=1)
    sdk()
    report(n=2)
    wait_for(lambda: len(agent.payloads) == 2, "both have been sent")


def test_none_means_no_insights() -> None:
    configure("none")
    report(n=1)
    assert flush(0)
    assert stats().taken == 0


@pytest.mark.parametrize(
    "wrong", [{"max_payloads": 0}, {"deadline_s": 0.0}, {"exit_s": -1.0}, {"url": "x"}, {"algorithm": "a/b"}]
)
def test_only_a_wrong_configuration_raises(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        configure(**wrong)


def test_a_wrong_variable_is_told_and_harms_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("INSIGHTS_URL", "agent:9000")
    report(n=1)
    assert "INSIGHTS_URL" in caplog.text
