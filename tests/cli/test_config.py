"""`config`, `completion` and `systemd`: what they print is what is so, and what others can read."""

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from insights_tui.cli.completion import SHELLS
from insights_tui.cli.service_manager import ServiceManager
from insights_tui.settings import keys
from tests.cli.conftest import Run, program

FILE = '[delivery]\ndeadline_s = 60\n[connection]\npassword = "hunter2"\nusername = "insights"\n'


@pytest.fixture
def file(own_places: None) -> Path:
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "insights-tui"
    folder.mkdir()
    file = folder / "config.toml"
    file.write_text(FILE, encoding="utf-8")
    file.chmod(0o600)
    return file


def test_every_setting_has_its_value_and_its_origin(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSIGHTS_LOG__LEVEL", "debug")
    told = json.loads(run("config", "show", "--json").out)
    assert set(told) == set(keys())
    assert told["delivery.deadline_s"] == {"value": "60", "origin": str(file)}
    assert told["log.level"] == {"value": "debug", "origin": "environment"}
    assert told["listen"] == {"value": "127.0.0.1:9000", "origin": "default"}
    shown = run("config")
    assert "hunter2" not in json.dumps(told) + shown.out
    assert told["connection.password"]["value"] == "(hidden)"
    rows = {line.split()[0]: line.split()[1:] for line in shown.out.splitlines()}
    assert rows["delivery.deadline_s"] == ["60", str(file)]
    assert rows["installation"] == ["none", "default"]
    explained = run("config", "show", "--explain").out
    assert "INSIGHTS_DELIVERY__DEADLINE_S" in explained
    assert "at most a week" in explained


def test_a_bad_file_is_named_with_every_problem(run: Run, file: Path) -> None:
    assert run("config", "check").code == 0
    file.write_text("[delivery]\ndeadline_s = 0\ncompresion = 'zstd'\n", encoding="utf-8")
    for verb in ("check", "show"):
        ended = run("config", verb)
        assert ended.code == 78
        assert "Did you mean delivery.compression?" in ended.err
        assert "deadline_s" in ended.err
        assert str(file) in ended.err


def test_where_the_file_is(run: Run, file: Path) -> None:
    assert run("config", "path").out == f"{file}\n"
    assert run("config", "path", "--system").out == "/etc/insights-tui/config.toml\n"
    file.unlink()
    assert json.loads(run("config", "path", "--json").out) == {"path": str(file), "exists": False}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_completion_is_one_that_the_shell_takes(shell: str) -> None:
    done = subprocess.run(program("completion", shell), capture_output=True, text=True, timeout=60, check=True)
    assert "_INSIGHTS_TUI_COMPLETE" in done.stdout
    if shutil.which(shell) and shell != "fish":
        subprocess.run([shell, "-n"], input=done.stdout, text=True, timeout=60, check=True)


def test_verbs_and_options_are_completed() -> None:
    def completed(words: str) -> list[str]:
        environ = {
            **os.environ,
            "_INSIGHTS_TUI_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        }
        done = subprocess.run(program(), env=environ, capture_output=True, text=True, timeout=60, check=True)
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert completed("insights-tui re") == ["revisions"]
    assert completed("insights-tui --asc") == ["--ascii"]
    assert completed("insights-tui lost re") == ["redrive"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
@pytest.mark.parametrize("options", [("service",), ("service", "--user"), ("socket",)])
def test_systemd_takes_the_unit(tmp_path: Path, options: tuple[str, ...]) -> None:
    for name in {"service", options[0]}:
        unit = tmp_path / f"insights-tui.{name}"
        done = subprocess.run(
            program("systemd", name, *options[1:]), capture_output=True, text=True, timeout=60, check=True
        )
        unit.write_text(done.stdout, encoding="utf-8")
    unit = tmp_path / f"insights-tui.{options[0]}"
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    manager = list(options[1:])
    said = subprocess.run(
        ["systemd-analyze", *manager, "verify", unit], env=environ, capture_output=True, text=True, timeout=60
    )
    assert not [line for line in said.stderr.splitlines() if "insights-tui" in line], said.stderr


def test_the_service_manager_hears_of_ready_alive_and_stopping(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hears:
        hears.bind(path)
        manager = ServiceManager({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())})
        manager.ready("all is well")
        manager.alive()
        manager.stopping()
        assert [hears.recv(200) for _ in range(3)] == [b"READY=1\nSTATUS=all is well", b"WATCHDOG=1", b"STOPPING=1"]
    assert manager.alive_every_s == 30
    manager.alive()  # nobody hears: no harm


def test_nobody_is_told_without_a_service_manager() -> None:
    ServiceManager({}).ready("x")
    assert ServiceManager({"WATCHDOG_USEC": "60000000"}).alive_every_s is None
    assert ServiceManager({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "60", "WATCHDOG_PID": "1"}).alive_every_s is None


def test_the_keys_of_the_interface_are_listed_and_what_is_wrong_with_them_is_named(run: Run, file: Path) -> None:
    file.write_text('[interface.keys]\ninsights.freeze = "f5"\n"app.quit" = "Q"\n', encoding="utf-8")
    told = json.loads(run("config", "keys", "--json").out)
    assert told["insights.freeze"] == {"keys": "f5", "meaning": "Freeze the view"}
    assert (told["app.quit"]["keys"], told["insights.help"]["keys"]) == ("Q", "question_mark")
    assert "insights.freeze=f5, app.quit=Q" in run("config").out
    file.write_text('[interface.keys]\ninsights.freze = "f5"\napp.quit = "c"\n', encoding="utf-8")
    ended = run("config", "keys")
    assert ended.code == 78
    assert f"{file}: interface.keys: insights.freze: There is no such act. Did you mean insights.freeze?" in ended.err
    assert "c is the key of insights.connect" in ended.err


def test_several_sockets_are_for_the_interface_alone(run: Run) -> None:
    ended = run("status", "--socket", "/a", "--socket", "/b")
    assert ended.code == 2
    assert "--socket is given more than once" in ended.err
