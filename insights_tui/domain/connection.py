"""The connection: one, global, configured once."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn, Self, SupportsIndex


class ConnectionType(StrEnum):
    """The two kinds of the original form; values are those of its API."""

    PLAINTEXT = "kafka_unauthenticated_plaintext"
    SASL_SSL = "kafka_sasl_ssl"


class Mechanism(StrEnum):
    """SASL mechanisms; always over TLS."""

    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"
    PLAIN = "PLAIN"


class Secret:
    """A text that never shows itself: not in `repr`, not in a traceback, not in a log, not in a pickle."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the clear text; call it as late as possible."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('********')"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:  # `dataclasses.asdict` copies deeply
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("A secret is not pickled: it would be written in the clear.")

    def __getstate__(self) -> NoReturn:
        raise TypeError("A secret does not give its state away.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True, slots=True)
class Server:
    """One `host:port`."""

    host: str
    """A name in ASCII (IDNA) or an address, without brackets."""
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that has passed validation."""

    topic: str
    servers: tuple[Server, ...]
    """The bootstrap list: where to ask who the cluster's members are."""
    type: ConnectionType = ConnectionType.PLAINTEXT
    mechanism: Mechanism | None = None
    username: str | None = None
    password: Secret | None = None
    ca_pem: str | None = None
    """CA certificates in PEM; `None` means the system's trust store."""

    @property
    def bootstrap(self) -> str:
        """The list as people write it: `h1:9092,h2:9092`."""
        return ",".join(str(server) for server in self.servers)
