"""The stored connection as another process may look at it: nothing is written, moved or forgotten."""

from pathlib import Path

from insights_tui.agent.passwords import read_password
from insights_tui.agent.private_files import PrivateDir, StateDirectoryError
from insights_tui.agent.record_file import DamagedError, Record, unwrap
from insights_tui.agent.store import FILE, MAX_FILE, SECRETS
from insights_tui.agent.stored import Stored, stored_of


def peek(state_dir: Path) -> Stored | None:
    """Read the connection in use, its password with it; `None` where there is none.

    Raises `StateDirectoryError` where it may not be read or is damaged; an agent that starts says more then.
    """
    try:
        with PrivateDir.open(state_dir) as folder:
            record = unwrap(folder.read(FILE, limit=MAX_FILE), Record)
            last = record.revisions[-1] if record.revisions else None
            if last is None or last.id is None:
                return None
            if last.password_source is None:
                return stored_of(last, None)
            with folder.folder(SECRETS) as vault:
                return stored_of(last, read_password(vault, last))
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
    except (DamagedError, ValueError):
        reason = "is damaged"
    raise StateDirectoryError(
        f"The stored connection in {state_dir} {reason}.", "Run as the user that the agent runs as, or connect again."
    )
