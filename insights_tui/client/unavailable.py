"""Why nobody answers at a socket, in words, with the command or the group that helps."""

import errno
import grp
import os
import pwd
import stat
from pathlib import Path

from insights_tui.client.protocol import AgentUnavailableError

_START = "Start an agent with `insights-tui agent` (or `systemctl start insights-tui` where it is a service)."


def explain(socket: Path, error: BaseException | None = None) -> AgentUnavailableError:
    """Find out why the socket cannot be used; `error` is what connecting to it raised."""
    cause = _os_error(error)
    number = cause.errno if cause is not None else None
    try:
        found = socket.stat()
    except PermissionError:
        return _not_ours(socket, _nearest_readable(socket))
    except FileNotFoundError:
        return AgentUnavailableError(f"No agent: there is no socket {socket}.", _START)
    except OSError as problem:
        return AgentUnavailableError(f"No agent: {socket}: {problem.strerror}.", "Name another one with --socket.")
    if not stat.S_ISSOCK(found.st_mode):
        return AgentUnavailableError(f"{socket} is not a socket.", "Name the agent's socket with --socket.")
    if number in (errno.EACCES, errno.EPERM) or not os.access(socket, os.R_OK | os.W_OK):
        return _not_ours(socket, socket)
    if number == errno.ECONNREFUSED:
        return AgentUnavailableError(f"The agent was stopped: nobody listens at {socket}.", _START)
    if "too long" in str(cause or error):
        return AgentUnavailableError(
            f"The path of the socket is longer than the operating system takes (107 bytes): {socket}.",
            "Choose a shorter one with --socket, for the agent too.",
        )
    what = str(cause or error or "no answer")
    return AgentUnavailableError(f"The agent at {socket} does not answer ({what}).", "Look at the agent's log.")


def _os_error(error: BaseException | None) -> OSError | None:
    """Dig the operating system's own error out of what the libraries wrapped around it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError):
            return error
        chained = error.__cause__ or error.__context__
        error = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else chained
    return None


def _nearest_readable(path: Path) -> Path:
    """Find the folder that keeps us out."""
    for parent in path.parents:
        try:
            parent.stat()
        except OSError:
            continue
        return parent
    return path


def _not_ours(socket: Path, gate: Path) -> AgentUnavailableError:
    try:
        found = gate.stat()
        owner, group = pwd.getpwuid(found.st_uid).pw_name, grp.getgrgid(found.st_gid).gr_name
    except (OSError, KeyError):
        return AgentUnavailableError(
            f"You may not use the socket {socket} (permission denied).", "Ask who runs the agent to let you in."
        )
    if not found.st_mode & (stat.S_IXGRP if stat.S_ISDIR(found.st_mode) else stat.S_IWGRP):
        return AgentUnavailableError(
            f"You may not use the socket {socket} (permission denied): it is for {owner} alone.",
            f"Use it as that user (`sudo -u {owner} insights-tui`), or use another with --socket.",
        )
    return AgentUnavailableError(
        f"You may not use the socket {socket} (permission denied): it belongs to the group {group}.",
        f"Join the group (`sudo usermod -aG {group} $USER`, then log in again), or use another with --socket.",
    )
