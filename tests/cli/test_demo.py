"""`demo`: the flow, the numbers, the closing report, and that nothing is left behind."""

import json
import os
import signal
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as some

from insights_tui.cli.demo.closing import Answers, Closing, compare
from insights_tui.cli.demo.mock_kafka import MockKafka
from insights_tui.cli.demo.reports import NUMBER, call
from insights_tui.cli.demo.schedule import Schedule
from insights_tui.cli.output import CliError
from insights_tui.domain.report import decode, read_payload, read_report
from insights_tui.domain.snapshot import Counts, Snapshot, State
from tests.cli.conftest import program, run_program
from tests.cli.fake_agent import CONNECTED
from tests.cli.real import started, terminal, until

SOUND = replace(CONNECTED, counts=Counts(accepted=3, delivered=3))


@given(rate=some.floats(0.1, 1e5), seconds=some.floats(0.01, 1e4), at=some.lists(some.floats(0, 1), min_size=1))
def test_the_flow_never_goes_back_and_is_exact_at_the_end(rate: float, seconds: float, at: list[float]) -> None:
    schedule = Schedule(rate, seconds)
    due = [schedule.due(part * seconds) for part in sorted(at)]
    assert due == sorted(due)
    assert due[0] >= 0
    assert schedule.due(seconds) == schedule.due(seconds + 1) == round(rate * seconds)


def test_an_endless_flow_keeps_its_rate() -> None:
    assert Schedule(100.0).due(15.0 * 40) == 60_000


def test_bursts_are_bursts() -> None:
    schedule = Schedule(100.0)
    seconds = [schedule.due(at + 1.0) - schedule.due(at) for at in range(15)]
    assert 155 <= max(seconds) <= 165
    assert min(seconds) < 95


def test_each_report_is_one_that_ingest_takes() -> None:
    random = Random(1)  # noqa: S311 - believable numbers, no secrets
    calls = [call(number, random) for number in range(200)]
    assert len({made.path for made in calls}) == 2
    names = Counter[object]()
    for number, made in enumerate(calls):
        decoded = decode(made.body)
        report = read_payload(decoded) if made.path == "/v1/payloads" else read_report(decoded)
        assert report.dropped == ()
        assert report.metrics[NUMBER] == number
        names[report.given.get("algorithm_name")] += 1
    assert set(names) == {"credit_card_approval", "image_tagging", None}


@pytest.mark.parametrize(
    ("snapshot", "read", "forgotten", "code"),
    [
        (SOUND, {1, 2, 3}, 0, 0),
        (replace(SOUND, counts=Counts(accepted=4, delivered=3)), {1, 2, 3}, 0, 1),
        (SOUND, {1, 2}, 0, 1),
        (SOUND, {1, 2}, 5, 0),
        (SOUND, {1, 2, 3, 9}, 0, 1),
        (SOUND, {1, 2, 3, 4}, 0, 0),
        (replace(SOUND, counts=Counts(accepted=2, delivered=2)), {1, 2, 3}, 0, 1),
        (replace(SOUND, lost_open=1, counts=Counts(accepted=4, delivered=3, rejected=1)), {1, 2, 3}, 0, 6),
        (replace(SOUND, state=State.DEGRADED), {1, 2, 3}, 0, 5),
        (replace(SOUND, counts=Counts(accepted=4, delivered=3, retrying=1)), {1, 2, 3}, 0, 5),
    ],
)
def test_the_closing_code(snapshot: Snapshot, read: set[int], forgotten: int, code: int) -> None:
    answers = Answers(accepted={1, 2, 3}, in_doubt={4})
    check = compare(answers, read, doubled=0, forgotten=forgotten)
    closing = Closing(snapshot, answers, check, elapsed_s=2.0)
    assert closing.code == code
    words = "\n".join(closing.lines())
    if forgotten:
        assert "not proven" in words
    elif code == 1:
        assert "✗" in words


def test_doubles_are_told() -> None:
    check = compare(Answers(accepted={1}), {1}, doubled=1, forgotten=0)
    assert check.broken
    assert "1 twice" in check.words


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    with pytest.raises(CliError) as error:
        MockKafka()
    assert "insights-tui[demo]" in error.value.hint
    assert error.value.code == 1


def test_headless_runs_to_an_equal_set_and_leaves_nothing(tmp_path: Path) -> None:
    env = os.environ | {"TMPDIR": str(tmp_path)}
    before = set(tmp_path.iterdir())
    ended = run_program("demo", "--headless", "--seconds", "2", "--rate", "150", env=env)
    assert ended.code == 0, ended.out + ended.err
    assert "accepted 300 = queued 0" in ended.out
    assert "300 answered 2xx, the same 300 read from the topic, none twice ✓" in ended.out
    assert set(tmp_path.iterdir()) == before


def test_headless_as_json_ends_with_the_report() -> None:
    ended = run_program("demo", "--headless", "--seconds", "1", "--rate", "50", "--json")
    *snapshots, report = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.code == report["exit_code"] == 0
    assert report["accepted"] == report["delivered"] == report["set_check"]["read"] == 50
    assert {snapshot["agent"]["mode"] for snapshot in snapshots} == {"demo"}


def test_ctrl_c_still_closes_with_the_report() -> None:
    with started("demo", "--headless", "--rate", "50") as process:
        assert process.stdout is not None
        assert b"accepted" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "Set check:" in out.decode()


def test_the_algorithms_end_with_a_demo_that_is_killed(tmp_path: Path) -> None:
    env = os.environ | {"TMPDIR": str(tmp_path)}  # what a killed demo cannot remove stays in there
    with started("demo", "--headless", "--rate", "50", env=env) as process:
        assert process.stdout is not None
        process.stdout.readline()
        children = psutil.Process(process.pid).children()
        assert children
        process.kill()
    until(lambda: not any(child.is_running() for child in children), "the end of the algorithms")


def test_on_a_terminal_it_says_what_it_is_and_ends_in_time() -> None:
    with terminal(program("demo", "--seconds", "3")) as screen:
        screen.wait_for(b"DEMO")
        screen.wait_for(b"CONNECTED")
        assert screen.ended() == 0
