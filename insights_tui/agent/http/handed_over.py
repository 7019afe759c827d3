"""Sockets that systemd has bound for us and keeps while we restart (sd_listen_fds(3))."""

import os
import socket
from collections.abc import Mapping

from insights_tui.agent.http.listen import BACKLOG, ListenError

FIRST_FD = 3


def handed_over(host: str, port: int, environ: Mapping[str, str] = os.environ) -> list[socket.socket]:
    """Take over the TCP sockets of `host` and `port`; with 127.0.0.1 that of ::1, too. Empty where none were meant.

    Raises `ListenError` where sockets were handed over and none of them is the address that the settings name.
    """
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(os.getpid()) or not (count.isascii() and count.isdigit()):
        return []
    wanted = {(host, port), ("::1", port)} if host == "127.0.0.1" else {(host, port)}
    taken: list[socket.socket] = []
    others: list[str] = []
    for number in range(FIRST_FD, FIRST_FD + int(count)):
        os.set_inheritable(number, False)
        wire = socket.socket(fileno=os.dup(number))  # stopping closes ours alone: the manager's goes on listening
        if wire.type == socket.SOCK_STREAM and wire.family != socket.AF_UNIX and wire.getsockname()[:2] in wanted:
            wire.listen(BACKLOG)
            wire.setblocking(False)
            taken.append(wire)
        else:
            others.append(str(wire.getsockname()))
            wire.close()
    if others:
        for wire in taken:
            wire.close()
        raise ListenError(
            f"systemd hands {', '.join(others)} over, and the settings say {host}:{port}.",
            "Let ListenStream= of the socket's unit name the address of INSIGHTS_LISTEN, and nothing else.",
        )
    return taken
