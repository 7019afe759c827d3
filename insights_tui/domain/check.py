"""What the connection check tells: one step of one server at a time, and a verdict at the end (`interface.md`)."""

from dataclasses import dataclass
from enum import StrEnum

from insights_tui.domain.trouble import About, Code


class Role(StrEnum):
    """Where the address of a server came from."""

    BOOTSTRAP = "bootstrap"
    """It was entered in the connection."""
    MEMBER = "member"
    """The cluster reported it."""


class Step(StrEnum):
    """What is done with a server, in this order."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    API = "api"
    SASL = "sasl"
    METADATA = "metadata"
    TOPIC = "topic"
    WRITE = "write"


class StepState(StrEnum):
    """How a step ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not done: an earlier step failed, or this connection does not need it."""
    UNPROVEN = "unproven"
    """The server does not tell; nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A broker as the cluster reports it; its address is sanitised."""

    id: int
    server: str
    """`host:port`."""


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One step as it ended. All text from outside is sanitised and bounded already."""

    server: str
    """`host:port`."""
    role: Role
    step: Step
    state: StepState
    ms: float | None = None
    """Milliseconds that the step took; `None` where it was not done."""
    node_id: int | None = None
    """The broker's id, where the cluster has told it."""
    found: str = ""
    """What a step that went well found: addresses, TLS version and certificate, cluster id, partitions."""
    code: Code | None = None
    cause: str = ""
    """Why it failed, one whole sentence."""
    fix: str = ""
    """The likeliest repair, one whole sentence."""
    fixes: tuple[str, ...] = ()
    """All likely repairs, likeliest first; the first is `fix`."""
    raw: str = ""
    """What the server, the TLS library or the operating system said."""
    about: About | None = None
    """What to change in the connection; `None` where it is mended elsewhere."""
    members: tuple[Member, ...] = ()
    """Of `metadata`: whom the server reports. One that is a bootstrap server too is checked once, as that."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What only comparing servers tells, or (as a hint) what deserves a look although nothing failed."""

    code: str
    what: str
    """One whole sentence."""
    fix: str
    """What to do, one whole sentence."""
    servers: tuple[str, ...] = ()
    """Whom it concerns; empty: the connection as a whole."""
    about: About | None = None
    """What to change in the connection; `None` where it is mended elsewhere."""


@dataclass(frozen=True, slots=True)
class CheckVerdict:
    """The end of a check."""

    verdict: str
    """`ok` or `failed`; `ok` also where something is broken and payloads go through all the same (`degraded`)."""
    failed: int
    """Servers (of either role) with a failed step; the topic counts as one."""
    servers: int = 0
    """Servers that were tried."""
    sentence: str = ""
    """The one sentence an admin needs: the best explanation, or that all is well."""
    fix: str = ""
    """What to do about it."""
    code: Code | None = None
    findings: tuple[Finding, ...] = ()
    """What comparing the servers told, most telling first."""
    hints: tuple[Finding, ...] = ()
    seconds: float = 0.0
    degraded: bool = False
    """Whether something is broken although payloads go through; the sentence says what."""
    about: About | None = None
    """What to change in the connection, of what `fix` says; `None` where it is mended elsewhere."""
