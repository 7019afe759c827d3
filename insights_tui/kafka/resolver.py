"""Names looked up on daemon threads: one that hangs delays neither the others nor the end of the process.

`getaddrinfo` cannot be called off, and a resolver without an answer keeps it for half a minute. Python waits at its end
for the threads of every executor, but not for daemons; so these threads are ours.
"""

import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

MOST = 64
"""Lookups at once; the others wait for their turn."""

Found = list[Any]
Tell = Callable[[Found | BaseException], None]


class Resolver:
    """Starts a thread for a lookup where fewer than `most` are busy; a thread ends when nothing waits."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._busy = 0
        self._waiting: deque[tuple[str, int, Tell]] = deque()
        self._lock = threading.Lock()

    def look_up(self, host: str, port: int, tell: Tell) -> None:
        """Call `tell`, on a thread of ours, with what `getaddrinfo` gives or raises."""
        with self._lock:
            self._waiting.append((host, port, tell))
            if self._busy >= self._most:
                return
            self._busy += 1
        try:
            threading.Thread(target=self._work, name="resolve", daemon=True).start()
        except BaseException:
            with self._lock:
                self._busy -= 1
            raise

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._busy -= 1
                    return
                host, port, tell = self._waiting.popleft()
            tell(_ask(host, port))


def _ask(host: str, port: int) -> Found | BaseException:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except BaseException as error:  # noqa: BLE001 - whoever waits is told, whatever it was
        return error
