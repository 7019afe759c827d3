"""The passwords beside the revisions: one file each in `secrets/`, as long as one can go back to its revision."""

from insights_tui.agent.private_files import PrivateDir
from insights_tui.agent.record_file import DamagedError, Password, Record, Revision, unwrap
from insights_tui.domain.connection import Secret

_MAX_SECRET = 256 * 1024


def secret_name(revision: int) -> str:
    """Name the file of a revision's password."""
    return f"connection-{revision}.json"


def read_password(vault: PrivateDir, revision: Revision) -> Secret | None:
    """Read a revision's password; raises `FileNotFoundError`, `DamagedError` or `ValueError`."""
    if revision.password_source is None:
        return None
    held = unwrap(vault.read(secret_name(revision.revision), limit=_MAX_SECRET), Password)
    if held.revision != revision.revision:
        raise DamagedError("it belongs to another revision")
    return Secret(held.password)


def with_password(record: Record) -> frozenset[int]:
    """Tell the revisions whose passwords are kept: those since the connection was deleted, which erased all."""
    kept: set[int] = set()
    for revision in reversed(record.revisions):
        if revision.id is None:
            break
        if revision.password_source is not None:
            kept.add(revision.revision)
    return frozenset(kept)


def forget_passwords(vault: PrivateDir, record: Record, *, damaged: bool) -> None:
    """Remove the passwords of no kept revision, and drafts that a crash left behind; set aside ones where told."""
    keep = {secret_name(revision) for revision in with_password(record)}
    for name in vault.names():
        if name not in keep and name.lstrip(".").startswith("connection-") and (damaged or ".damaged-" not in name):
            vault.remove(name)
