import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from insights_tui import places as module
from insights_tui.places import Found, Places, SocketRefusedError, find_socket, places


@contextmanager
def listening(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        yield path


def stale(path: Path) -> Path:
    with listening(path):
        return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A person's environment on a machine without a system service."""
    monkeypatch.setattr(module, "SYSTEM_SOCKET", tmp_path / "run" / "agent.sock")
    monkeypatch.setattr(module, "UNIT_FILES", (tmp_path / "etc" / "insights-tui.service",))
    return {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "user")}


def own(home: dict[str, str]) -> Path:
    return Path(home["XDG_RUNTIME_DIR"]) / "insights-tui" / "agent.sock"


def install(home: dict[str, str]) -> None:
    unit = Path(home["HOME"]) / "etc" / "insights-tui.service"
    unit.parent.mkdir()
    unit.touch()


@pytest.mark.parametrize(
    ("system", "environ", "expected"),
    [
        (
            False,
            {"HOME": "/h"},
            Places(
                Path("/h/.config/insights-tui/config.toml"),
                Path("/h/.local/state/insights-tui"),
                Path("/h/.local/state/insights-tui/agent.sock"),
            ),
        ),
        (
            False,
            {"HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/r"},
            Places(Path("/c/insights-tui/config.toml"), Path("/s/insights-tui"), Path("/r/insights-tui/agent.sock")),
        ),
        (
            False,
            {"HOME": "/h", "XDG_CONFIG_HOME": "relative", "XDG_RUNTIME_DIR": ""},
            Places(
                Path("/h/.config/insights-tui/config.toml"),
                Path("/h/.local/state/insights-tui"),
                Path("/h/.local/state/insights-tui/agent.sock"),
            ),
        ),
        (
            False,
            {"HOME": "/h", "XDG_RUNTIME_DIR": "/r", "INSIGHTS_STATE_DIR": "/mine"},
            Places(Path("/h/.config/insights-tui/config.toml"), Path("/mine"), Path("/mine/agent.sock")),
        ),
        (
            True,
            {"HOME": "/h", "XDG_RUNTIME_DIR": "/r"},
            Places(
                Path("/etc/insights-tui/config.toml"),
                Path("/var/lib/insights-tui"),
                Path("/run/insights-tui/agent.sock"),
            ),
        ),
        (
            True,
            {"STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "INSIGHTS_SOCKET": "/x"},
            Places(Path("/etc/insights-tui/config.toml"), Path("/var/lib/a"), Path("/x")),
        ),
    ],
)
def test_places(system: bool, environ: dict[str, str], expected: Places) -> None:
    assert places(system, environ) == expected


def test_a_flag_comes_first(home: dict[str, str], tmp_path: Path) -> None:
    with listening(own(home)), listening(tmp_path / "flag.sock") as flag:
        assert find_socket(flag, home) == Found(flag, "flag", alive=True)
        assert find_socket(tmp_path / "no.sock", home) == Found(tmp_path / "no.sock", "flag", alive=False)


def test_then_the_environment(home: dict[str, str], tmp_path: Path) -> None:
    with listening(own(home)), listening(tmp_path / "env.sock") as named:
        assert find_socket(None, home | {"INSIGHTS_SOCKET": str(named)}) == Found(named, "environment", alive=True)


def test_then_the_system_then_the_persons_own(home: dict[str, str], tmp_path: Path) -> None:
    with listening(own(home)) as mine:
        assert find_socket(None, home) == Found(mine, "own", alive=True)
        with listening(tmp_path / "run" / "agent.sock") as system:
            assert find_socket(None, home) == Found(system, "system", alive=True)


def test_where_there_is_none_the_persons_place_is_named(home: dict[str, str]) -> None:
    assert find_socket(None, home) == Found(own(home), "own", alive=False)
    assert find_socket(None, home, own=Places(Path("/c"), Path("/s"), Path("/s/a"))).socket == Path("/s/a")


def test_a_stale_socket_is_none(home: dict[str, str]) -> None:
    assert find_socket(None, home) == Found(stale(own(home)), "own", alive=False)


@pytest.mark.parametrize("left_behind", [True, False])
def test_a_stopped_service_is_an_error_that_names_the_command(
    home: dict[str, str], tmp_path: Path, left_behind: bool
) -> None:
    install(home)
    if left_behind:
        stale(tmp_path / "run" / "agent.sock")
    with pytest.raises(SocketRefusedError) as caught:
        find_socket(None, home)
    assert "stopped" in str(caught.value)
    assert "sudo systemctl start insights-tui" in caught.value.hint


def test_a_running_agent_of_ones_own_is_used_beside_a_stopped_service(home: dict[str, str]) -> None:
    install(home)
    with listening(own(home)) as mine:
        assert find_socket(None, home) == Found(mine, "own", alive=True)


def test_what_is_no_socket_is_said(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SocketRefusedError, match="is not a socket"):
        find_socket(tmp_path / "file", home)


def test_a_path_that_is_too_long_is_said(home: dict[str, str]) -> None:
    with pytest.raises(SocketRefusedError, match="longer than 107 bytes"):
        find_socket(Path("/" + "x" * 107), home)


def test_a_socket_that_refuses_names_its_group(home: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: str) -> None:
        raise PermissionError(13, "Permission denied")

    with listening(module.SYSTEM_SOCKET) as path:
        monkeypatch.setattr(socket.socket, "connect", refuse)  # tests may run as root, whom nothing keeps out
        path.chmod(0o660)
        with pytest.raises(SocketRefusedError) as caught:
            find_socket(None, home)
        group = path.group()
        path.chmod(0o600)
        with pytest.raises(SocketRefusedError, match=f"it is for {path.owner()} alone"):
            find_socket(None, home)
    assert f"it is for the group {group}" in str(caught.value)
    assert caught.value.hint == f"Join the group: `sudo usermod -aG {group} $USER`, then log in again."


def test_without_arguments_the_environment_of_the_process_counts(
    home: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("INSIGHTS_SOCKET", "INSIGHTS_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in home.items():
        monkeypatch.setenv(name, value)
    assert find_socket() == Found(own(home), "own", alive=False)
    assert places() == places(environ=os.environ)
