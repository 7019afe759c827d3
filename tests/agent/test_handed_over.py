"""A port that systemd holds: clients wait while the agent restarts, and nothing else is taken over."""

import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from insights_tui.agent.http.handed_over import handed_over
from insights_tui.agent.http.listen import ListenError
from tests.support import AgentProcess
from tests.support.agent_process import COMMAND

# What systemd does between fork and exec: the sockets are 3 and up, and the variables name this very process.
ACTIVATE = """#!{python}
import os, sys
os.dup2({number}, 3)
os.environ |= {{"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}}
os.execv({command!r}, [{command!r}, *sys.argv[1:]])
"""


@pytest.fixture
def held() -> Iterator[socket.socket]:
    with socket.socket() as wire:
        wire.bind(("127.0.0.1", 0))
        wire.listen()
        yield wire


def test_who_reports_during_a_restart_waits_and_is_answered(held: socket.socket, tmp_path: Path) -> None:
    port = held.getsockname()[1]
    inherited = os.dup(held.fileno())
    start = tmp_path / "start"
    start.write_text(ACTIVATE.format(python=sys.executable, number=inherited, command=COMMAND), encoding="utf-8")
    start.chmod(0o700)
    agent = AgentProcess({"INSIGHTS_LISTEN": f"127.0.0.1:{port}"}, program=str(start), inherits=(inherited,))
    answers: list[int] = []

    def report() -> None:
        answers.append(httpx.post(f"http://127.0.0.1:{port}/v1/payloads", json={"a": 1}, timeout=30).status_code)

    try:
        agent.start()
        report()
        assert agent.terminate() == 0
        reporting = threading.Thread(target=report)
        reporting.start()
        agent.start()
        reporting.join(30)
        assert answers == [200, 200]
        assert agent.snapshot()["counts"]["accepted"] == 2
    finally:
        agent.close()
        os.close(inherited)


def test_sockets_for_somebody_else_are_left_alone() -> None:
    assert handed_over("127.0.0.1", 9000, {}) == []
    assert handed_over("127.0.0.1", 9000, {"LISTEN_FDS": "1", "LISTEN_PID": "1"}) == []


def test_a_socket_that_the_settings_do_not_name_is_refused(
    held: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("insights_tui.agent.http.handed_over.FIRST_FD", held.fileno())
    environ = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    with pytest.raises(ListenError, match=r"systemd hands .* over, and the settings say 127\.0\.0\.1:9"):
        handed_over("127.0.0.1", 9, environ)
    (taken,) = handed_over("127.0.0.1", held.getsockname()[1], environ)
    taken.close()
