"""Everything that a check has seen, as comparing looks at it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from insights_tui.domain.check import Finding, Role
from insights_tui.domain.connection import Connection
from insights_tui.domain.text import sanitize
from insights_tui.domain.trouble import About
from insights_tui.kafka.check.seen import ServerSeen

NAMED = 6
"""Servers that one sentence names."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that was seen: each address once, bootstrap servers first."""

    seen: Sequence[ServerSeen]
    connection: Connection
    now: datetime
    trusted: str | None = None
    """The CA that the connection brings along."""
    login: bool = True
    """Whether logins were tried."""

    @property
    def up(self) -> list[ServerSeen]:
        """Those that told their cluster."""
        return [one for one in self.seen if one.view is not None]

    @property
    def down(self) -> list[ServerSeen]:
        """Those with a failed step."""
        return [one for one in self.seen if one.failure is not None]


def names(servers: Iterable[ServerSeen]) -> str:
    """Name servers in a sentence, members with their number."""
    told = [one.name if one.role is Role.BOOTSTRAP else f"{one.name} (broker {one.node_id})" for one in servers]
    shown = [sanitize(name, limit=120) for name in told[:NAMED]]
    if len(told) > NAMED:
        shown.append(f"{len(told) - NAMED} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def found(code: str, what: str, fix: str, servers: Iterable[ServerSeen], about: About | None = None) -> Finding:
    """Make a finding; its texts are sanitised."""
    return Finding(code, sanitize(what, limit=800), sanitize(fix, limit=800), tuple(one.name for one in servers), about)
