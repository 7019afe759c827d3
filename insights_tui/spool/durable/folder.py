"""The spool's directory: which epochs are in it, and no network file system below it."""

import contextlib
import os
import re
from pathlib import Path

from insights_tui.spool.base import SpoolPlaceError
from insights_tui.spool.durable.schema import sync_directory

_NAME = re.compile(r"(\d{6})\.(db|mark|new)")
_NETWORK = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "fuse.glusterfs", "ceph", "afs", "lustre", "gfs2", "ocfs2")
_MOUNTS = Path("/proc/self/mountinfo")


def prepare(folder: Path, mounts: Path = _MOUNTS) -> None:
    """Make the directory or check it; raises `SpoolPlaceError`."""
    kind = file_system(folder.parent, mounts)
    if kind is not None and kind.startswith(_NETWORK):
        raise SpoolPlaceError(
            f"The spool {folder} is on a network file system ({kind}), which keeps no promise after a crash.",
            "Choose a state directory on a local disk: INSIGHTS_STATE_DIR.",
        )
    try:
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        if folder.is_symlink() or not folder.is_dir():
            raise SpoolPlaceError(f"{folder} is no directory.", "Remove it, or choose another INSIGHTS_STATE_DIR.")
    except OSError as error:
        raise SpoolPlaceError(
            f"The spool {folder} cannot be made: {error.strerror}.",
            "Make the state directory writable, with free space.",
        ) from error
    with contextlib.suppress(OSError):
        folder.chmod(0o700)


def file_system(path: Path, mounts: Path = _MOUNTS) -> str | None:
    """Tell the type of the file system that a path is on; `None` where the system does not say."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    target = str(path.resolve())
    best, kind = -1, None
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[4])
        if (target == point or target.startswith(point.rstrip("/") + "/")) and len(point) >= best:
            best, kind = len(point), after.split()[0]
    return kind


def numbers(folder: Path) -> list[int]:
    """List the epochs, newest first."""
    found = {int(match[1]) for name in os.listdir(folder) if (match := _NAME.fullmatch(name))}  # noqa: PTH208 - names
    return sorted(found, reverse=True)


def database(folder: Path, number: int) -> Path:
    """Where an epoch's database is."""
    return folder / f"{number:06}.db"


def mark(folder: Path, number: int) -> Path:
    """Where an epoch's mark is."""
    return folder / f"{number:06}.mark"


def draft(folder: Path, number: int) -> Path:
    """Where an epoch's database is written anew."""
    return folder / f"{number:06}.new"


def remove(folder: Path, number: int) -> None:
    """Remove all files of an epoch; harmless where they are gone. Raises `OSError`."""
    for suffix in ("db", "db-wal", "db-shm", "db-journal", "new", "new-journal", "bad", "mark"):
        (folder / f"{number:06}.{suffix}").unlink(missing_ok=True)
    sync_directory(folder)


def set_aside(folder: Path, number: int) -> Path | None:
    """Put a database out of the way that nothing can be read from; it is kept. Tells its new name."""
    name = f"{number:06}.db"
    kept: Path | None = None
    if os.path.lexists(folder / name):
        taken = (folder / f"{name}.unreadable-{count}" for count in range(1_000_000))
        kept = next(path for path in taken if not os.path.lexists(path))
        (folder / name).rename(kept)
    for suffix in ("-wal", "-shm", "-journal"):
        (folder / f"{name}{suffix}").unlink(missing_ok=True)
    sync_directory(folder)
    return kept


def swap(folder: Path, number: int) -> None:
    """Put the database written anew in place of the old one; may be cut short anywhere, `finish_swap` goes on."""
    database(folder, number).replace(folder / f"{number:06}.bad")
    finish_swap(folder, number)


def finish_swap(folder: Path, number: int) -> None:
    """End a swap that was cut short, or forget one that never began."""
    new, name = draft(folder, number), database(folder, number)
    if os.path.lexists(name):
        new.unlink(missing_ok=True)
    elif os.path.lexists(new) and os.path.lexists(folder / f"{number:06}.bad"):
        for suffix in ("-wal", "-shm", "-journal"):
            (folder / f"{name.name}{suffix}").unlink(missing_ok=True)
        new.replace(name)
        sync_directory(folder)
    (folder / f"{number:06}.bad").unlink(missing_ok=True)


def size(folder: Path) -> int:
    """Tell the bytes of all files."""
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                total += entry.stat(follow_symlinks=False).st_size
    return total


def free(folder: Path) -> int | None:
    """Tell the bytes that are free on the disk."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize
