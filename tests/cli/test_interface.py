"""No verb: refusals without a terminal, attaching, an agent of its own, and a terminal that goes away."""

import json
import os
import signal
import socket
import sys
import termios
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from insights_tui.agent.embedded import EmbeddedAgent
from insights_tui.agent.lock import StateLock
from insights_tui.agent.starting import AgentStartError
from insights_tui.cli import interface
from insights_tui.cli.options import Common
from tests.cli.conftest import Run, program, run_program
from tests.cli.fake_agent import fake_agent
from tests.cli.real import real_agent, terminal, until


@pytest.fixture(autouse=True)
def any_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSIGHTS_LISTEN", "127.0.0.1:0")


def mode() -> str | None:
    ended = run_program("status", "--json")
    return None if ended.code == 4 else json.loads(ended.out)["agent"]["mode"]


@pytest.mark.parametrize(("arguments", "instead"), [((), "insights-tui status"), (("demo",), "demo --headless")])
def test_no_terminal_is_refused_with_the_command_to_use(run: Run, arguments: tuple[str, ...], instead: str) -> None:
    ended = run(*arguments)
    assert ended.code == 2
    assert instead in ended.err
    assert ended.out == ""


def test_a_dumb_terminal_is_refused() -> None:
    with terminal(program(), term="dumb") as screen:
        assert screen.ended() == 2
        assert b"TERM is dumb" in screen.read()


def test_errors_led_into_a_file_are_refused_the_screen_would_go_there(tmp_path: Path) -> None:
    told = tmp_path / "errors.log"
    with terminal(["sh", "-c", 'exec "$@" 2>"$0"', str(told), *program()]) as screen:
        assert screen.ended() == 2
    assert "standard input, output or error is none" in told.read_text()


def test_where_there_is_no_agent_it_runs_one_that_ends_with_it() -> None:
    with terminal(program()) as screen:
        screen.wait_for(b"NOT CONNECTED")
        assert mode() == "embedded"
        screen.press(b"q")
        assert screen.ended() == 0
    assert mode() is None
    lock = StateLock(Path(os.environ["XDG_STATE_HOME"]) / "insights-tui")
    lock.take()
    lock.release()


def test_where_there_is_one_it_attaches_and_leaves_it_alone() -> None:
    with real_agent(), terminal(program()) as screen:
        screen.wait_for(b"NOT CONNECTED")
        screen.press(b"q")
        assert screen.ended() == 0
        assert b"EMBEDDED" not in screen.read()
        assert mode() == "service"


def test_two_at_once_share_one_agent() -> None:
    with terminal(program()) as one, terminal(program()) as other:
        one.wait_for(b"NOT CONNECTED")
        other.wait_for(b"NOT CONNECTED")
        for screen in (one, other):
            screen.press(b"q")
            assert screen.ended() == 0
    assert mode() is None


def test_a_busy_port_is_told_before_any_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        monkeypatch.setenv("INSIGHTS_LISTEN", f"127.0.0.1:{busy.getsockname()[1]}")
        with terminal(program()) as screen:
            assert screen.ended() == 78
            said = screen.read()
    assert str(os.getpid()).encode() in said
    assert b"\x1b[?1049h" not in said


def test_a_terminal_that_goes_away_ends_it_drained() -> None:
    with terminal(program()) as screen:
        screen.wait_for(b"NOT CONNECTED")
        screen.hang_up()
        until(lambda: screen.process.poll() is not None, "the end after a hang-up")
    assert mode() is None


def test_a_terminal_that_takes_nothing_does_not_stop_a_signal() -> None:
    with terminal(program()) as screen:
        screen.wait_for(b"NOT CONNECTED")
        screen.stop_output()
        screen.process.send_signal(signal.SIGTERM)
        until(lambda: screen.process.poll() is not None, "the end after SIGTERM")
    assert screen.process.returncode == 143
    assert mode() is None


def test_a_stalled_terminal_gets_its_mode_back(tmp_path: Path) -> None:
    """Nothing can be written to it, but the shell that comes next must see its keys again."""
    with fake_agent(tmp_path / "a.sock") as agent, terminal(program("--socket", str(tmp_path / "a.sock"))) as screen:
        agent.shows()
        before = termios.tcgetattr(screen.master)
        screen.wait_for(b"CONNECTED")
        assert termios.tcgetattr(screen.master)[3] != before[3]
        screen.stop_output()
        screen.process.send_signal(signal.SIGTERM)
        until(lambda: screen.process.poll() is not None, "the end after SIGTERM")
        assert termios.tcgetattr(screen.master)[3] == before[3]
    assert screen.process.returncode == 143


def test_a_crash_is_no_success_and_its_report_is_with_the_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSIGHTS_STATE_DIR", str(tmp_path / "state"))
    script = (
        "from insights_tui.cli.main import main\n"
        "from insights_tui.tui.app import InsightsApp\n"
        "InsightsApp.on_frame_arrived = lambda self, message: 1 / 0\n"
        f"main(['--socket', {str(tmp_path / 'a.sock')!r}])\n"
    )
    with fake_agent(tmp_path / "a.sock") as agent, terminal([sys.executable, "-c", script]) as screen:
        agent.shows()
        screen.wait_for(b"insights-tui has stopped: ZeroDivisionError.")
        until(lambda: screen.process.poll() is not None, "the end of a program that broke")
    assert screen.process.returncode == 1
    (report,) = (tmp_path / "state").glob("crash-*.txt")
    assert "ZeroDivisionError" in report.read_text()


def test_a_stuck_screen_does_not_keep_a_dead_terminal_s_program_alive(tmp_path: Path) -> None:
    """The guard's own thread drains and ends it, though signals are ignored and the main thread is stuck."""
    script = (
        "import signal, sys, threading\n"
        "from pathlib import Path\n"
        "from insights_tui.cli import hangup\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with hangup.HangupGuard(lambda: Path(sys.argv[1]).touch(), orderly_s=0.1):\n"
        "    print('stuck', flush=True)\n"
        "    threading.Event().wait()\n"
    )
    drained = tmp_path / "drained"
    with terminal([sys.executable, "-c", script, str(drained)]) as screen:
        screen.wait_for(b"stuck")
        screen.hang_up()
        until(lambda: screen.process.poll() is not None, "the end of a stuck program")
    assert screen.process.returncode == 129
    assert drained.exists()


def test_one_that_loses_the_race_attaches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as stack:

        def lose(_self: EmbeddedAgent, *_: Any) -> Path:
            stack.enter_context(fake_agent(tmp_path / "a.sock"))
            raise AgentStartError("held", "attach")

        monkeypatch.setattr(EmbeddedAgent, "start", lose)
        monkeypatch.setattr("insights_tui.cli.interface.log_to_file", lambda *_: None)
        attached = interface._attach(Common(socket=tmp_path / "a.sock"))
    assert attached.embedded is None
    assert attached.socket == tmp_path / "a.sock"
