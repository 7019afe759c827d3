"""A connection as it was read from disk, and what the API shows of it."""

from dataclasses import dataclass
from datetime import datetime

from insights_tui.agent.record_file import DamagedError, Revision
from insights_tui.domain.answers import PastConnection
from insights_tui.domain.certificate import describe_ca
from insights_tui.domain.connection import Connection, ConnectionType, Secret
from insights_tui.domain.servers import parse_servers
from insights_tui.domain.snapshot import CaSummary

TYPED = "stored"
"""The source of a password that somebody typed."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The connection as it is stored now."""

    id: str
    """UUID text; stays the same through edits, new after a deletion."""
    revision: int
    """Counts the changes of this state directory, deletions included; never goes back."""
    connection: Connection
    password_source: str
    """Where the password came from: `stored` (somebody typed it), or a reference such as `env:NAME`."""
    changed_at: datetime
    changed_by: str
    ca: CaSummary | None = None


def stored_of(revision: Revision, password: Secret | None) -> Stored:
    """Make a connection of what was on disk; raises `DamagedError` where it is none."""
    servers, errors, _ = parse_servers(revision.servers)
    if errors or not revision.topic or (revision.type is ConnectionType.SASL_SSL) != (password is not None):
        raise DamagedError("it holds no valid connection")
    connection = Connection(
        topic=revision.topic,
        servers=servers,
        type=revision.type,
        mechanism=revision.mechanism,
        username=revision.username,
        password=password,
        ca_pem=revision.ca_pem,
    )
    return Stored(
        id=revision.id or "",
        revision=revision.revision,
        connection=connection,
        password_source=revision.password_source or TYPED,
        changed_at=revision.changed_at,
        changed_by=revision.changed_by,
        ca=describe_ca(revision.ca_pem, now=revision.changed_at) if revision.ca_pem else None,
    )


def past_of(revision: Revision, *, in_use: bool, why_not: str) -> PastConnection:
    """Show a revision without its secrets."""
    if revision.id is None:
        return PastConnection(
            revision.revision, revision.changed_at, revision.changed_by, deletion=True, why_not=why_not
        )
    return PastConnection(
        revision=revision.revision,
        changed_at=revision.changed_at,
        changed_by=revision.changed_by,
        in_use=in_use,
        topic=revision.topic,
        broker_url=revision.servers,
        connection_type=revision.type.value,
        sasl_mechanism=revision.mechanism.value if revision.mechanism else None,
        broker_username=revision.username,
        why_not=why_not,
    )
