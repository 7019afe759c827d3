"""What the agent tells systemd: that it is ready, that it is alive, that it stops (sd_notify(3))."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class ServiceManager:
    """Whoever started us and wants to hear; nobody, where `NOTIFY_SOCKET` is not set."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        self._path = "\0" + path[1:] if path.startswith("@") else path
        for_us = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        micros = environ.get("WATCHDOG_USEC", "")
        self.alive_every_s = int(micros) / 2_000_000 if self._path and for_us and micros.isdigit() else None
        """Seconds between two signs of life: half of what the manager waits; `None` where it does not."""

    def ready(self, status: str) -> None:
        """Say that payloads are taken in from now on."""
        self._tell(f"READY=1\nSTATUS={status}")

    def alive(self) -> None:
        """Give a sign of life."""
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that it stops of its own will."""
        self._tell("STOPPING=1")

    def _tell(self, words: str) -> None:
        if not self._path:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.connect(self._path)
            out.send(words.encode())
