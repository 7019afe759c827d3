"""What the words of a cause are made of: who failed, what is known of it, and the sentence with its repairs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from insights_tui.domain.trouble import About, Code
from insights_tui.kafka.server_certificate import ServerCertificate
from insights_tui.kafka.verdict import Peer

Speaks = Literal["kafka", "tls", "http", "ssh", "login"]
"""What a second look found at a port: `login` is Kafka that wants one."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a second look told of a server. The engine takes none; the check does, and its words say more."""

    speaks: Speaks | None = None
    certificate: ServerCertificate | None = None
    """What it showed, whether it can be trusted or not."""
    trusted: str | None = None
    """The CA that the connection trusts; `None`: this machine's own store."""
    now: datetime | None = None
    offered: tuple[str, ...] = ()
    """SASL mechanisms."""
    wants_certificate: bool = False
    """Whether it asked for a client certificate before it ended the handshake."""


NOTHING = Known()


@dataclass(frozen=True, slots=True)
class Why:
    """A cause as half a sentence, and what to do about it, likeliest first."""

    code: Code
    what: str
    act: str
    slow: bool = False
    """Whether a person must mend it: then it is not tried again quickly."""
    otherwise: tuple[str, ...] = ()
    about: About | None = None
    """What to change in the connection; `None` where it is mended elsewhere."""


def silent(peer: Peer, what: str) -> Why:
    """Say that a server that speaks Kafka does not answer something: no setting of the connection mends that."""
    return Why(
        Code.KAFKA_UNREACHABLE,
        f"{at(peer)} does not answer {what}",
        "Look whether the broker hangs or is overloaded.",
    )


def at(peer: Peer) -> str:
    """Name the server at the beginning of a sentence."""
    name = peer.name
    return name[:1].upper() + name[1:] if name.startswith("broker ") else name
