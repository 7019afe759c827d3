"""Who is at the other end: the name that stands beside a change in the event log."""

import asyncio
import pwd
import socket
import struct
from functools import lru_cache
from typing import NamedTuple

_UCRED = struct.Struct("3i")


class Peer(NamedTuple):
    """What the kernel says of a Unix socket's other end (`SO_PEERCRED`, unix(7))."""

    pid: int
    uid: int
    gid: int


def peer_of(transport: asyncio.BaseTransport) -> Peer | None:
    """Ask the kernel about a Unix socket; `None` where it does not say."""
    wire = transport.get_extra_info("socket")
    option = getattr(socket, "SO_PEERCRED", None)
    if wire is None or option is None:
        return None
    try:
        # uvloop's socket cannot be asked for options: ask a duplicate.
        with socket.fromfd(wire.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as twin:
            return Peer(*_UCRED.unpack(twin.getsockopt(socket.SOL_SOCKET, option, _UCRED.size)))
    except OSError:  # it has hung up already
        return None


@lru_cache(maxsize=256)
def _user(uid: int) -> str:
    try:
        return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    except KeyError:
        return f"uid {uid}"


def actor(peer: Peer | None, client: tuple[str, int] | None) -> str:
    """Name the one who asks: `alice (uid 1000)`, `TCP 127.0.0.1`."""
    if peer is not None:
        return _user(peer.uid)
    return f"TCP {client[0]}" if client else "unknown"
