"""`agent` as a process: how it starts, refuses to, and ends; the verbs against it."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Ended, run_program
from tests.cli.real import real_agent, started

MARKER = "MARKER-77d0-password"


def own_socket() -> Path:
    return Path(os.environ["XDG_RUNTIME_DIR"]) / "insights-tui" / "agent.sock"


@pytest.mark.parametrize(
    ("number", "durability", "left"),
    [
        (signal.SIGTERM, "full", "left in the spool: 2 payloads."),
        (signal.SIGINT, "memory", "not kept (durability memory): 2 payloads."),
    ],
)
def test_it_serves_the_verbs_and_ends_with_a_signal(
    number: signal.Signals, durability: str, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSIGHTS_DELIVERY__DURABILITY", durability)
    with real_agent() as (process, ready):
        assert "algorithms report to http://127.0.0.1:" in ready
        assert run_program("status").code == 3
        assert run_program("send", stdin=b'{"risk": 0.5}\n').out == "Accepted 1 payload.\n"
        assert run_program("send", "--as", "acme/x/1", stdin=b'{"risk": 0.5}').out == "Accepted 1 payload.\n"
        assert run_program("send", "--test").code == 3
        snapshot = json.loads(run_program("status", "--json").out)
        assert snapshot["counts"]["queued"] == 2
        assert snapshot["agent"]["mode"] == "service"
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert left in err.decode()
    assert run_program("status").code == 4


def test_a_refused_line_is_named_and_nothing_is_half_accepted() -> None:
    with real_agent():
        ended = run_program("send", stdin=b'{"a": 1}\n{"a": NaN}\n')
        assert ended.code == 1
        assert "Line 2: NaN" in ended.err
        assert json.loads(run_program("status", "--json").out)["counts"]["accepted"] == 0


def test_a_second_agent_names_the_first() -> None:
    with real_agent() as (process, _):
        ended = run_program("agent", "--listen", "127.0.0.1:0")
        assert ended.code == 1
        assert str(process.pid) in ended.err


def test_a_busy_port_names_its_owner() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        ended = run_program("agent", "--listen", f"127.0.0.1:{busy.getsockname()[1]}")
    assert ended.code == 78
    assert str(os.getpid()) in ended.err


def test_bad_settings_are_told_all_at_once(tmp_path: Path) -> None:
    config = tmp_path / "xdg_config_home" / "insights-tui" / "config.toml"
    config.parent.mkdir()
    config.write_text('listen = "nowhere"\n')
    ended = run_program("agent", env=os.environ | {"INSIGHTS_DELIVERY__DEADLINE_S": "soon"})
    assert ended.code == 78
    assert f"{config}, listen" in ended.err
    assert "INSIGHTS_DELIVERY__DEADLINE_S" in ended.err


def test_a_file_that_moves_the_socket_is_followed_by_every_verb(tmp_path: Path) -> None:
    config = tmp_path / "xdg_config_home" / "insights-tui" / "config.toml"
    config.parent.mkdir()
    config.write_text(f'socket = "{tmp_path}/elsewhere.sock"\n')
    with real_agent() as (_, ready):
        assert "elsewhere.sock" in ready
        assert run_program("status").code == 3


def test_a_second_signal_ends_it_at_once() -> None:
    """The first one waits here for a stop that takes for ever."""
    script = (
        "import asyncio, sys\n"
        "import insights_tui.agent.agent as agent\n"
        "async def run_agent(settings, places, mode, *, ready, stop, grace_s):\n"
        "    print('ready', flush=True)\n"
        "    await stop.wait()\n"
        "    print('stopping', flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "agent.run_agent = run_agent\n"
        "from insights_tui.cli.main import main\n"
        "main(['agent'])\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.terminate()
        assert process.stdout.readline() == b"stopping\n"
        process.terminate()
        _, err = process.communicate(timeout=20)
    assert err == b"Stopping at once.\n"
    assert process.returncode == -signal.SIGTERM


def test_the_password_shows_up_nowhere() -> None:
    with real_agent() as (process, ready):
        arguments = ("connect", "--topic", "t", "--servers", "127.0.0.1:1", "--username", "u", "--no-check")
        env = os.environ | {"KAFKA_PASSWORD": MARKER}
        ended: list[Ended] = [run_program(*arguments, "--password-from", "env:KAFKA_PASSWORD", "--json", env=env)]
        ended += [run_program("status"), run_program("status", "--json"), run_program("connect", *arguments[1:])]
        process.terminate()
        out, err = process.communicate(timeout=20)
    assert ended[0].code == 0, ended[0].err
    assert MARKER not in ready + out.decode() + err.decode() + "".join(run.out + run.err for run in ended)
    state = Path(os.environ["XDG_STATE_HOME"])
    holding = [path for path in state.rglob("*") if path.is_file() and MARKER.encode() in path.read_bytes()]
    assert {(path.parent.name, stat.S_IMODE(path.stat().st_mode)) for path in holding} == {("secrets", 0o600)}


def test_its_socket_is_private() -> None:
    with real_agent():
        assert stat.S_IMODE(own_socket().stat().st_mode) == 0o600


def test_watching_survives_an_agent_that_goes(tmp_path: Path) -> None:
    with real_agent() as (process, _), started("status", "--watch") as watch:
        assert watch.stdout is not None
        assert b"NOT CONNECTED" in watch.stdout.readline()
        process.terminate()
        assert b"no agent" in watch.stdout.readline()
        watch.terminate()
        assert watch.wait(20) == 4
