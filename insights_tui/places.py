"""Where things are, and which agent a client means (`interface.md`, Where things are)."""

import contextlib
import errno
import grp
import os
import pwd
import socket as sockets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SYSTEM_CONFIG = Path("/etc/insights-tui/config.toml")
SYSTEM_STATE = Path("/var/lib/insights-tui")
SYSTEM_SOCKET = Path("/run/insights-tui/agent.sock")
UNIT_FILES = tuple(
    Path(folder) / "insights-tui.service"
    for folder in ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
)
GROUP = "insights"
MAX_SOCKET_PATH = 107
"""Bytes of a Unix socket's path (`sockaddr_un`, less the closing zero)."""
_PROBE_S = 1.0


@dataclass(frozen=True, slots=True)
class Places:
    """Where one agent keeps what it has."""

    config_file: Path
    state_dir: Path
    socket: Path


@dataclass(frozen=True, slots=True)
class Found:
    """The socket of the agent that is meant."""

    socket: Path
    origin: Literal["flag", "environment", "system", "own"]
    """`environment` stands for the setting `socket`, whichever source it has."""
    alive: bool
    """Whether somebody listens there. Where nobody does, an interface may run an agent of its own on it."""


class SocketRefusedError(Exception):
    """There is an agent, or there should be one, and it cannot be reached; `hint` names the group or the command."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def places(
    system: bool = False,
    environ: Mapping[str, str] | None = None,
    *,
    state_dir: Path | None = None,
    socket: Path | None = None,
) -> Places:
    """Tell the places of the system service or of a person's own agent.

    `state_dir` and `socket` are what the settings say, where they say it. An agent whose state directory was named
    has its socket in there, so that two of them never fight for one.
    """
    environ = os.environ if environ is None else environ
    named = state_dir or _named(environ, "INSIGHTS_STATE_DIR")
    own_socket = socket or _named(environ, "INSIGHTS_SOCKET")
    if system:
        given = environ.get("STATE_DIRECTORY", "").split(":")[0]  # systemd lists them all, ours is the first
        return Places(SYSTEM_CONFIG, named or (Path(given) if given else SYSTEM_STATE), own_socket or SYSTEM_SOCKET)
    state = named or _xdg(environ, "XDG_STATE_HOME", ".local/state") / "insights-tui"
    runtime = _absolute(environ.get("XDG_RUNTIME_DIR"))
    beside = state / "agent.sock" if named or runtime is None else runtime / "insights-tui" / "agent.sock"
    config = _xdg(environ, "XDG_CONFIG_HOME", ".config") / "insights-tui" / "config.toml"
    return Places(config, state, own_socket or beside)


def find_socket(
    flag: Path | None = None, environ: Mapping[str, str] | None = None, *, own: Places | None = None
) -> Found:
    """Find the agent that is meant: the flag, `INSIGHTS_SOCKET`, the system's socket, the person's.

    `own` are the places that the settings give (`Settings.places`), where they were read. Raises
    `SocketRefusedError` where a socket exists and refuses, or an installed service is stopped: there must not be a
    second agent in silence. A socket of the person's own that nobody listens to is none.
    """
    environ = os.environ if environ is None else environ
    if flag is not None:
        return Found(flag, "flag", alive=_listening(flag))
    named = _named(environ, "INSIGHTS_SOCKET")
    if named is not None:
        return Found(named, "environment", alive=_listening(named))
    if _listening(SYSTEM_SOCKET):
        return Found(SYSTEM_SOCKET, "system", alive=True)
    mine = (own or places(environ=environ)).socket
    if _listening(mine):
        return Found(mine, "own", alive=True)
    unit = next((path for path in UNIT_FILES if _exists(path)), None)
    if unit is not None:
        raise SocketRefusedError(
            f"The service insights-tui is installed ({unit}) and stopped.",
            "Start it: `sudo systemctl start insights-tui`. For another agent, name its socket with --socket.",
        )
    return Found(mine, "own", alive=False)


def _listening(path: Path) -> bool:
    """Whether somebody answers at a socket; raises `SocketRefusedError` where it exists and keeps us out."""
    if len(os.fsencode(path)) > MAX_SOCKET_PATH:
        raise SocketRefusedError(
            f"The path of the socket is longer than {MAX_SOCKET_PATH} bytes: {path}.",
            "Choose a shorter one with --socket or INSIGHTS_SOCKET, for the agent too.",
        )
    probe = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    with contextlib.closing(probe):
        probe.settimeout(_PROBE_S)
        try:
            probe.connect(os.fspath(path))
        except TimeoutError:
            return True  # it exists and takes its time: the client says the rest
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EPERM}:
                raise _kept_out(path) from None
            if error.errno in {errno.ENOTSOCK, errno.ECONNREFUSED} and not path.is_socket():
                raise SocketRefusedError(f"{path} is not a socket.", "Name the agent's socket with --socket.") from None
            return error.errno == errno.EAGAIN  # its backlog is full; else nobody listens, or there is no socket
    return True


def _kept_out(path: Path) -> SocketRefusedError:
    owner = _owner_alone(path)
    if owner:
        return SocketRefusedError(
            f"You may not use the socket {path}: it is for {owner} alone.",
            f"Use it as that user (`sudo -u {owner} insights-tui`), or name another with --socket.",
        )
    group = _group_of(path)
    return SocketRefusedError(
        f"You may not use the socket {path}: it is for the group {group}.",
        f"Join the group: `sudo usermod -aG {group} $USER`, then log in again.",
    )


def _owner_alone(path: Path) -> str:
    """Name who alone may use a socket; empty where its group may, or where that cannot be seen."""
    with contextlib.suppress(OSError, KeyError):
        found = path.stat()
        return "" if found.st_mode & stat.S_IWGRP else pwd.getpwuid(found.st_uid).pw_name
    return ""


def _group_of(path: Path) -> str:
    """Name the group that may use a socket: its own, or that of the folder which hides it."""
    for candidate in (path, *path.parents):
        try:
            return grp.getgrgid(candidate.stat().st_gid).gr_name
        except PermissionError:
            continue
        except (OSError, KeyError):
            break
    return GROUP


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _named(environ: Mapping[str, str], name: str) -> Path | None:
    text = environ.get(name)
    return Path(text).expanduser().absolute() if text else None


def _absolute(text: str | None) -> Path | None:
    """Take a base directory as XDG wants it: one that is not absolute is as good as none."""
    return Path(text) if text and Path(text).is_absolute() else None


def _xdg(environ: Mapping[str, str], name: str, default: str) -> Path:
    return _absolute(environ.get(name)) or _home(environ) / default


def _home(environ: Mapping[str, str]) -> Path:
    return _absolute(environ.get("HOME")) or Path(pwd.getpwuid(os.getuid()).pw_dir)
