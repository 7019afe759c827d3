"""The mark: a small file beside the database that tells what the database must hold.

It is written without fsync, which is enough against SIGKILL: the kernel has it. After a power cut it may be older than
the database, which is harmless: it is believed only where it knows of later commits. Slots with a checksum each: the
last commit (writer thread), twice, in two pages, so that one hole in the file leaves one of them; and how far attempts
have gone (written before an attempt, by the engine's thread), without which all is in doubt and nothing lost.
"""

import contextlib
import os
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

from insights_tui.spool.durable import record
from insights_tui.spool.durable.record import Record

_COMMIT = struct.Struct("<4sHB64sQ")
"""What it is, version, whether stopped in order, boot id, generation: of two copies the later one holds."""
_COMMIT_1 = struct.Struct("<4sHB64s")
"""As version 1 wrote it, once, in the first page."""
_COPIES_AT = (0, 4096)
_ATTEMPT = struct.Struct("<4sqq")
_ATTEMPT_AT = 2048
_SIZE = 8192
_MAGIC_COMMIT, _MAGIC_ATTEMPT, _VERSION = b"ISPC", b"ISPA", 2


@dataclass(frozen=True, slots=True)
class Seen:
    """What a mark says; `None` where it cannot be read."""

    record: Record | None = None
    clean: bool = False
    boot_id: str = ""
    attempted: int | None = None
    generation: int = 0


class Mark:
    """One epoch's mark, open for writing."""

    def __init__(self, path: Path, number: int, boot_id: str, seen: Seen | None = None) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._number, self._boot_id = number, boot_id.encode()[:64]
        self.attempted = (seen.attempted if seen is not None else None) or 0
        self._generation = 0 if seen is None else seen.generation
        size = os.fstat(self._fd).st_size
        if size < _SIZE:
            with contextlib.suppress(OSError):  # what is there stays until the next commit: version 1 is the first page
                os.pwrite(self._fd, bytes(_SIZE - size), size)

    def committed(self, packed: bytes, *, clean: bool = False) -> None:
        """Note a commit: the packed record as of then."""
        self._generation += 1
        head = _COMMIT.pack(_MAGIC_COMMIT, _VERSION, clean, self._boot_id, self._generation) + packed
        sealed = head + crc32(head).to_bytes(4, "little")
        with contextlib.suppress(OSError):  # a mark that stays behind is harmless
            for at in _COPIES_AT:
                os.pwrite(self._fd, sealed, at)

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
    latest = max((_commit(data[at:]) for at in _COPIES_AT), key=lambda one: one.generation)
    attempted = None
    attempt = _sealed(data[_ATTEMPT_AT:], _ATTEMPT.size)
    if attempt is not None:
        magic, of, seq = _ATTEMPT.unpack(attempt)
        if (magic, of) == (_MAGIC_ATTEMPT, number):
            attempted = seq
    elif data[_ATTEMPT_AT : _ATTEMPT_AT + _ATTEMPT.size + 4].count(0) == _ATTEMPT.size + 4:
        attempted = 0  # never attempted anything
    return replace(latest, attempted=attempted)


def _commit(data: bytes) -> Seen:
    """Read one copy of the last commit, of this version or the first; generation -1 where it cannot be read."""
    for version, head, size in ((_VERSION, _COMMIT, record.SIZE), (1, _COMMIT_1, record.SIZE_1)):
        sealed = _sealed(data, head.size + size)
        if sealed is None:
            continue
        magic, of, flag, boot, *rest = head.unpack_from(sealed)
        found = Record.unpack(sealed[head.size :])
        if (magic, of) == (_MAGIC_COMMIT, version) and found is not None:
            return Seen(found, flag == 1, boot.rstrip(b"\0").decode("utf-8", "replace"), None, *rest)
    return Seen(generation=-1)


def _sealed(data: bytes, size: int) -> bytes | None:
    """Give the first `size` bytes where the checksum behind them fits."""
    end = size + 4
    if len(data) < end or crc32(data[:size]) != int.from_bytes(data[size:end], "little"):
        return None
    return data[:size]
