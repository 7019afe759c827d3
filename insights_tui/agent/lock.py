"""One agent per state directory: an advisory lock that dies with its holder."""

import fcntl
import os
from pathlib import Path

_NAME = "agent.lock"


class StateDirectoryHeldError(Exception):
    """Another agent uses the state directory."""

    def __init__(self, state_dir: Path, pid: int | None) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(f"The state directory {state_dir} is in use by {holder}.")
        self.pid = pid
        self.hint = "Attach to that agent with `insights-tui`, or stop it first."


class StateLock:
    """Holds the state directory from `take` to `release` (`flock`, so a crash frees it at once)."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._fd: int | None = None

    def take(self) -> None:
        """Take the lock; raises `StateDirectoryHeldError` naming the process that holds it."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = os.open(self._state_dir / _NAME, flags, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            text = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
            os.close(fd)
            raise StateDirectoryHeldError(self._state_dir, int(text) if text.isdigit() else None) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode("ascii"), 0)  # for people: the lock itself is what counts
        self._fd = fd

    def release(self) -> None:
        """Let go; harmless where nothing is held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
