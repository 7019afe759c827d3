"""The relay of `run`: what it keeps, in which order it goes, and what the command is answered."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from insights_tui.cli.executing import Begun
from insights_tui.cli.relay import AWAY_S, MAX_KEPT, Relay
from insights_tui.sdk.address import Address
from tests.cli.runs_agent import RunsAgent, runs_agent

KIND = "application/json"


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[RunsAgent]:
    with runs_agent(tmp_path / "r.sock") as agent:
        yield agent


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def begun(runs: RunsAgent) -> Begun:
    return Begun(Address("unix", str(runs.socket)), "req-1")


def test_the_answer_is_the_agents_own(runs: RunsAgent) -> None:
    relay = Relay(lambda: begun(runs))
    assert relay.report(b'{"a": 1}', KIND) == (200, b'{"response": "ok", "accepted": 1}')
    runs.before = lambda _path: (400, {"error": {}})
    assert relay.report(b'{"a": 2}', KIND) == (400, b'{"error": {}}')
    assert relay.waiting == 0


def test_what_came_before_the_execution_was_begun_goes_first(runs: RunsAgent) -> None:
    known: list[Begun] = []
    relay = Relay(lambda: known[0] if known else None)
    assert relay.report(b'{"a": 1}', KIND)[0] == 200
    assert relay.other("/v1/runs", b"{}", KIND)[0] == 404
    known.append(begun(runs))
    assert relay.report(b'{"a": 2}', KIND) == (200, b'{"response": "ok", "accepted": 1}')
    assert [body for _, body in runs.calls] == [{"a": 1}, {"a": 2}]
    assert relay.other("/v1/runs", b"{}", KIND)[0] == 201


@pytest.mark.parametrize("gone", [True, False])
def test_an_agent_that_is_away_is_not_asked_by_every_report(runs: RunsAgent, *, gone: bool) -> None:
    clock, asked = Clock(), []

    def stopping(path: str) -> tuple[int, dict[str, str]]:
        asked.append(path)
        return 503, {}

    away = runs.socket.with_name("away")
    if gone:
        runs.socket.rename(away)
    else:
        runs.before = stopping
    relay = Relay(lambda: begun(runs), clock)
    for value in (1, 2, 3):
        assert relay.report(b'{"a": %d}' % value, KIND) == (200, b'{"response":"ok","accepted":0}')
    assert len(asked) == (0 if gone else 1)
    if gone:
        away.rename(runs.socket)
    else:
        runs.before = lambda _path: None
    clock.now += AWAY_S
    assert relay.report(b'{"b": 1}', KIND)[1] == b'{"response": "ok", "accepted": 1}'
    assert [body for _, body in runs.calls] == [{"a": 1}, {"a": 2}, {"a": 3}, {"b": 1}]
    assert relay.flush()


def test_the_oldest_give_way_and_are_counted(runs: RunsAgent) -> None:
    known: list[Begun] = []
    relay = Relay(lambda: known[0] if known else None)
    for value in range(MAX_KEPT + 2):
        relay.report(b'{"a": %d}' % value, KIND)
    assert (relay.waiting, relay.dropped) == (MAX_KEPT, 2)
    known.append(begun(runs))
    assert relay.flush()
    assert [body["a"] for _, body in runs.calls] == list(range(2, MAX_KEPT + 2))


def test_a_kept_report_that_is_refused_later_is_counted_and_the_command_hears_of_its_own(runs: RunsAgent) -> None:
    known: list[Begun] = []
    relay = Relay(lambda: known[0] if known else None)
    for _ in range(2):
        assert relay.report(b'{"a": "kept"}', KIND)[0] == 200
    known.append(begun(runs))
    runs.before = lambda _path: (400, {"error": {}})
    assert relay.report(b'{"a": "its own"}', KIND)[0] == 400
    assert (relay.waiting, relay.dropped) == (0, 2)
    known.clear()
    relay.report(b'{"a": "kept"}', KIND)
    known.append(begun(runs))
    assert relay.flush()
    assert relay.dropped == 3
