"""`tail` and `events`: what is printed, what is asked for, and how following ends."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from insights_tui.domain.snapshot import Event
from insights_tui.domain.tail import Tailed
from tests.cli.conftest import Run
from tests.cli.fake_agent import NOW, FakeAgent

ESCAPE = "\x1b]0;owned\x07\u202eevil"
TAIL = "GET /v1/tail"
EVENTS = "GET /v1/events"
ONE = Tailed(NOW, "0193-a", 214, 3, 81_223, None, "acme/fraud/1.0.2")
TWO = Tailed(NOW, ESCAPE, 70_000, 0, 5, ESCAPE, ESCAPE, 1_200, ESCAPE, value_cut=True)


def answers(agent: FakeAgent, call: str, *items: Any) -> bytes:
    body = b"".join(msgspec.json.encode(item) + b"\n" for item in items)
    agent.answers[call] = (200, body)
    return body


def event(seq: int, text: str = "Something happened.", **changes: Any) -> Event:
    return Event(seq, NOW + timedelta(seconds=seq), "error", "code", "subject", None, text, **changes)


def test_a_payload_is_a_line_and_nothing_foreign_reaches_the_terminal(agent: FakeAgent, run: Run) -> None:
    answers(agent, TAIL, ONE, TWO)
    ended = run("tail", "--socket", agent.socket, "--values")
    assert ended.code == 0
    first, second, value = ended.out.splitlines()
    assert first.split("  ")[0] == "2026-11-22 12:04:31Z"
    assert all(part in first for part in ("3/81223", "acme/fraud/1.0.2", "214 B", "0193-a"))
    assert "0/5" in second
    assert "owned" not in value.partition("(")[2]
    assert value.endswith("(cut, 68 KiB in all)")
    assert "1,200 payloads left out" in ended.err
    assert not {"\x1b", "\x07", "\u202e"} & set(ended.out + ended.err)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((), "source=topic&count=10&per_s=4000&follow=0&values=0"),
        (("--count", "3", "--values"), "source=topic&count=3&per_s=4000&follow=0&values=1"),
        (("--follow", "--accepted"), "source=accepted&count=10&per_s=4000&follow=1&values=0"),
    ],
)
def test_what_is_asked_for_reaches_the_agent(agent: FakeAgent, run: Run, given: tuple[str, ...], wanted: str) -> None:
    answers(agent, TAIL)
    run("tail", "--socket", agent.socket, *given)
    assert agent.requests[0].path == f"/v1/tail?{wanted}"


def test_json_is_the_answer_verbatim(agent: FakeAgent, run: Run) -> None:
    body = answers(agent, TAIL, ONE, ONE)
    assert run("tail", "--socket", agent.socket, "--json").out.encode() == body


def test_an_empty_tail_says_so(agent: FakeAgent, run: Run) -> None:
    answers(agent, TAIL)
    assert "empty" in run("tail", "--socket", agent.socket).err
    assert "Nothing was accepted" in run("tail", "--accepted", "--socket", agent.socket).err


def test_no_permission_names_the_fix_and_no_connection_has_its_code(agent: FakeAgent, run: Run) -> None:
    agent.refuses(TAIL, "not_authorized", status=403)
    ended = run("tail", "--socket", agent.socket)
    assert ended.code == 1
    assert "fix: mend not_authorized." in ended.err
    agent.refuses(TAIL, "not_connected", status=409)
    assert run("tail", "--socket", agent.socket).code == 3


def test_what_ends_a_tail_that_follows_is_told(agent: FakeAgent, run: Run) -> None:
    error = {"error": {"code": "topic_missing", "message": "The topic is gone.", "hint": "Create it.", "field": None}}
    answers(agent, TAIL, ONE, error)
    ended = run("tail", "--follow", "--socket", agent.socket)
    assert ended.code == 1
    assert "0193-a" in ended.out
    assert "The topic is gone." in ended.err
    answers(agent, TAIL, ONE)
    ended = run("tail", "--follow", "--socket", agent.socket)
    assert (ended.code, "The agent has stopped." in ended.err) == (4, True)


def test_events_are_told_oldest_first_with_what_helps(agent: FakeAgent, run: Run) -> None:
    answers(agent, EVENTS, *(event(number) for number in range(30)), event(30, ESCAPE, fix=ESCAPE, count=14))
    ended = run("events", "--count", "2", "--socket", agent.socket)
    assert ended.code == 0
    first, second, fix = ended.out.splitlines()
    assert first == "2026-11-22 12:05:00Z  error    Something happened."
    assert second.endswith("(14 times)")
    assert fix.strip().startswith("fix: ")
    assert not {"\x1b", "\x07", "\u202e"} & set(ended.out)


def test_events_that_follow_go_on_after_the_last(agent: FakeAgent, run: Run) -> None:
    answers(agent, EVENTS, event(6), event(7))
    ended = run("events", "--follow", "--count", "0", "--socket", agent.socket)
    assert [request.path for request in agent.requests] == ["/v1/events?after=0", "/v1/events?after=7&follow=1"]
    assert len(ended.out.splitlines()) == 2  # the fake tells the same again
    assert ended.code == 4


@pytest.mark.parametrize("count", [0, 1, 5])
def test_events_as_json_are_verbatim_and_as_many_as_asked(agent: FakeAgent, run: Run, count: int) -> None:
    answers(agent, EVENTS, event(1), event(2))
    ended = run("events", "--json", "--count", str(count), "--socket", agent.socket)
    assert [json.loads(line)["seq"] for line in ended.out.splitlines()] == [1, 2][2 - min(count, 2) :]


def test_no_event_says_so(agent: FakeAgent, run: Run) -> None:
    answers(agent, EVENTS)
    assert "Nothing has happened" in run("events", "--socket", agent.socket).err
