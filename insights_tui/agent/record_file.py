"""What the connection looks like on disk: typed records with a checksum."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import msgspec

from insights_tui.domain.connection import ConnectionType, Mechanism

_T = TypeVar("_T")


@dataclass(frozen=True)
class Revision:
    """One revision on disk; the password is not in it."""

    revision: int
    id: str | None
    """`None` where this revision is a deletion."""
    changed_at: datetime
    changed_by: str
    topic: str = ""
    servers: str = ""
    type: ConnectionType = ConnectionType.PLAINTEXT
    mechanism: Mechanism | None = None
    username: str | None = None
    password_source: str | None = None
    """`None` where there is no password."""
    ca_pem: str | None = None


@dataclass(frozen=True)
class Record:
    """What `connection.json` holds."""

    revisions: list[Revision] = field(default_factory=list)
    """Oldest first; the last one holds."""


@dataclass(frozen=True)
class Password:
    """What a file in `secrets/` holds."""

    revision: int
    password: str = field(repr=False)


class DamagedError(Exception):
    """A file that is not what was written."""


def wrap(content: object) -> bytes:
    """Encode with a checksum: a flipped bit must not send payloads to another topic."""
    body = msgspec.json.encode(content)
    return b'{"sha256":"' + hashlib.sha256(body).hexdigest().encode("ascii") + b'","content":' + body + b"}\n"


class _Wrapped(msgspec.Struct):
    sha256: str
    content: msgspec.Raw


def unwrap(data: bytes, kind: type[_T]) -> _T:
    """Decode what `wrap` wrote; raises `DamagedError`, which never quotes the content."""
    try:
        wrapped = msgspec.json.decode(data, type=_Wrapped)
        if hashlib.sha256(bytes(wrapped.content)).hexdigest() == wrapped.sha256:
            return msgspec.json.decode(wrapped.content, type=kind)
        reason = "its checksum does not fit its content"
    except (msgspec.DecodeError, UnicodeDecodeError):
        reason = "it is not what was written"
    raise DamagedError(reason)
