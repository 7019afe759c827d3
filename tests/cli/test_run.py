"""`run`: a command as one execution, and as if nobody stood before it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from insights_tui.cli.executing import begin, keep_alive
from insights_tui.cli.options import Common
from insights_tui.cli.run import VARIABLES
from tests.cli.conftest import Run, program, run_program
from tests.cli.real import terminal, until
from tests.cli.runs_agent import RunsAgent, runs_agent

SHOW = f"import os, json; print(json.dumps([os.environ.get(name) for name in {VARIABLES!r}]))"


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[RunsAgent]:
    with runs_agent(tmp_path / "r.sock") as agent:
        yield agent


@pytest.fixture(autouse=True)
def no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def test_the_command_is_one_execution(runs: RunsAgent) -> None:
    ended = run_program("run", "--socket", runs.socket, "--as", "acme/credit/1.0.6", "--", *python(SHOW))
    assert (ended.code, ended.err) == (0, "")
    (url,) = set(json.loads(ended.out))
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/run/this", url)
    assert runs.paths == ["/v1/runs", "/run/req-1/v1/insights", "/v1/runs/req-1/finish"]
    assert runs.calls[0][1] == {"owner": "acme", "name": "credit", "version": "1.0.6"}
    metrics = runs.merged()
    assert metrics["exit_code"] == 0
    assert metrics["cpu_seconds"] > 0
    assert metrics["max_rss_bytes"] > 1_000_000
    assert runs.calls[2][1]["duration_milliseconds"] > 0


def test_without_names_the_agent_gives_its_own(runs: RunsAgent) -> None:
    assert run_program("run", "--socket", runs.socket, "true").code == 0
    assert runs.calls[0] == ("/v1/runs", {})


def test_input_output_and_exit_code_pass_through(runs: RunsAgent) -> None:
    script = "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.stderr.write('said'); sys.exit(7)"
    ended = run_program("run", "--socket", runs.socket, "--", *python(script), stdin=b"abc\n")
    assert (ended.code, ended.out, ended.err) == (7, "ABC\n", "said")
    assert runs.merged()["exit_code"] == 7


def test_options_of_the_command_are_the_commands(runs: RunsAgent) -> None:
    ended = run_program("run", "--socket", runs.socket, "echo", "--json", "--as", "x", "--", "-h")
    assert ended.out == "--json --as x -- -h\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_signal_that_ends_it_is_128_and_its_number(runs: RunsAgent, number: int) -> None:
    ended = run_program("run", "--socket", runs.socket, "--", "sh", "-c", f"kill -{int(number)} $$")
    assert ended.code == 128 + number
    assert runs.merged()["exit_code"] == 128 + number


@pytest.mark.parametrize(("command", "code"), [("no-such-command", 127), ("/etc/passwd", 126)])
def test_a_command_that_cannot_be_started(runs: RunsAgent, command: str, code: int) -> None:
    ended = run_program("run", "--socket", runs.socket, "--", command)
    assert ended.code == code
    assert f"error: {command}: " in ended.err
    assert runs.paths[-1] == "/v1/runs/req-1/finish"


def test_usage(run: Run) -> None:
    assert run("run").code == 2
    assert run("run", "--as", "a/b", "--", "true").code == 2


REPORT = """\
import signal, sys

def told(number, frame):
    print(signal.Signals(number).name, flush=True)
    if number == signal.SIGTERM:
        sys.exit(5)

for name in ("TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "WINCH"):
    signal.signal(getattr(signal, "SIG" + name), told)
print("ready", flush=True)
while True:
    signal.pause()
"""


def test_signals_reach_the_command_alone_and_each_once(runs: RunsAgent) -> None:
    with subprocess.Popen(
        program("run", "--socket", runs.socket, "--", *python(REPORT)), stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        for name in ("SIGUSR1", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR2", "SIGWINCH", "SIGTERM"):
            process.send_signal(getattr(signal, name))
            assert process.stdout.readline().decode() == f"{name}\n"
        assert process.stdout.read() == b""
        assert process.wait(30) == 5
    assert runs.merged()["exit_code"] == 5


def test_what_is_ignored_stays_ignored_and_nothing_more(runs: RunsAgent) -> None:
    command = program("run", "--socket", runs.socket, "--", "cat", "/proc/self/status")
    shell = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *command]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=60)
    masks = dict(line.split(":\t") for line in done.stdout.splitlines() if line.startswith(("SigBlk", "SigIgn")))
    assert int(masks["SigBlk"], 16) == 0
    standard = (1 << 31) - 1  # glibc's posix_spawn leaves the two signals of its own ignored
    assert int(masks["SigIgn"], 16) & standard == 1 << (signal.SIGHUP - 1)


def test_ctrl_c_in_a_terminal_comes_once(runs: RunsAgent) -> None:
    with terminal(program("run", "--socket", runs.socket, "--", *python(REPORT))) as screen:
        screen.wait_for(b"ready")
        screen.press(b"\x03")
        screen.wait_for(b"SIGINT")
        os.kill(screen.process.pid, signal.SIGTERM)
        assert screen.ended() == 5
        assert screen.read().count(b"SIGINT") == 1


def test_ctrl_z_stops_the_job_and_fg_goes_on_with_it(runs: RunsAgent, tmp_path: Path) -> None:
    command = " ".join(f"'{part}'" for part in program("run", "--socket", runs.socket, "--", "sh", "-c"))
    script = tmp_path / "command.sh"
    script.write_text(f'{command} \'echo begun; read line; echo "got $line"; exit 9\'; echo "status $?"\n')
    with terminal(["bash", "--norc", "--noprofile", "-i"]) as shell:
        shell.press(b"PS1='$ '\n")
        shell.press(f". {script}\n".encode())
        shell.wait_for(b"begun")
        shell.press(b"\x1a")
        shell.wait_for(b"Stopped")
        shell.press(b"fg; echo after $?\n")
        shell.press(b"hello\n")
        shell.wait_for(b"got hello")
        shell.wait_for(b"after 9")
        shell.press(b"exit\n")
        shell.ended()
    assert runs.merged()["exit_code"] == 9


def test_no_agent_is_one_line_and_no_harm(tmp_path: Path) -> None:
    post = (
        "import os, urllib.request\n"
        "url = os.environ['ALGORITHMIA_API'] + '/v1/insights'\n"
        "request = urllib.request.Request(url, b'[]', {'Content-Type': 'application/json'})\n"
        "print(urllib.request.urlopen(request, timeout=20).read().decode())"
    )
    ended = run_program("run", "--socket", tmp_path / "none.sock", "--", *python(post))
    assert ended.code == 0
    assert json.loads(ended.out) == {"response": "ok", "accepted": 0}
    assert ended.err.count("\n") == 1
    assert "runs without Insights" in ended.err
    assert "none.sock" in ended.err


def test_an_agent_that_refuses_is_named(runs: RunsAgent) -> None:
    runs.before = lambda _path: (404, {"error": {"code": "x", "message": "There is no such call."}})
    ended = run_program("run", "--socket", runs.socket, "--", "echo", "hi")
    assert (ended.code, ended.out) == (0, "hi\n")
    assert "There is no such call; it runs without Insights" in ended.err.replace(")", "")


def test_an_agent_that_never_answers_delays_neither_start_nor_end(runs: RunsAgent) -> None:
    over = threading.Event()

    def hang(_path: str) -> None:
        over.wait(60)

    runs.before = hang
    try:
        ended = run_program("run", "--socket", runs.socket, "--", "sh", "-c", "echo hi; exit 4")
    finally:
        over.set()
    assert (ended.code, ended.out) == (4, "hi\n")
    assert "does not answer; it runs without Insights" in ended.err


def test_an_agent_that_dies_in_between_is_told(runs: RunsAgent) -> None:
    with subprocess.Popen(
        program("run", "--socket", runs.socket, "--", "sh", "-c", "echo begun; read line; exit 6"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        runs.socket.unlink()
        _, said = process.communicate(b"\n", timeout=30)
        assert process.returncode == 6
    assert b"once it is up, it publishes this execution ten minutes after its last report." in said


REPORTS = """
import os, sys, urllib.request
def report(body):
    url = os.environ['ALGORITHMIA_API'] + '/v1/insights'
    request = urllib.request.Request(url, body, {'Content-Type': 'application/json'})
    return urllib.request.urlopen(request, timeout=20).status
for body in (b'{"a": 1, "b": 1}', b'{"a": 2}', b'{"b": 2}'):
    print(report(body), flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("back", [True, False])
def test_reports_while_the_agent_is_away_are_kept(runs: RunsAgent, *, back: bool) -> None:
    away = runs.socket.with_name("away")
    with subprocess.Popen(
        program("run", "--socket", runs.socket, "--", *python(REPORTS)),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for line in range(3):
            assert process.stdout.readline() == "200\n"
            if line == 0:
                assert runs.merged() == {"a": 1, "b": 1}
                runs.socket.rename(away)
            elif line == 2 and back:
                away.rename(runs.socket)
            process.stdin.write("\n")
            process.stdin.flush()
        _, said = process.communicate(timeout=30)
        assert process.returncode == 0
    merged = runs.merged()
    if back:
        assert (merged["a"], merged["b"], merged["exit_code"], said) == (2, 2, 0, "")
    else:
        assert (merged["a"], merged["b"]) == (1, 1)
        assert "ten minutes after its last report, without 2 reports of the command." in said


def test_a_late_answer_still_makes_the_payload(runs: RunsAgent) -> None:
    """The command began without Insights, but the agent has begun its execution: it is finished, not abandoned."""
    begun = threading.Event()

    def late(path: str) -> None:
        if path == "/v1/runs":
            begun.wait(60)

    runs.before = late
    with subprocess.Popen(
        program("run", "--socket", runs.socket, "--", "sh", "-c", "echo begun; read line; exit 6"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        begun.set()
        until(lambda: "/v1/runs" in runs.paths, "the agent has answered")
        process.communicate(b"\n", timeout=30)
        assert process.returncode == 6
    assert runs.merged()["exit_code"] == 6
    assert runs.paths[-1] == "/v1/runs/req-1/finish"


def test_insights_url_where_no_socket_is_in_reach(runs: RunsAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSIGHTS_URL", f"{runs.url}/t/secret/run/outer")
    assert run_program("run", "--", "true").code == 0
    assert runs.paths == ["/t/secret/v1/runs", "/t/secret/run/req-1/v1/insights", "/t/secret/v1/runs/req-1/finish"]


def test_the_sdk_in_it_reports_to_the_execution(runs: RunsAgent) -> None:
    script = "from insights_tui.sdk import report; report(score=0.5); report(score=0.75)"
    ended = run_program("run", "--socket", runs.socket, "--", *python(script))
    assert ended.code == 0, ended.err
    assert runs.merged()["score"] == 0.75
    assert runs.paths[-1] == "/v1/runs/req-1/finish"


def test_a_long_command_is_kept_alive(runs: RunsAgent) -> None:
    """The agent publishes an execution after ten minutes of silence: a command may be silent for hours."""
    over = threading.Event()
    begun = begin(Common(runs.socket), None)
    keeping = threading.Thread(target=keep_alive, args=(begun, over, 0.001))
    keeping.start()
    until(lambda: len(runs.calls) > 3, "signs of life")
    over.set()
    keeping.join()
    assert runs.calls[-1] == ("/run/req-1/v1/insights", [])


def test_an_execution_that_was_published_before_its_end_is_told(runs: RunsAgent) -> None:
    runs.before = lambda path: (200, {"published": False}) if path.endswith("/finish") else None
    ended = run_program("run", "--socket", runs.socket, "true")
    assert ended.code == 0
    assert "published this execution before it ended" in ended.err


def test_an_agent_that_restarts_at_the_end_is_asked_again(runs: RunsAgent) -> None:
    stopping = [(503, {"error": {"code": "stopping", "message": "It stops."}})]
    runs.before = lambda path: stopping.pop() if path.endswith("/finish") and stopping else None
    ended = run_program("run", "--socket", runs.socket, "true")
    assert (ended.code, ended.err) == (0, "")
    assert runs.paths[-1] == "/v1/runs/req-1/finish"
