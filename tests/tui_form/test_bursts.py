"""In a real terminal, keys that come in one write act in the order in which they were typed."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.terminal import Terminal
from tests.tui_form.host import MARKER
from tests.tui_form.pems import pem

ROOT = Path(__file__).resolve().parents[2]
RIGHT, LEFT, UP, DOWN, BACKTAB, HOME, END = "\x1b[C", "\x1b[D", "\x1b[A", "\x1b[B", "\x1b[Z", "\x1b[H", "\x1b[F"
ENTER, TAB, EMPTY, CONNECT, BACKSPACE = "\r", "\t", "\x15", "\x13", "\x7f"
"""Sequences of a VT terminal (xterm's normal cursor keys); ctrl+u and ctrl+s."""
SERVERS = "kafka-1:9093,kafka-2:9093"

pytestmark = pytest.mark.skipif(Terminal.missing() is not None, reason=Terminal.missing() or "")


class Typist:
    """A person, or a program, at a terminal with the form of a first connection."""

    def __init__(self, terminal: Terminal, answer: Path) -> None:
        self.terminal, self._answer = terminal, answer

    def told(self) -> dict[str, Any]:
        """What the agent was told to connect with."""
        answer = self._answer
        self.terminal.wait_for(lambda _: answer.exists() and answer.read_text().endswith("\n"))
        return json.loads(answer.read_text())  # type: ignore[no-any-return]  # whatever JSON holds


@pytest.fixture
def typist(tmp_path: Path) -> Iterator[Typist]:
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    answer = tmp_path / "told.json"
    terminal = Terminal([sys.executable, "-m", "tests.tui_form.child", str(answer)], env=environment, cwd=str(ROOT))
    try:
        terminal.wait_for("Copy command")
        terminal.wait_for("Topic name")
        yield Typist(terminal, answer)
    finally:
        terminal.close()


def sasl(ca: str = "", *, password: str = MARKER, username: str = "svc", servers: str = SERVERS) -> dict[str, Any]:
    """What the agent should be told."""
    return {
        "topic": "insights", "servers": servers, "type": "kafka_sasl_ssl", "mechanism": "SCRAM-SHA-512",
        "username": username, "password": password, "ca": ca or None,
    }  # fmt: skip


@pytest.mark.parametrize("on", [TAB, ENTER, DOWN], ids=["tab", "enter", "down"])
def test_the_whole_form_in_one_write(typist: Typist, tmp_path: Path, on: str) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(pem("Acme Root CA", days=214))
    fields = ["insights", SERVERS, RIGHT, RIGHT, "svc", MARKER, str(path)]
    typist.terminal.burst(on.join(fields) + on + ENTER)
    assert typist.told() == sasl(path.read_text())


def test_user_tab_password_enter(typist: Typist) -> None:
    """What a password manager types, into a form that is filled but for these two."""
    typist.terminal.burst(f"insights{TAB}{SERVERS}{TAB}{RIGHT}{TAB}{RIGHT}{TAB}")
    typist.terminal.wait_for("The Kafka user.")
    typist.terminal.burst(f"svc{TAB}{MARKER}{ENTER}")
    typist.terminal.wait_for("A path on this host")
    assert MARKER not in typist.terminal.screen()
    typist.terminal.burst(CONNECT)
    assert typist.told() == sasl()


def test_keys_that_edit_act_where_they_were_typed(typist: Typist) -> None:
    username = f"old{EMPTY}nameXY{BACKSPACE}{BACKSPACE}{HOME}the-{END}!{LEFT}2"
    password = f"wrong{EMPTY}{MARKER}X{BACKSPACE}"
    ca = f"/old/path{EMPTY}x{BACKSPACE}"
    typist.terminal.burst(
        f"insights{TAB}{SERVERS}{TAB}{RIGHT}{TAB}{RIGHT}{TAB}{username}{TAB}{password}{TAB}{ca}{CONNECT}"
    )
    assert typist.told() == sasl(username="the-name2!")


def test_back_and_forth(typist: Typist) -> None:
    there = f"insigh{TAB}{SERVERS}{DOWN}{RIGHT}{LEFT}{RIGHT}{DOWN}{RIGHT}{TAB}svc{DOWN}{MARKER}"
    back = f"{BACKTAB}{UP}{BACKTAB}{UP}{UP}ts{UP}{UP}{UP}{ENTER}"
    typist.terminal.burst(f"{there}{back}")  # up from the first field to the buttons, then past them to the password
    typist.terminal.wait_for("A path on this host")
    typist.terminal.burst(CONNECT)
    assert typist.told() == sasl()


def test_a_bundle_that_comes_as_keys(typist: Typist) -> None:
    """A terminal without bracketed paste."""
    bundle = pem("Acme Root CA", days=214) + pem("Beta Root CA", days=300)
    form = f"insights{TAB}{SERVERS}{TAB}{RIGHT}{TAB}{RIGHT}{TAB}svc{TAB}{MARKER}{TAB}"
    typist.terminal.burst(form + bundle.replace("\n", "\r") + CONNECT)
    assert typist.told() == sasl(bundle)


@pytest.mark.parametrize("end", ["\r", "\n"], ids=["return", "line feed"])
def test_a_server_list_that_comes_as_keys_and_a_password_behind_it(typist: Typist, end: str) -> None:
    servers = ["kafka-1:9093", "kafka-2:9093", "kafka-3:9093"]
    then = "" if end == "\r" else TAB
    typist.terminal.burst(
        f"insights{TAB}{end.join(servers)}{end}{then}{RIGHT}{TAB}{RIGHT}{TAB}svc{TAB}{MARKER}{CONNECT}"
    )
    assert typist.told() == sasl(servers=",".join(servers))


def test_a_question_is_answered_by_what_it_offers(typist: Typist) -> None:
    """Leave, then Keep editing, then Leave for good: three answers in one write."""
    typist.terminal.burst("insights")
    typist.terminal.wait_for("insights --servers")
    typist.terminal.keys("Escape")
    typist.terminal.wait_for("Leave without saving?")
    typist.terminal.burst(f"{RIGHT}{LEFT}{ENTER}!")
    typist.terminal.wait_for("insights!")
    typist.terminal.keys("Escape")
    typist.terminal.wait_for("Leave without saving?")
    typist.terminal.burst(f"{RIGHT}{ENTER}")
    typist.terminal.wait_for(lambda screen: "Topic name" not in screen)
