"""Why a connection could not be made: pure, from the step that failed and the exception it failed with.

aiokafka itself hides the cause behind "Unable to bootstrap"; our own connecting (`connecting.py`) keeps it.
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import Literal

from aiokafka.errors import (
    IllegalSaslStateError,
    IncompatibleBrokerVersion,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from insights_tui.domain.trouble import Code, Trouble
from insights_tui.kafka.verdict import Action, Peer, Verdict, clip

Stage = Literal["dns", "tcp", "tls", "api", "sasl", "metadata"]

_HTTP = 0x48545450  # "HTTP" read as a length
_TLS_ALERT = 0x1503  # a TLS record of type alert, version 3.x, as the first half of a length
_UNKNOWN_CA = {18, 19, 20, 21}  # OpenSSL's X509_V_ERR_*: self-signed, self-signed in chain, no issuer, no first cert
_EXPIRED = 10
_NOT_YET_VALID = 9
_MISMATCH = {62, 64}  # hostname, IP address


class StageError(Exception):
    """One step of connecting failed; `__cause__` is why."""

    def __init__(self, stage: Stage, cause: BaseException) -> None:
        super().__init__(f"{stage}: {cause!r}")
        self.stage: Stage = stage
        self.cause = cause
        self.__cause__ = cause


class NotKafkaError(ConnectionError):
    """The length of an answer cannot be one of Kafka's."""

    def __init__(self, size: int) -> None:
        super().__init__(f"an answer that begins with the bytes {size.to_bytes(4, 'big', signed=size < 0)!r}")
        self.size = size


class LoginHeldError(Exception):
    """No login is tried for now, because the last one was refused."""


@dataclass(frozen=True, slots=True)
class _Why:
    code: Code
    what: str
    act: str
    slow: bool = False


def of_stage(error: StageError, peer: Peer) -> Verdict:
    """Tell what it means that a step of connecting failed; never in doubt, nothing was sent yet."""
    cause = _root(error.cause)
    why = _WHY[error.stage](cause, peer)
    code = why.code
    if code is Code.KAFKA_UNREACHABLE and peer.node_id is not None:
        code = Code.BROKER_UNREACHABLE
    login = code in (Code.AUTH_FAILED, Code.MECHANISM_REFUSED)
    subject = peer.username if login and peer.username else str(peer.server)
    act = why.act
    if peer.node_id is not None and not peer.listed and error.stage in ("dns", "tcp"):
        act = f"Set advertised.listeners of broker {peer.node_id} to an address that this machine can reach."
    raw = clip(f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__)
    what = f"{why.what}."
    return Verdict(
        Action.RETRY,
        False,
        Trouble(code, subject, what[:1].upper() + what[1:] if what.startswith("broker ") else what, act, raw),
        "client" if login else "broker",
        "slow" if why.slow else "quick",
    )


def _dns(_: BaseException, peer: Peer) -> _Why:
    of = "" if peer.node_id is None else f", the address of broker {peer.node_id},"
    return _Why(
        Code.NAME_NOT_RESOLVED,
        f"The name {peer.server.host}{of} cannot be resolved",
        "Check the name for typing errors, and this machine's DNS.",
    )


def _tcp(cause: BaseException, peer: Peer) -> _Why:
    if isinstance(cause, ConnectionRefusedError):
        return _Why(
            Code.KAFKA_UNREACHABLE,
            f"Nothing listens at {peer.server}{_whose(peer)}",
            "Check the port, and whether the broker is running.",
        )
    if isinstance(cause, TimeoutError):
        return _Why(
            Code.KAFKA_UNREACHABLE,
            f"{_at(peer)} does not answer",
            "Check the address, firewalls and the network between this machine and it.",
        )
    text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return _Why(
        Code.KAFKA_UNREACHABLE,
        f"{_at(peer)} cannot be reached ({clip(text)})",
        "Check the address, routes and the network between this machine and it.",
    )


def _tls(cause: BaseException, peer: Peer) -> _Why:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _certificate(cause, peer)
    if isinstance(cause, TimeoutError):
        return _Why(
            Code.KAFKA_UNREACHABLE,  # a broker that hangs does this: no fault of the TLS settings
            f"{_at(peer)} accepts connections and does not answer to TLS",
            "Check that the port is the one for SASL over TLS, and that the broker is not overloaded.",
        )
    return _Why(
        Code.TLS_FAILED,
        f"{_at(peer)} does not speak TLS on this port",
        "Use the port of the broker's SASL_SSL listener, or set the connection type to plaintext.",
        slow=True,
    )


def _certificate(cause: ssl.SSLCertVerificationError, peer: Peer) -> _Why:
    code = cause.verify_code
    if code == _EXPIRED:
        what, act = "has expired", "Renew the broker's certificate."
    elif code == _NOT_YET_VALID:
        what, act = "is not valid yet", "Check the clocks of this machine and of whoever issued the certificate."
    elif code in _MISMATCH:
        what = f"is not for the name {peer.server.host}"
        act = "Use a name that is in the certificate, or add this one to its subject alternative names."
    elif code in _UNKNOWN_CA:
        what = "comes from a CA that is not trusted here"
        act = "Give the connection the CA certificate that signed the broker's."
    else:
        what, act = (
            f"cannot be verified ({clip(cause.verify_message)})",
            "Check the certificate and the CA certificate.",
        )
    return _Why(Code.TLS_FAILED, f"The certificate of {peer.name.rstrip(',')} {what}", act, slow=True)


def _api(cause: BaseException, peer: Peer) -> _Why:
    size = _size(cause)
    if size == _HTTP:
        return _Why(
            Code.KAFKA_UNREACHABLE,
            f"{_at(peer)} is an HTTP server, not Kafka",
            "Use the port of the Kafka listener.",
            slow=True,
        )
    if size is not None and size >> 16 == _TLS_ALERT and not peer.tls:
        return _Why(
            Code.TLS_FAILED,
            f"{_at(peer)} speaks TLS, and this connection is plaintext",
            "Set the connection type to SASL over TLS, or use the port of the plaintext listener.",
            slow=True,
        )
    if isinstance(cause, TimeoutError):
        return _Why(
            Code.KAFKA_UNREACHABLE,
            f"{_at(peer)} accepts connections and does not answer as Kafka does",
            "Check that the port is Kafka's and not one for TLS, and that the broker is not overloaded.",
        )
    if size is not None:
        return _Why(
            Code.KAFKA_UNREACHABLE,
            f"{_at(peer)} answers with something that is not Kafka's protocol",
            "Use the port of the Kafka listener.",
            slow=True,
        )
    if peer.tls:
        return _Why(
            Code.TLS_FAILED,
            f"{_at(peer)} closed the connection right after TLS",
            "Check whether it asks for a client certificate, which is not supported; else look at its log.",
        )
    return _Why(
        Code.TLS_FAILED if _closed(cause) else Code.KAFKA_UNREACHABLE,
        f"{_at(peer)} closes the connection at the first request",
        "If its listener is for TLS, set the connection type to SASL over TLS; else look at the broker's log.",
    )


def _sasl(cause: BaseException, peer: Peer) -> _Why:
    user = peer.username or ""
    if isinstance(cause, SaslAuthenticationFailed):
        return _Why(
            Code.AUTH_FAILED,
            f"{_at(peer)} refuses the login of {user}",
            "Check user name, password and mechanism, then edit the connection.",
            slow=True,
        )
    if isinstance(cause, UnsupportedSaslMechanismError):
        return _Why(
            Code.MECHANISM_REFUSED,
            f"{_at(peer)} does not offer the mechanism {peer.mechanism}",
            "Choose another mechanism, or enable this one on the broker's listener.",
            slow=True,
        )
    if isinstance(cause, IllegalSaslStateError | IncompatibleBrokerVersion):
        return _Why(
            Code.MECHANISM_REFUSED,
            f"{_at(peer)} does not take a login on this port",
            "Use the port of the broker's SASL_SSL listener.",
            slow=True,
        )
    if isinstance(cause, TimeoutError):
        return _Why(
            Code.KAFKA_UNREACHABLE,
            f"{_at(peer)} does not answer to the login",
            "Look whether the broker hangs or is overloaded.",
        )
    if isinstance(cause, ValueError | AssertionError | KeyError):
        return _Why(
            Code.AUTH_FAILED,
            f"{_at(peer)} could not prove that it knows the password of {user}",
            "Check the servers: this may not be the cluster it claims to be; then check the password.",
            slow=True,
        )
    return _Why(
        Code.AUTH_FAILED,
        f"{_at(peer)} closed the connection during the login of {user}",
        "Check user name, password and mechanism; if they are right, look at the broker's log.",
        slow=True,
    )


def _metadata(cause: BaseException, peer: Peer) -> _Why:
    if isinstance(cause, TimeoutError):
        return _Why(
            Code.KAFKA_UNREACHABLE,
            f"{_at(peer)} does not answer the question who leads the topic",
            "Look whether the broker hangs or is overloaded.",
        )
    if _closed(cause) and peer.mechanism is None:
        return _Why(
            Code.AUTH_FAILED,
            f"{_at(peer)} closes the connection, as a listener does that wants a login",
            "Set the connection type to SASL over TLS, or use the port of the plaintext listener.",
        )
    if isinstance(cause, IncompatibleBrokerVersion):
        return _Why(
            Code.KAFKA_UNREACHABLE,
            f"{_at(peer)} is too old to be asked for a topic without creating it",
            "Use Apache Kafka 0.11 or newer.",
            slow=True,
        )
    return _Why(
        Code.KAFKA_UNREACHABLE,
        f"{_at(peer)} closed the connection instead of telling who leads the topic",
        "Look at the broker's log.",
    )


_WHY = {"dns": _dns, "tcp": _tcp, "tls": _tls, "api": _api, "sasl": _sasl, "metadata": _metadata}


def _at(peer: Peer) -> str:
    name = peer.name
    return name[:1].upper() + name[1:] if name.startswith("broker ") else name


def _whose(peer: Peer) -> str:
    if peer.node_id is None:
        return ""
    return f", the address of broker {peer.node_id}" if peer.listed else f", which broker {peer.node_id} advertises"


def _root(error: BaseException) -> BaseException:
    """Look through aiokafka's `KafkaConnectionError` at what closed the connection."""
    cause = error.__cause__
    return cause if type(error).__name__ == "KafkaConnectionError" and cause is not None else error


def _size(cause: BaseException) -> int | None:
    """Tell the impossible length that was read."""
    if isinstance(cause, NotKafkaError):
        return cause.size
    if isinstance(cause, asyncio.IncompleteReadError) and cause.expected is not None and cause.expected > 1 << 24:
        return cause.expected
    return None


def _closed(cause: BaseException) -> bool:
    return isinstance(cause, EOFError | ConnectionError) or type(cause).__name__ == "KafkaConnectionError"


RESOLVER_ERRORS = (socket.gaierror, UnicodeError)
"""What resolving a name raises: a label over 63 characters is a UnicodeError."""
