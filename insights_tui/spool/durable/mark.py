"""The mark: a small file beside the database that tells what the database must hold.

It is written without fsync, which is enough against SIGKILL: the kernel has it. After a power cut it may be older than
the database, which is harmless: it is believed only where it knows of later commits. Two slots with a checksum each:
the last commit (writer thread), and how far attempts have gone (written before an attempt, by the engine's thread).
"""

import contextlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from insights_tui.spool.durable import record
from insights_tui.spool.durable.record import Record

_COMMIT = struct.Struct("<4sHB64s")
_COMMIT_SIZE = _COMMIT.size + record.SIZE + 4
_ATTEMPT = struct.Struct("<4sqq")
_ATTEMPT_AT = 2048
_SIZE = 4096
_MAGIC_COMMIT, _MAGIC_ATTEMPT, _VERSION = b"ISPC", b"ISPA", 1


@dataclass(frozen=True, slots=True)
class Seen:
    """What a mark says; `None` where it cannot be read."""

    record: Record | None = None
    clean: bool = False
    boot_id: str = ""
    attempted: int | None = None


class Mark:
    """One epoch's mark, open for writing."""

    def __init__(self, path: Path, number: int, boot_id: str) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._number, self._boot_id = number, boot_id.encode()[:64]
        self.attempted = 0
        if os.fstat(self._fd).st_size < _SIZE:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, 0)
                os.pwrite(self._fd, bytes(_SIZE), 0)

    def committed(self, packed: bytes, *, clean: bool = False) -> None:
        """Note a commit: the packed record as of then."""
        head = _COMMIT.pack(_MAGIC_COMMIT, _VERSION, clean, self._boot_id) + packed
        with contextlib.suppress(OSError):  # a mark that stays behind is harmless
            os.pwrite(self._fd, head + crc32(head).to_bytes(4, "little"), 0)

    def attempting(self, seq: int) -> None:
        """Note that payloads up to `seq` may be in the topic from now on."""
        if seq > self.attempted:
            self.attempted = seq
            head = _ATTEMPT.pack(_MAGIC_ATTEMPT, self._number, seq)
            with contextlib.suppress(OSError):
                os.pwrite(self._fd, head + crc32(head).to_bytes(4, "little"), _ATTEMPT_AT)

    def sync(self) -> None:
        """Have the disk know it: a power cut must not bring back the mark of an orderly stop."""
        with contextlib.suppress(OSError):
            os.fsync(self._fd)

    def close(self) -> None:
        """Let go."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def read_mark(path: Path, number: int) -> Seen:
    """Read an epoch's mark; never raises."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            data = os.pread(fd, _SIZE, 0)
        finally:
            os.close(fd)
    except OSError:
        return Seen()
    found, clean, boot_id, attempted = None, False, "", None
    commit = _sealed(data[:_COMMIT_SIZE], _COMMIT_SIZE)
    if commit is not None:
        magic, version, flag, boot = _COMMIT.unpack_from(commit)
        if (magic, version) == (_MAGIC_COMMIT, _VERSION):
            found, clean = Record.unpack(commit[_COMMIT.size :]), flag == 1
            boot_id = boot.rstrip(b"\0").decode("utf-8", "replace")
    attempt = _sealed(data[_ATTEMPT_AT : _ATTEMPT_AT + _ATTEMPT.size + 4], _ATTEMPT.size + 4)
    if attempt is not None:
        magic, of, seq = _ATTEMPT.unpack(attempt)
        if (magic, of) == (_MAGIC_ATTEMPT, number):
            attempted = seq
    elif data[_ATTEMPT_AT : _ATTEMPT_AT + _ATTEMPT.size + 4].count(0) == _ATTEMPT.size + 4:
        attempted = 0  # never attempted anything
    return Seen(found, clean and found is not None, boot_id, attempted)


def _sealed(data: bytes, size: int) -> bytes | None:
    if len(data) != size or crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        return None
    return data[:-4]
