"""`send`: what goes into which request, and what is said when one is refused."""

import json
import os
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from insights_tui.cli.chunks import MAX_BYTES, MAX_LINES, MAX_OBJECT, LineTooLongError, by_lines
from tests.cli.conftest import Run, program
from tests.cli.fake_agent import Answer, FakeAgent, Request

PAYLOADS = "POST /v1/payloads"


def counting(request: Request) -> Answer:
    lines = len([line for line in request.body.splitlines() if line.strip()])
    return 200, json.dumps({"accepted": lines if request.kind == "application/x-ndjson" else 1}).encode()


def test_ndjson_from_a_pipe(run: Run, agent: FakeAgent) -> None:
    agent.answers[PAYLOADS] = counting
    ended = run("send", "--socket", agent.socket, stdin=b'{"a": 1}\n\n{"a": 2}')
    assert (ended.code, ended.out) == (0, "Accepted 2 payloads.\n"), ended.err
    assert {request.kind for request in agent.requests} == {"application/x-ndjson"}
    assert b"".join(request.body for request in agent.requests).split() == [b'{"a":', b"1}", b'{"a":', b"2}"]


def test_one_object_over_several_lines(run: Run, agent: FakeAgent, tmp_path: Path) -> None:
    agent.answers[PAYLOADS] = counting
    file = tmp_path / "one.json"
    file.write_text('{\n  "a": 1\n}\n')
    assert run("send", file, "--socket", agent.socket).out == "Accepted 1 payload.\n"
    [request] = agent.requests
    assert (request.kind, request.json) == ("application/json", {"a": 1})


def test_a_long_file_goes_in_bounded_requests_and_names_the_refused_lines(run: Run, agent: FakeAgent) -> None:
    def refuse_marked(request: Request) -> Answer:
        if b"bad" in request.body:
            return 422, b'{"error": {"code": "invalid", "message": "Line 2: no", "hint": "h", "field": "line 2"}}'
        return counting(request)

    agent.answers[PAYLOADS] = refuse_marked
    lines = [b'{"a": %d}' % number for number in range(MAX_LINES + 1)] + [b'{"bad": 1}']
    ended = run("send", "-", "--socket", agent.socket, stdin=b"\n".join(lines) + b"\n")
    assert ended.code == 1
    assert f"error: Line {MAX_LINES + 2}: no" in ended.err
    assert f"Lines {MAX_LINES + 1:,} to {MAX_LINES + 2:,} were refused" in ended.err
    assert f"{MAX_LINES:,} payloads before that accepted" in ended.err
    assert f"tail -n +{MAX_LINES + 1}" in ended.err


def test_reports_as_an_algorithm(run: Run, agent: FakeAgent) -> None:
    agent.says("POST /as/acme%20inc/score/1.0.6/v1/insights", {"response": "ok", "accepted": 1, "dropped": ["time"]})
    body = b'[{"insight_key": "risk", "insight_value": 0.5}]\n{"risk": 0.6}\n'
    ended = run("send", "--as", "acme inc/score/1.0.6", "--socket", agent.socket, stdin=body)
    assert (ended.code, ended.out) == (0, "Accepted 2 payloads.\n"), ended.err
    assert [request.json for request in agent.requests][1] == {"risk": 0.6}
    assert "time" in ended.err


@pytest.mark.parametrize("names", ["a", "a/b", "a/b/", "a/b/c/d"])
def test_bad_names(run: Run, agent: FakeAgent, names: str) -> None:
    assert run("send", "--as", names, "--socket", agent.socket, stdin=b"{}").code == 2


def test_a_test_payload(run: Run, agent: FakeAgent) -> None:
    receipt = {"id": "i", "topic": "insights", "partition": 3, "offset": 1234, "latency_s": 0.012}
    agent.says("POST /v1/admin/test-payload", receipt)
    ended = run("send", "--test", "--socket", agent.socket)
    assert ended.code == 0
    assert "partition 3, offset 1,234" in ended.out
    assert "12 ms" in ended.out
    assert json.loads(run("send", "--test", "--json", "--socket", agent.socket).out) == receipt


def test_a_test_payload_says_where_to_see_it(run: Run, agent: FakeAgent) -> None:
    agent.says(
        "POST /v1/admin/test-payload",
        {"id": "i", "topic": "t", "partition": 3, "offset": 4, "latency_s": 0.1, "see": ["kcat -C -b k1:1 -t t"]},
    )
    assert run("send", "--test", "--socket", agent.socket).out.endswith(
        "See it in the topic:\n  kcat -C -b k1:1 -t t\n"
    )


def test_a_test_payload_without_a_connection(run: Run, agent: FakeAgent) -> None:
    agent.refuses("POST /v1/admin/test-payload", "not_connected", status=409)
    assert run("send", "--test", "--socket", agent.socket).code == 3


def test_nothing_to_send_is_told(run: Run, agent: FakeAgent) -> None:
    assert run("send", "--socket", agent.socket, stdin=b" \n\n").code == 1


def test_no_such_file(run: Run, agent: FakeAgent, tmp_path: Path) -> None:
    assert run("send", tmp_path / "none", "--socket", agent.socket).code == 2


def test_a_slow_pipe_is_not_held_up(agent: FakeAgent) -> None:
    """The first line is accepted while the second has not been written."""
    read, write = os.pipe()
    agent.answers[PAYLOADS] = lambda request: (os.write(write, b"done\n"), counting(request))[1]
    try:
        with subprocess.Popen(
            program("send", "--socket", agent.socket), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            process.stdin.write(b'{"a": 1}\n')
            process.stdin.flush()
            assert os.read(read, 5) == b"done\n"
            process.stdin.write(b'{"a": 2}\n')
            process.stdin.flush()
            out, _ = process.communicate(timeout=20)
    finally:
        os.close(read)
        os.close(write)
    assert out == b"Accepted 2 payloads.\n"


@given(
    lines=some.lists(some.binary(max_size=9).map(lambda line: line.replace(b"\n", b""))),
    cuts=some.lists(some.integers(0, 200)),
    most=some.integers(1, 4),
)
def test_chunks_hold_every_line_once_in_order(lines: list[bytes], cuts: list[int], most: int) -> None:
    text = b"\n".join(lines)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    found = list(by_lines((text[start:end] for start, end in pairwise(edges)), most=most))
    assert b"".join(chunk.body for chunk in found) == text
    assert all(chunk.lines <= most for chunk in found)
    assert [chunk.first for chunk in found] == [
        1 + sum(chunk.lines for chunk in found[:index]) for index in range(len(found))
    ]


def test_chunks_are_bounded_in_bytes() -> None:
    line = b"x" * (MAX_BYTES // 2) + b"\n"
    assert [chunk.lines for chunk in by_lines([line * 3])] == [1, 1, 1]
    with pytest.raises(LineTooLongError, match="Line 2 "):
        list(by_lines([b"1\n", *[b"x" * MAX_BYTES] * (MAX_OBJECT // MAX_BYTES + 1)]))
