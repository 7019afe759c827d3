"""In a real terminal: how it ends."""

import os
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(Terminal.missing() is not None, reason=Terminal.missing() or "")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    opened = Terminal([sys.executable, "-m", "tests.tui.child", "run", str(tmp_path)], env=environment, cwd=str(ROOT))
    try:
        opened.wait_for("CONNECTED")
        yield opened
    finally:
        opened.close()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_stops_what_belongs_to_the_screen_and_gives_the_terminal_back(
    terminal: Terminal, tmp_path: Path, number: signal.Signals
) -> None:
    os.kill(int((tmp_path / "pid").read_text()), number)
    wait_for(lambda: terminal.exit_code is not None, "the program ends", 10)
    assert terminal.exit_code == 0
    assert (tmp_path / "stopped").read_text() == "drained"
    assert "Queued" not in terminal.screen()


def test_a_crash_leaves_a_sane_terminal_and_a_report_without_secrets(terminal: Terminal, tmp_path: Path) -> None:
    terminal.keys("x")
    wait_for(lambda: terminal.exit_code is not None, "the program ends", 10)
    screen = terminal.screen()
    assert "crash-" in screen, "it says where the report is"
    assert "Traceback" not in screen
    assert "NOTE" not in screen
    assert terminal.exit_code == 1
    (report,) = tmp_path.glob("crash-*.txt")
    written = report.read_text()
    assert "action_crash" in written
    assert "builtins.RuntimeError" in written
    assert "hunter2" not in screen + written.replace('password = "hunter2"', "")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_q_ends_it(terminal: Terminal) -> None:
    terminal.keys("q")
    wait_for(lambda: terminal.exit_code is not None, "the program ends", 10)
    assert terminal.exit_code == 0
