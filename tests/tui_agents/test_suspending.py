"""Stopped and continued: by a signal, by ctrl+z, and not where an agent would stop with the screen."""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from tests.support.waiting import wait_for
from tests.tui.driving import desk
from tests.tui.samples import CONNECTED

ROOT = Path(__file__).resolve().parents[2]
WHOLE = ("CONNECTED", "1 Insights", "Queued", "kafka-3", "Palette")
"""Something of every part of the page, the last row included."""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    if reason := Terminal.missing():
        pytest.skip(reason)
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    opened = Terminal([sys.executable, "-m", "tests.tui.child", "run", str(tmp_path)], env=environment, cwd=str(ROOT))
    try:
        opened.wait_for(whole)
        yield opened
    finally:
        opened.close()


def whole(screen: str) -> bool:
    return all(part in screen for part in WHOLE)


def stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("how", ["signal", "key"])
def test_the_terminal_is_given_back_and_the_page_painted_whole_again(
    terminal: Terminal, tmp_path: Path, how: str
) -> None:
    pid = int((tmp_path / "pid").read_text())
    terminal.wait_for("STALE")  # from now on little changes by itself: what is seen later was painted for us
    if how == "key":
        terminal.keys("C-z")
    else:
        os.kill(pid, signal.SIGTSTP)
    try:
        wait_for(lambda: stopped(pid), "the program stands still")
        terminal.wait_for(lambda screen: "Queued" not in screen)
    finally:
        os.kill(pid, signal.SIGCONT)
    terminal.wait_for(whole)
    terminal.keys("q")
    wait_for(lambda: terminal.exit_code is not None, "the program ends", 10)
    assert terminal.exit_code == 0


async def test_an_agent_that_would_stop_with_the_screen_is_not_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("it was stopped"))
    ours = replace(CONNECTED, agent=replace(CONNECTED.agent, mode="embedded", pid=os.getpid()))
    async with desk(ours) as seated:
        await seated.press("ctrl+z")
        await seated.until_shown("would stop, too")
