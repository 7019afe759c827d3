"""`status`: every exit code, the words, the object verbatim."""

import json
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from insights_tui.cli.status_text import equation, lines
from insights_tui.cli.watch_text import matters, watch_line
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.snapshot import Broker, Counts, Event, Partition, Problem, State
from insights_tui.domain.trouble import Code
from tests.cli.conftest import Run, program
from tests.cli.fake_agent import CONNECTED, NOW, VIEW, FakeAgent
from tests.cli.real import terminal

PROBLEM = Problem(
    code=Code.BROKER_UNREACHABLE,
    severity="warning",
    since=NOW,
    subject="kafka-2:9093",
    what="kafka-2:9093 cannot be reached.",
    effect="2 of 8 partitions wait.",
    act="Ask whoever runs kafka-2.",
    raw="[Errno 111] \x1b[2J\u202eConnect call failed",
)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"connection": None, "state": State.NOT_CONNECTED}, 3),
        ({"state": State.DEGRADED}, 5),
        ({"state": State.CONNECTING}, 5),
        ({"state": State.AUTH_FAILED}, 5),
        ({"refusing": Refusal.QUEUE_FULL}, 5),
        ({"lost_open": 1}, 6),
        ({"lost_open": 1, "connection": None, "state": State.NOT_CONNECTED}, 6),
        ({"lost_open": 1, "state": State.UNREACHABLE}, 6),
        ({"counts": Counts(accepted=5, delivered=4, expired_unsent=1)}, 0),
    ],
)
def test_the_exit_code_tells_the_state(run: Run, agent: FakeAgent, changes: dict[str, Any], code: int) -> None:
    agent.shows(**changes)
    assert run("status", "--socket", agent.socket).code == code


@pytest.mark.parametrize(
    ("open_", "unfinished", "said"),
    [
        (None, 0, []),
        (0, 0, []),
        (1200, 0, ["Executions:    1,200 open"]),
        (0, 3, ["Executions:    0 open, 3 published because nobody finished them"]),
        (None, 3, ["Executions:    open: not known, 3 published because nobody finished them"]),
    ],
)
def test_executions_are_told_where_there_are_any(open_: int | None, unfinished: int, said: list[str]) -> None:
    snapshot = replace(CONNECTED, executions_open=open_, executions_unfinished=unfinished)
    assert [line for line in lines(snapshot) if line.startswith("Executions")] == said


def test_no_agent_is_4_with_the_command_that_helps(run: Run, tmp_path: Path) -> None:
    ended = run("status", "--socket", tmp_path / "nobody.sock")
    assert ended.code == 4
    assert ended.out == ""
    assert "insights-tui agent" in ended.err


def test_no_agent_as_json(run: Run, tmp_path: Path) -> None:
    ended = run("--json", "status", "--socket", tmp_path / "nobody.sock")
    assert ended.code == 4
    assert json.loads(ended.out)["error"]["code"] == "no_agent"


def test_json_is_the_object_verbatim(run: Run, agent: FakeAgent) -> None:
    body = msgspec.json.encode(CONNECTED)[:-1] + b', "of_a_later_version": [1,  2]}'
    agent.answers["GET /v1/snapshot"] = (200, body)
    ended = run("status", "--json", "--socket", agent.socket)
    assert ended.out.encode() == body + b"\n"
    assert ended.err == ""


def test_options_may_stand_before_the_verb(run: Run, agent: FakeAgent) -> None:
    agent.shows()
    assert run("--socket", agent.socket, "status").code == 0


def test_another_schema_is_told(run: Run, agent: FakeAgent) -> None:
    agent.says("GET /v1/snapshot", {"schema": 2, "agent": {"version": "9.1"}})
    ended = run("status", "--socket", agent.socket)
    assert ended.code == 4
    assert "9.1" in ended.err
    assert "schema 2" in ended.err


def test_the_words(agent: FakeAgent) -> None:
    snapshot = replace(
        CONNECTED,
        state=State.DEGRADED,
        problems=(PROBLEM,),
        counts=Counts(accepted=1234, retrying=4, delivered=1227, expired_unsent=2, expired_unknown=1),
        lost_open=3,
        oldest_age_s=6.2,
        next_loss_s=233.8,
        brokers=(
            Broker(1, "kafka-1", 9093, "up"),
            Broker(2, "kafka-2", 9093, "down", since=NOW, last_error="refused \x07"),
        ),
    )
    said = "\n".join(lines(snapshot))
    assert said.startswith("State:         DEGRADED")
    assert "kafka-2:9093 cannot be reached." in said
    assert "Ask whoever runs kafka-2." in said
    assert "accepted 1,234 = queued 0 + in flight 0 + retrying 4 + delivered 1,227" in said
    assert "3 open (rejected 0, expired unsent 2, expired unknown 1, damaged 0)" in said
    assert "6.2 s old; the next is lost in 3m 53s" in said
    assert "1 of 2 up" in said
    assert "kafka-2:9093 down since 12:04:31Z: refused" in said
    assert said.isprintable() or set(filter(lambda c: not c.isprintable(), said)) == {"\n"}


def test_a_broken_equation_is_told() -> None:
    assert "✗" in equation(Counts(accepted=2, delivered=1))
    assert equation(Counts(accepted=1, delivered=1)).endswith("✓")


def test_the_state_of_a_fresh_agent_invents_nothing() -> None:
    fresh = replace(CONNECTED, connection=None, state=State.NOT_CONNECTED, counts=Counts(), oldest_age_s=None)
    fresh = replace(fresh, next_loss_s=None, last_accepted_at=None, last_delivered_at=None)
    said = "\n".join(lines(fresh))
    assert "none: connect with `insights-tui connect`" in said
    assert "Last payload:  none yet" in said
    assert "Brokers:       not known" in said


def test_watch_lines_differ_by_what_matters_alone() -> None:
    later = replace(CONNECTED, seq=813, as_of=NOW.replace(second=40), oldest_age_s=9.0, next_loss_s=231.0)
    assert watch_line(CONNECTED) == watch_line(later)
    assert matters(CONNECTED) == matters(replace(later, counts=Counts(accepted=99, delivered=99)))
    slow = replace(later, state=State.DEGRADED, problems=(replace(PROBLEM, what="No answer for 6 s."),))
    slower = replace(slow, problems=(replace(PROBLEM, what="No answer for 7 s."),))
    assert matters(CONNECTED) != matters(slow)
    assert matters(slow) == matters(slower), "figures go on by themselves"
    assert matters(slow) != matters(replace(slow, problems=(replace(PROBLEM, act="Mend it."),)))


STATES = [
    (State.CONNECTED, Code.SINGLE_REPLICA),
    (State.DEGRADED, Code.BROKER_UNREACHABLE),
    (State.CONNECTED, Code.LOST),
    (State.CONNECTED, Code.QUEUE_FULL),
    (State.AUTH_FAILED, Code.AUTH_FAILED),
]


@pytest.mark.parametrize(("state", "code"), STATES)
def test_both_tell_what_since_when_effect_deadline_and_act(state: State, code: Code) -> None:
    """What the Insights view tells of a state, its plain twins tell too."""
    refusing = Refusal.QUEUE_FULL if code is Code.QUEUE_FULL else None
    snapshot = replace(
        CONNECTED,
        state=state,
        problems=(replace(PROBLEM, code=code, since=NOW.replace(minute=1)),),
        counts=Counts(accepted=1234, retrying=4, delivered=1227, expired_unsent=3),
        lost_open=3,
        refusing=refusing,
        refused={Refusal.QUEUE_FULL: 17},
        next_attempt_in_s=4.0,
        oldest_age_s=6.2,
        next_loss_s=233.8,
        brokers=(Broker(1, "kafka-1", 9093, "up", rtt_s=0.012), Broker(2, "kafka-2", 9093, "down", since=NOW)),
        partitions=(
            Partition(0, 1, "ok"),
            Partition(1, 2, "backing_off", retry_in_s=2.0),
            Partition(2, None, "no_leader"),
        ),
        partition_count=3,
        events=(Event(1, NOW, "warning", "broker_down", "kafka-2:9093", None, "It is down.", count=3),),
        capacity=replace(CONNECTED.capacity, spool_bytes=1024, spool_max_bytes=2048, disk_free_bytes=4096),
    )
    said = "\n".join(lines(snapshot))
    for words in (
        state.value.replace("_", " ").upper(), PROBLEM.what, "since 12:01:31Z, 3m 00s", PROBLEM.effect, PROBLEM.act,
        "4 payloads wait, the oldest 6.2 s old; the next is lost in 3m 53s", "by itself, in 4.0 s", "insights (3 part",
        "1 of 2 up", "kafka-1:9093, answered in 12 ms", "kafka-2:9093 down", "1 of 3 take payloads",
        "partition 1 waits for broker 2, next try in 2.0 s", "partition 2 has no leader", "queue full 17",
        "warning: It is down. (3 times)", "1 of 2,000,000 payloads at most; ", "by root, revision 3",
    ):  # fmt: skip
        assert words in said, words
    line = watch_line(snapshot)
    for words in (
        PROBLEM.what, "since 12:01:31Z", PROBLEM.effect, PROBLEM.act, "4 payloads wait, the next is lost at 12:08:24Z",
        "next try by itself at 12:04:35Z", "brokers 1 of 2 up", "refused 17", "lost 3", "delivered 1,227",
    ):  # fmt: skip
        assert words in line, words
    assert line.startswith(state.value.replace("_", " ").upper())
    assert ("REFUSING" in line) is (refusing is not None)
    assert "over: kafka-2:9093 cannot be reached." in watch_line(CONNECTED, snapshot)


def test_watch_prints_a_change_and_ends_with_the_last_state(agent: FakeAgent) -> None:
    agent.shows()
    command = program("status", "--watch", "--socket", agent.socket)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        agent.shows(lost_open=7)
        second = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == ""
        assert process.wait(20) == 6
    assert "CONNECTED" in first
    assert "lost 7" in second


def test_json_on_a_terminal_holds_nothing_that_a_terminal_obeys(agent: FakeAgent) -> None:
    hostile = replace(VIEW, topic="in\x9b2Jsights\u202e\x7f\U0001f600")
    agent.shows(connection=hostile)
    with terminal(program("status", "--json", "--socket", agent.socket), term="dumb") as screen:
        assert screen.ended() == 0
        said = screen.read()
    assert all(0x20 <= byte < 0x7F for byte in said.strip())
    assert json.loads(said)["connection"]["topic"] == hostile.topic
