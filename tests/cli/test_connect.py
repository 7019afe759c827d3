"""`connect` and `disconnect`: what is posted, what is said, and a password that shows up nowhere."""

import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from tests.cli.conftest import Run, program
from tests.cli.fake_agent import SAVED, VIEW, Answer, FakeAgent, Request

CONNECTION = "/v1/admin/insights-connection"
MARKER = "MARKER-f2a9c1-password"
SASL = ("--topic", "insights", "--servers", "kafka-1:9093,kafka-2:9093", "--type", "sasl", "--username", "u")


def test_plaintext(run: Run, agent: FakeAgent) -> None:
    agent.says(f"POST {CONNECTION}", {**SAVED, "connection_type": "kafka_unauthenticated_plaintext"})
    ended = run("connect", "--topic", "t", "--servers", "h1:1,h2:2", "--socket", agent.socket)
    assert ended.code == 0, ended.err
    assert "Connected: topic insights on kafka-1:9093,kafka-2:9093 (revision 3)" in ended.out
    [asked] = agent.requests
    assert asked.path == f"{CONNECTION}?check=require"
    assert asked.kind == "application/json"
    assert asked.json == {"topic": "t", "broker_url": "h1:1,h2:2", "connection_type": "kafka_unauthenticated_plaintext"}


@pytest.mark.parametrize("source", ["env", "file", "stdin"])
def test_the_password_reaches_the_agent_and_nothing_else(
    run: Run, agent: FakeAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    agent.says(f"POST {CONNECTION}", SAVED)
    file = tmp_path / "secret"
    file.write_text(f"{MARKER}\n")
    file.chmod(0o600)
    monkeypatch.setenv("KAFKA_PASSWORD", MARKER)
    named = {"env": "env:KAFKA_PASSWORD", "file": f"file:{file}", "stdin": "-"}[source]
    ended = run("connect", *SASL, "--password-from", named, "--socket", agent.socket, stdin=f"{MARKER}\n".encode())
    assert ended.code == 0, ended.err
    assert agent.requests[0].json["broker_password"] == MARKER
    assert MARKER not in ended.out + ended.err


def test_the_password_is_not_in_the_process_table(agent: FakeAgent) -> None:
    asked, seen = threading.Event(), threading.Event()

    def wait(request: Request) -> Answer:
        asked.set()
        assert seen.wait(20)
        return 200, json.dumps(SAVED).encode()

    agent.answers[f"POST {CONNECTION}"] = wait
    command = program("connect", *SASL, "--password-from", "env:KAFKA_PASSWORD", "--socket", agent.socket)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ | {"KAFKA_PASSWORD": MARKER}
    ) as process:
        try:
            assert asked.wait(20)
            arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        finally:
            seen.set()
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 0, said
    assert b"connect" in arguments
    assert MARKER.encode() not in arguments + said


def test_no_option_takes_a_password(run: Run, agent: FakeAgent) -> None:
    ended = run("connect", *SASL, "--password", MARKER, "--socket", agent.socket)
    assert ended.code == 2
    ended = run("connect", *SASL, "--password-from", MARKER, "--socket", agent.socket)
    assert ended.code == 2
    assert MARKER not in ended.out + ended.err
    assert agent.requests == []


@pytest.mark.parametrize("source", ["env:NOT_THERE_AT_ALL", "file:/nonexistent/secret", "env:", "-"])
def test_a_missing_password_is_usage(run: Run, agent: FakeAgent, source: str) -> None:
    ended = run("connect", *SASL, "--password-from", source, "--socket", agent.socket)
    assert ended.code == 2
    assert "--password-from" in ended.err


def test_a_password_left_out_is_the_agents_to_judge(run: Run, agent: FakeAgent) -> None:
    agent.says(f"POST {CONNECTION}", SAVED)
    assert run("connect", *SASL, "--socket", agent.socket).code == 0
    assert "broker_password" not in agent.requests[0].json


def test_what_can_be_found_here_is_all_told_at_once(run: Run, agent: FakeAgent) -> None:
    ended = run("connect", "--topic", "a b", "--servers", "h1,h2:99999", "--type", "sasl", "--socket", agent.socket)
    assert ended.code == 2
    assert agent.requests == []
    for field in ("topic:", "broker_url: 1st", "broker_url: 2nd", "broker_username:"):
        assert field in ended.err
    assert ended.err.count("fix:") == ended.err.count("error:") == 4


def test_the_agents_refusal_is_told_whole(run: Run, agent: FakeAgent) -> None:
    agent.refuses(f"POST {CONNECTION}", "auth_failed", "topic_missing")
    ended = run("connect", *SASL, "--json", "--socket", agent.socket)
    assert ended.code == 1
    assert [error["code"] for error in json.loads(ended.out)["errors"]] == ["auth_failed", "topic_missing"]
    assert "mend auth_failed." in ended.err
    assert "mend topic_missing." in ended.err


def test_hints_are_talk(run: Run, agent: FakeAgent) -> None:
    hint = {"code": "one_server", "message": "One server.", "hint": "Add one.", "field": "broker_url"}
    agent.says(f"POST {CONNECTION}", {**SAVED, "hints": [hint]})
    ended = run("connect", *SASL, "--json", "--socket", agent.socket)
    assert json.loads(ended.out)["hints"] == [hint]
    assert "hint: broker_url: One server." in ended.err


def test_unchecked_on_request(run: Run, agent: FakeAgent) -> None:
    agent.says(f"POST {CONNECTION}", SAVED)
    assert "Saved" in run("connect", *SASL, "--no-check", "--socket", agent.socket).out
    assert agent.requests[0].path.endswith("?check=skip")


@pytest.mark.parametrize(("content", "said"), [(None, "cannot read"), (b"", "empty"), (b"\x30\x82\xff", "DER")])
def test_a_ca_file_that_is_none(run: Run, agent: FakeAgent, tmp_path: Path, content: bytes | None, said: str) -> None:
    ca = tmp_path / "ca.pem"
    if content is not None:
        ca.write_bytes(content)
    ended = run("connect", *SASL, "--ca", ca, "--socket", agent.socket)
    assert ended.code == 2
    assert said in ended.err


def test_disconnect_needs_a_yes_without_a_terminal(run: Run, agent: FakeAgent) -> None:
    agent.shows()
    assert run("disconnect", "--socket", agent.socket).code == 2
    assert [request.method for request in agent.requests] == ["GET"]


def test_disconnect_says_what_still_waits(run: Run, agent: FakeAgent) -> None:
    agent.shows()
    agent.says(f"DELETE {CONNECTION}", status=204)
    ended = run("disconnect", "--yes", "--socket", agent.socket)
    assert ended.code == 0
    assert f"topic {VIEW.topic}. 1 payload still queued; the next is lost in 3m 59s." in ended.out
    assert agent.requests[-1].method == "DELETE"


def test_disconnect_where_there_is_nothing(run: Run, agent: FakeAgent) -> None:
    agent.shows(connection=None)
    assert run("disconnect", "--yes", "--socket", agent.socket).code == 3
