"""Sockets to listen on, bound with care, and who holds a port that is taken."""

import errno
import grp
import ipaddress
import os
import secrets
import socket
import stat
from pathlib import Path

from insights_tui.agent.http.gate import split_host

BACKLOG = 1024
_PAIR_ATTEMPTS = 20
_MAX_SOCKET_PATH = 107
"""Bytes of a Unix socket's path on Linux (unix(7))."""


class ListenError(Exception):
    """The agent cannot listen where it was told to; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class PortBusyError(ListenError):
    """Somebody else listens there."""


def parse_listen(listen: str) -> tuple[str, int]:
    """Read `address:port`; `localhost` is 127.0.0.1. Raises `ListenError`."""
    host, port = split_host(listen.strip())
    if host == "localhost":
        host = "127.0.0.1"
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        address = None
    if address is None or port is None:
        raise ListenError(f"INSIGHTS_LISTEN={listen} is no address and port.", "Write it as 127.0.0.1:9000 or none.")
    return str(address), port


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    return ipaddress.ip_address(host).is_loopback


def tcp_sockets(host: str, port: int) -> list[socket.socket]:
    """Bind a TCP port; with 127.0.0.1 comes ::1 on the same port, where the machine has it.

    `localhost` means either address, and a client that meets a stranger on one of them reports to nobody. Port 0
    picks a free one. Raises `PortBusyError`, `ListenError`.
    """
    for attempt in range(_PAIR_ATTEMPTS):
        first = _bind(host, port)
        if host != "127.0.0.1":
            return [first]
        try:
            second = _bind("::1", first.getsockname()[1])
        except PortBusyError:
            first.close()
            if port or attempt == _PAIR_ATTEMPTS - 1:
                raise
        except ListenError:  # no IPv6 here
            return [first]
        else:
            return [first, second]
    raise AssertionError("unreachable")


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        wire = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ListenError(f"Cannot listen on {shown}: {error.strerror}.") from error
    try:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            wire.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        wire.bind((host, port))
        wire.listen(BACKLOG)
        wire.setblocking(False)
    except OSError as error:
        wire.close()
        if error.errno == errno.EADDRINUSE:
            raise PortBusyError(
                f"{shown} is taken{holder(port)}.",
                "Stop that program, or set INSIGHTS_LISTEN to another port or none.",
            ) from error
        hint = "Ports below 1024 need privileges." if error.errno == errno.EACCES else ""
        raise ListenError(f"Cannot listen on {shown}: {error.strerror}.", hint) from error
    return wire


def unix_socket(path: Path, mode: int, group: str | None) -> socket.socket:
    """Bind a Unix socket that nobody could open a moment too early: it gets its name once it has its permissions.

    A socket file that a dead process left behind is replaced. Raises `PortBusyError`, `ListenError`.
    """
    if len(os.fsencode(path)) > _MAX_SOCKET_PATH:
        raise ListenError(f"{path} is too long for a socket.", "Choose a shorter one with INSIGHTS_SOCKET.")
    _check_free(path)
    # As short as the shortest sensible name, so that it is not the temporary one that is too long.
    temporary = path.with_name(f".{secrets.token_hex(2)}")
    wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        wire.bind(str(temporary))
        try:
            if group is not None:
                os.chown(temporary, -1, grp.getgrnam(group).gr_gid)
            temporary.chmod(mode)
            wire.listen(BACKLOG)
            wire.setblocking(False)
            temporary.rename(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except KeyError as error:
        wire.close()
        raise ListenError(f"There is no group {group} for the socket {path}.", "Create it, or name another.") from error
    except OSError as error:
        wire.close()
        raise ListenError(
            f"Cannot listen on {path}: {error.strerror}.", "Choose another with INSIGHTS_SOCKET."
        ) from error
    return wire


def _check_free(path: Path) -> None:
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise ListenError(f"Cannot listen on {path}: {error.strerror}.") from error
    if not stat.S_ISSOCK(kind):
        raise ListenError(f"{path} is there and is no socket.", "Move it away, or choose another with INSIGHTS_SOCKET.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return
        except OSError as error:
            raise ListenError(f"The socket {path} is not ours: {error.strerror}.") from error
    raise PortBusyError(f"Another agent listens on {path}.", "Stop it, or choose another with INSIGHTS_SOCKET.")


def holder(port: int, proc: Path = Path("/proc")) -> str:
    """Tell who listens on a TCP port, as far as /proc tells: ` by pid 42 (java -jar …)`, or nothing."""
    inodes = set()
    for table in ("net/tcp", "net/tcp6"):
        try:
            lines = (proc / table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:  # 0A: listening
                inodes.add(f"socket:[{fields[9]}]")
    for process in proc.glob("[0-9]*"):
        try:
            if any(_target(link) in inodes for link in (process / "fd").iterdir()):
                words = (process / "cmdline").read_bytes().split(b"\0")
                command = b" ".join(words).decode("utf-8", "backslashreplace").strip()[:100]
                return f" by pid {process.name} ({command})"
        except OSError:  # it ended, or is somebody else's
            continue
    return ""


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
