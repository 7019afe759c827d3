"""Files that nobody else reads and no crash leaves half written."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

_PRIVATE_FILE = 0o600
_PRIVATE_DIR = 0o700
_DIR_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW


class StateDirectoryError(Exception):
    """The state directory cannot be used; `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def prepare_state_dir(path: Path) -> None:
    """Make the state directory, or check it: ours and 0700; raises `StateDirectoryError`.

    A symbolic link is refused unless root made it: systemd does so for a service with `DynamicUser=`.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_DIR)
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=_PRIVATE_DIR)
        link = path.lstat()
        if stat.S_ISLNK(link.st_mode) and link.st_uid != 0:
            raise StateDirectoryError(
                f"The state directory {path} is a symbolic link.", "Name the directory itself in INSIGHTS_STATE_DIR."
            )
        found = path.stat()
        if not stat.S_ISDIR(found.st_mode):
            raise StateDirectoryError(f"{path} is no directory.", "Remove it, or choose another INSIGHTS_STATE_DIR.")
        if found.st_uid != os.geteuid():
            raise StateDirectoryError(
                f"The state directory {path} belongs to another user (uid {found.st_uid}).",
                "Run as that user, or choose another INSIGHTS_STATE_DIR.",
            )
        if stat.S_IMODE(found.st_mode) & 0o777 != _PRIVATE_DIR:  # no matter what the umask says
            path.chmod(_PRIVATE_DIR)
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise StateDirectoryError(f"The state directory {path} cannot be written.", "Is the disk read-only?")
    except OSError as error:
        raise StateDirectoryError(
            f"The state directory {path} cannot be used: {error.strerror}.",
            "Make it writable for this user, or choose another INSIGHTS_STATE_DIR.",
        ) from error


class PrivateDir:
    """A directory of ours, held by descriptor, so that no link swapped in later leads a write elsewhere."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @classmethod
    @contextlib.contextmanager
    def open(cls, path: Path) -> Iterator["PrivateDir"]:
        """Open a directory that exists; the path's last part may be a link (see `prepare_state_dir`)."""
        fd = os.open(path.resolve(), _DIR_FLAGS)
        try:
            yield cls(fd)
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def folder(self, name: str) -> Iterator["PrivateDir"]:
        """Open a folder in it, made 0700 where it is missing."""
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, _PRIVATE_DIR, dir_fd=self._fd)
            os.fsync(self._fd)
        fd = os.open(name, _DIR_FLAGS, dir_fd=self._fd)
        try:
            os.fchmod(fd, _PRIVATE_DIR)
            yield PrivateDir(fd)
        finally:
            os.close(fd)

    def names(self) -> list[str]:
        """List what is in it."""
        return sorted(os.listdir(self._fd))  # noqa: PTH208 - a descriptor, not a path

    def read(self, name: str, *, limit: int) -> bytes:
        """Read a whole file of at most `limit` bytes; never follows a link, makes it 0600 where it is not.

        Raises `OSError`, or `ValueError` where it is longer, a link, or no plain file.
        """
        try:
            fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self._fd)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise ValueError("a symbolic link") from None
            raise
        with os.fdopen(fd, "rb") as file:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                raise ValueError("not a plain file")
            if stat.S_IMODE(found.st_mode) != _PRIVATE_FILE:
                os.fchmod(fd, _PRIVATE_FILE)
            content = file.read(limit + 1)
        if len(content) > limit:
            raise ValueError("too long")
        return content

    def write(self, name: str, content: bytes) -> None:
        """Put a file in place whole or not at all, on disk when this returns; raises `OSError`."""
        draft = f".{name}.{secrets.token_hex(6)}.new"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            fd = os.open(draft, flags, _PRIVATE_FILE, dir_fd=self._fd)
            with os.fdopen(fd, "wb") as file:
                os.fchmod(fd, _PRIVATE_FILE)  # no matter what the umask says
                file.write(content)
                file.flush()
                os.fsync(fd)
            os.replace(draft, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(draft, dir_fd=self._fd)
            raise
        os.fsync(self._fd)

    def append(self, name: str, content: bytes) -> None:
        """Add to a file that is there; handed to the system, not synced. Raises `OSError`."""
        fd = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=self._fd)
        with os.fdopen(fd, "wb") as file:
            file.write(content)

    def touch(self, name: str) -> None:
        """Set the time of a file that is there to now; raises `OSError`."""
        os.utime(name, dir_fd=self._fd, follow_symlinks=False)

    def rename(self, name: str, new_name: str) -> None:
        """Give a file another name."""
        os.replace(name, new_name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        os.fsync(self._fd)

    def remove(self, name: str) -> None:
        """Remove a file; harmless where it is gone."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._fd)
            os.fsync(self._fd)
