"""What all servers of one check share."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from insights_tui.domain.certificate import describe_ca
from insights_tui.domain.check import CheckStep
from insights_tui.domain.connection import Connection, Server
from insights_tui.domain.text import sanitize
from insights_tui.kafka.check.limits import CheckLimits
from insights_tui.kafka.check.logins import Logins
from insights_tui.kafka.gate import LoginGate
from insights_tui.kafka.tls import context_of
from insights_tui.kafka.verdict import Peer
from insights_tui.kafka.view import View
from insights_tui.kafka.wire import Wire

_HOST = 100
"""Characters of a host that a sentence holds."""


@dataclass(slots=True)
class Job:
    """One check under way."""

    connection: Connection
    limits: CheckLimits
    now: datetime
    login: bool
    """Whether to log in at all."""
    told: Callable[[CheckStep], None]
    """Takes each step as it ends."""
    viewed: Callable[[View], None]
    """Takes the cluster as a server tells it."""
    context: ssl.SSLContext | None
    ends_at: float
    """On the loop's clock."""
    logins: Logins = field(default_factory=Logins)
    wires: set[Wire] = field(default_factory=set)
    settings_asked: bool = False
    """Whether somebody was asked for the topic's settings: once is enough."""

    @classmethod
    def of(
        cls,
        connection: Connection,
        limits: CheckLimits,
        now: datetime,
        *,
        login: bool,
        told: Callable[[CheckStep], None],
        viewed: Callable[[View], None],
    ) -> "Job":
        """Begin a check; raises `ValueError` or `OSError` where the connection's settings cannot be used."""
        ends_at = asyncio.get_running_loop().time() + limits.total_s
        return cls(connection, limits, now, login, told, viewed, context_of(connection), ends_at)

    @property
    def mechanism(self) -> str | None:
        """The mechanism to log in with, `None` for plaintext."""
        chosen = self.connection.mechanism
        return chosen.value if chosen is not None and self.context is not None else None

    @property
    def trusted(self) -> str | None:
        """The name of the CA that the connection brings along."""
        ca = describe_ca(self.connection.ca_pem, now=self.now) if self.connection.ca_pem else None
        return ca.subject if ca is not None else None

    def peer(self, server: Server, node_id: int | None) -> Peer:
        """Describe a server for the words of a cause."""
        return Peer(
            Server(sanitize(server.host, limit=_HOST), server.port),  # a cluster may advertise anything
            self.connection.topic,
            tls=self.context is not None,
            mechanism=self.mechanism,
            username=self.connection.username if self.mechanism else None,
            node_id=node_id,
            listed=server in self.connection.servers,
        )

    def wire(self, server: Server) -> Wire:
        """Make a connection to a server; it is let go of at the end of the check."""
        password = self.connection.password
        wire = Wire(
            server,
            client_id="insights-tui-check",
            request_timeout_s=max(self.limits.answer_s, self.limits.tls_s),
            connect_timeout_s=self.limits.tcp_s,
            context=self.context,
            mechanism=self.mechanism,
            username=self.connection.username or "",
            password=password.reveal() if password else "",
            gate=LoginGate(asyncio.get_running_loop().time, base_s=0.0, cap_s=0.0),  # `logins` holds them here
            max_answer=self.limits.answer_bytes,
        )
        self.wires.add(wire)
        return wire
