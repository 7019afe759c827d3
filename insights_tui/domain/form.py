"""The connection as a person or the original's client writes it, before anyone has checked it."""

from dataclasses import dataclass

from insights_tui.domain.connection import Connection, ConnectionType, Secret
from insights_tui.domain.refused import FieldError


@dataclass(frozen=True, slots=True)
class ConnectionForm:
    """The fields of the original API (contract.md §3), as text, unchecked.

    `None` means not given: for the password that is "unchanged".
    """

    topic: str = ""
    broker_url: str = ""
    connection_type: str = ConnectionType.PLAINTEXT.value
    sasl_mechanism: str | None = None
    broker_username: str | None = None
    broker_password: Secret | None = None
    ca_certificate: str | None = None
    """PEM text; `None` or blank means the system's trust store."""


@dataclass(frozen=True, slots=True)
class Validated:
    """A form that holds: the connection, and hints that hinder nothing."""

    connection: Connection
    hints: tuple[FieldError, ...] = ()
