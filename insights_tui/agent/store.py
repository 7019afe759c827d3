"""The connection on disk: its revisions in one file, its password in another, never half written."""

import contextlib
import errno
import uuid
from datetime import UTC, datetime
from pathlib import Path

from insights_tui.agent.passwords import forget_passwords, read_password, secret_name, with_password
from insights_tui.agent.private_files import PrivateDir, StateDirectoryError, prepare_state_dir
from insights_tui.agent.record_file import DamagedError, Password, Record, Revision, unwrap, wrap
from insights_tui.agent.stored import TYPED, Stored, past_of, stored_of
from insights_tui.domain.answers import PastConnection, SavedConnection
from insights_tui.domain.connection import Connection, Secret
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.snapshot import ConnectionView
from insights_tui.domain.text import date_time

__all__ = ["ConnectionStore", "StateDirectoryError", "Stored", "prepare_state_dir"]

KEPT_REVISIONS = 10
FILE = "connection.json"
SECRETS = "secrets"
MAX_FILE = 32 * 1024 * 1024  # ten revisions with a CA bundle of 1 MiB each, and room
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_LIST_THEM = "List them with `insights-tui revisions`."


class ConnectionStore:
    """Keeps the connection in `<state>/connection.json` and its password in `<state>/secrets/`, both 0600.

    The password of a revision has a file of its own that is complete before the revision refers to it, so at every
    instant either the old connection is stored whole or the new one is. The last ten revisions stay, passwords
    included, so that one can go back; a deletion erases every password. One process at a time (`StateLock`).
    """

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._record = Record()
        self.reports: tuple[Occurrence, ...] = ()
        """What `load` found wrong: damaged files and what became of them. For the event log."""

    def load(self) -> Stored | None:
        """Read what is stored; `None` where nothing is, or where `reports` says that it is damaged.

        A damaged file is set aside under another name, never deleted, and reported until a connection is stored
        again. Raises `StateDirectoryError` where the disk does not answer: that is not the same as no connection.
        """
        self.reports = ()
        self._record = Record()
        try:
            with PrivateDir.open(self._state_dir) as folder, folder.folder(SECRETS) as vault:
                return self._load(folder, vault)
        except OSError as error:
            raise StateDirectoryError(
                f"The stored connection in {self._state_dir} cannot be read: {error.strerror}.",
                "Look at the disk and at who owns the files.",
            ) from error

    def save(
        self, connection: Connection, *, changed_at: datetime, changed_by: str, password_source: str = TYPED
    ) -> Stored:
        """Store a connection as the next revision; on disk when this returns.

        Raises `RefusedError` where it cannot be written; what was stored before then still holds.
        """
        last = self._record.revisions[-1] if self._record.revisions else None
        new = Revision(
            revision=last.revision + 1 if last else 1,
            id=(last.id if last else None) or str(uuid.uuid4()),
            changed_at=changed_at.astimezone(UTC),
            changed_by=changed_by,
            topic=connection.topic,
            servers=connection.bootstrap,
            type=connection.type,
            mechanism=connection.mechanism,
            username=connection.username,
            password_source=password_source if connection.password is not None else None,
            ca_pem=connection.ca_pem,
        )
        self._write(new, connection.password)
        return stored_of(new, connection.password)

    def delete(self, *, changed_at: datetime | None = None, changed_by: str = "") -> bool:
        """Delete the connection and its password; `False` where there was none. Raises as `save` does."""
        last = self._record.revisions[-1] if self._record.revisions else None
        if last is None or last.id is None:
            return False
        at = (changed_at or datetime.now(UTC)).astimezone(UTC)
        self._write(Revision(last.revision + 1, None, at, changed_by), None)
        return True

    def revisions(self) -> tuple[PastConnection, ...]:
        """Tell the revisions kept, newest first, and why one cannot go back to some."""
        last = self._record.revisions[-1].revision if self._record.revisions else 0
        return tuple(
            past_of(each, in_use=each.revision == last and each.id is not None, why_not=self._why_not(each))
            for each in reversed(self._record.revisions)
        )

    def recall(self, revision: int) -> Stored:
        """Read an earlier connection with its password; raises `RefusedError` where one cannot go back to it."""
        found = next((each for each in self._record.revisions if each.revision == revision), None)
        if found is None:
            message = f"There is no revision {revision} (any more): the last {KEPT_REVISIONS} are kept."
            raise RefusedError((FieldError("no_revision", message, _LIST_THEM),), status=404)
        if why_not := self._why_not(found):
            raise RefusedError((FieldError("not_restorable", why_not, _LIST_THEM),), status=409)
        try:
            with PrivateDir.open(self._state_dir) as folder, folder.folder(SECRETS) as vault:
                return stored_of(found, read_password(vault, found))
        except (OSError, DamagedError, ValueError) as error:
            reason = f"The password of revision {revision} cannot be read ({type(error).__name__})."
        raise RefusedError((FieldError("not_restorable", reason, "Connect again, and type it."),), status=409)

    def _why_not(self, revision: Revision) -> str:
        if revision.id is None:
            return f"Revision {revision.revision} is a deletion."
        if revision is self._record.revisions[-1]:
            return f"Revision {revision.revision} is the one in use."
        if revision.password_source is not None and revision.revision not in with_password(self._record):
            gone = next(each for each in self._record.revisions[::-1] if each.id is None)
            return f"Its password was erased when the connection was deleted ({date_time(gone.changed_at)})."
        return ""

    @staticmethod
    def view(stored: Stored) -> ConnectionView:
        """Show the connection as the snapshot does."""
        connection = stored.connection
        return ConnectionView(
            revision=stored.revision,
            topic=connection.topic,
            bootstrap_servers=tuple(str(server) for server in connection.servers),
            connection_type=connection.type.value,
            sasl_mechanism=connection.mechanism.value if connection.mechanism else None,
            username=connection.username,
            password_source=stored.password_source if connection.password is not None else None,
            ca=stored.ca,
            changed_at=stored.changed_at,
            changed_by=stored.changed_by,
        )

    @staticmethod
    def saved(stored: Stored, hints: tuple[FieldError, ...] = ()) -> SavedConnection:
        """Show the connection as the original's API does: everything but the password."""
        connection = stored.connection
        return SavedConnection(
            id=stored.id,
            revision=stored.revision,
            connection_type=connection.type.value,
            broker_url=connection.bootstrap,
            topic=connection.topic,
            broker_username=connection.username,
            sasl_mechanism=connection.mechanism.value if connection.mechanism else None,
            ca_certificate=connection.ca_pem,
            view=ConnectionStore.view(stored),
            hints=hints,
        )

    def _load(self, folder: PrivateDir, vault: PrivateDir) -> Stored | None:
        for name in folder.names():
            if name.startswith(f".{FILE}."):
                folder.remove(name)  # a draft that a crash left behind
        try:
            self._record = unwrap(folder.read(FILE, limit=MAX_FILE), Record)
        except FileNotFoundError:
            aside = [name for name in folder.names() if name.startswith(f"{FILE}.damaged-")]
            if aside:
                self._report(self._state_dir / aside[-1], "The stored connection was damaged and set aside.", "")
            return None
        except (DamagedError, ValueError) as error:
            self._set_aside(folder, FILE, self._state_dir / FILE, error, "The stored connection")
            return None
        return self._current(folder, vault)

    def _current(self, folder: PrivateDir, vault: PrivateDir) -> Stored | None:
        if not self._record.revisions:
            return None
        last = self._record.revisions[-1]
        forget_passwords(vault, self._record, damaged=False)
        if last.id is None:
            return None
        name = secret_name(last.revision)
        path = self._state_dir / SECRETS / name
        try:
            password = read_password(vault, last)
        except FileNotFoundError:
            self._report(path, "The password of the stored connection is gone.", "")
            return None
        except (DamagedError, ValueError) as error:
            self._set_aside(vault, name, path, error, "The stored password")
            return None
        try:
            return stored_of(last, password)
        except DamagedError as error:
            self._set_aside(folder, FILE, self._state_dir / FILE, error, "The stored connection")
            self._record = Record()
            return None

    def _set_aside(self, folder: PrivateDir, name: str, path: Path, error: Exception, what: str) -> None:
        aside = f"{name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        folder.rename(name, aside)
        self._report(path, f"{what} is damaged; the file was set aside as {aside}.", str(error))

    def _report(self, path: Path, text: str, raw: str) -> None:
        report = Occurrence(
            level="error", code="connection_damaged", subject=str(path), text=text, fix="Connect again.", raw=raw
        )
        self.reports += (report,)

    def _write(self, new: Revision, password: Secret | None) -> None:
        record = Record([*self._record.revisions, new][-KEPT_REVISIONS:])
        failure: OSError | None = None
        try:
            with PrivateDir.open(self._state_dir) as folder, folder.folder(SECRETS) as vault:
                if password is not None:
                    vault.write(secret_name(new.revision), wrap(Password(new.revision, password.reveal())))
                folder.write(FILE, wrap(record))
                self._record = record
                with contextlib.suppress(OSError):  # the change is made; what is left over goes at the next start
                    forget_passwords(vault, record, damaged=True)
        except OSError as error:
            failure = error.with_traceback(None)  # its frames hold the password
        if failure is not None:
            raise _not_saved(failure, self._state_dir)


def _not_saved(failure: OSError, state_dir: Path) -> RefusedError:
    reason = (failure.strerror or type(failure).__name__).rstrip(".")
    message = f"The connection could not be saved: {reason}."
    hint = f"Look at the disk that holds {state_dir}. What was stored before still holds."
    status = 507 if failure.errno in _NO_ROOM else 500
    return RefusedError((FieldError("not_saved", message, hint),), status=status)
