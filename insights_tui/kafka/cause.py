"""Why a connection could not be made: pure, from the step that failed and the exception it failed with.

aiokafka itself hides the cause behind "Unable to bootstrap"; our own connecting (`connecting.py`) keeps it.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaError,
)

from insights_tui.domain.trouble import About, Code, Trouble
from insights_tui.kafka.cause_login import of_sasl, wants_login
from insights_tui.kafka.cause_tls import client_certificate, of_tls, other_port, wants_certificate
from insights_tui.kafka.verdict import NO_ANSWER, Action, Peer, Verdict, clip
from insights_tui.kafka.why import NOTHING, Known, Speaks, Why, at, silent

Stage = Literal["dns", "tcp", "tls", "api", "sasl", "metadata"]

_HTTP = 0x48545450  # "HTTP" read as a length
_SSH = 0x5353482D  # "SSH-"
_TLS_ALERT = 0x1503  # a TLS record of type alert, version 3.x, as the first half of a length
_AGAIN = (socket.EAI_AGAIN, socket.EAI_FAIL)


class StageError(Exception):
    """One step of connecting failed; `__cause__` is why."""

    def __init__(self, stage: Stage, cause: BaseException, *, offered: tuple[str, ...] = ()) -> None:
        super().__init__(f"{stage}: {cause!r}")
        self.stage: Stage = stage
        self.cause = cause
        self.offered = offered
        """The SASL mechanisms that the server named. Foreign text."""
        self.__cause__ = cause


class NotKafkaError(ConnectionError):
    """The length of an answer cannot be one of Kafka's."""

    def __init__(self, size: int) -> None:
        super().__init__(f"an answer that begins with the bytes {size.to_bytes(4, 'big', signed=size < 0)!r}")
        self.size = size


class NotABrokerError(ConnectionError):
    """It speaks Kafka's protocol and takes no records: a controller."""


class LoginHeldError(Exception):
    """No login is tried for now, because the last one was refused."""


def of_stage(error: StageError, peer: Peer, known: Known = NOTHING, *, others_answer: bool = False) -> Verdict:
    """Tell what it means that a step of connecting failed; never in doubt, nothing was sent yet.

    `others_answer`: whether all other members are reached where the cluster says that they are.
    """
    cause = root_of(error.cause)
    if error.offered:
        known = replace(known, offered=error.offered)
    why = _WHY[error.stage](cause, peer, known)
    code = why.code
    if code is Code.KAFKA_UNREACHABLE and peer.node_id is not None:
        code = Code.BROKER_UNREACHABLE
    login = code in (Code.AUTH_FAILED, Code.MECHANISM_REFUSED)
    subject = peer.username if login and peer.username else str(peer.server)
    act, otherwise, about = why.act, why.otherwise, why.about
    if peer.node_id is not None and not peer.listed and error.stage in ("dns", "tcp"):
        listeners = f"Set advertised.listeners of broker {peer.node_id} to an address that this machine can reach."
        otherwise, act, about = (act, *otherwise), listeners, None
        if isinstance(cause, ConnectionRefusedError) and (others_answer or not _here(peer.server.host)):
            act, otherwise = running(peer.node_id), (listeners, *otherwise)  # a machine is there, the broker is not
    raw = _raw(cause)
    what = f"{why.what}."
    return Verdict(
        Action.RETRY,
        False,
        Trouble(
            code,
            subject,
            what[:1].upper() + what[1:] if what.startswith("broker ") else what,
            act,
            raw,
            otherwise,
            about,
        ),
        "client" if login else "broker",
        "slow" if why.slow else "quick",
    )


def running(node_id: int) -> str:
    """Say to look whether a broker runs."""
    return f"Look whether broker {node_id} is running."


def _here(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _raw(cause: BaseException) -> str:
    if isinstance(cause, TimeoutError):
        return NO_ANSWER
    if isinstance(cause, KafkaError) and "<AIOKafkaConnection" in str(cause):  # aiokafka puts itself where a text goes
        return f"{type(cause).__name__} ({cause.errno})"
    return clip(f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__)


def _dns(cause: BaseException, peer: Peer, _: Known) -> Why:
    of = "" if peer.node_id is None else f", the address of broker {peer.node_id},"
    what = f"The name {peer.server.host}{of} cannot be resolved"
    if isinstance(cause, TimeoutError) or (isinstance(cause, socket.gaierror) and cause.errno in _AGAIN):
        return Why(
            Code.NAME_NOT_RESOLVED,
            f"{what}, as DNS does not answer",
            "Check this machine's DNS: the servers in its /etc/resolv.conf must answer.",
            otherwise=("Check the name for typing errors.",),
            about=About.SERVERS,
        )
    return Why(
        Code.NAME_NOT_RESOLVED,
        what,
        "Check the name for typing errors, and this machine's DNS.",
        otherwise=("Make the name known here, by DNS or in /etc/hosts.",),
        about=About.SERVERS,
    )


def _tcp(cause: BaseException, peer: Peer, _: Known) -> Why:
    if isinstance(cause, ConnectionRefusedError):
        return Why(
            Code.KAFKA_UNREACHABLE,
            f"Nothing listens at {peer.server}{_whose(peer)}",
            "Check the port, and whether the broker is running.",
            otherwise=("Look whether a firewall on the way refuses the connection.",),
            about=About.SERVERS,
        )
    if isinstance(cause, TimeoutError):
        return Why(
            Code.KAFKA_UNREACHABLE,
            f"{at(peer)} does not answer",
            "Check the address, firewalls and the network between this machine and it.",
            about=About.SERVERS,
        )
    text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return Why(
        Code.KAFKA_UNREACHABLE,
        f"{at(peer)} cannot be reached ({clip(text)})",
        "Check the address, routes and the network between this machine and it.",
        about=About.SERVERS,
    )


def _api(cause: BaseException, peer: Peer, known: Known) -> Why:
    if wants_certificate(cause):
        return client_certificate(peer)
    speaks = known.speaks or _spoken(cause, peer)
    if speaks is not None and (speaks in ("http", "ssh") or (speaks == "tls" and not peer.tls)):
        return other_port(peer, speaks)
    if isinstance(cause, TimeoutError):
        return Why(
            Code.KAFKA_UNREACHABLE,
            f"{at(peer)} accepts connections and does not answer as Kafka does",
            "Check that the port is Kafka's and not one for TLS, and that the broker is not overloaded.",
            otherwise=("Look at a load balancer or proxy in between: it may have no broker behind it.",),
            about=About.SERVERS,
        )
    if isinstance(cause, NotABrokerError):
        return Why(
            Code.KAFKA_UNREACHABLE,
            f"{at(peer)} is a controller of the cluster, which clients do not talk to",
            "Use the address of a broker: the listener in advertised.listeners.",
            slow=True,
            about=About.SERVERS,
        )
    if _size(cause) is not None or not _closed(cause):
        return Why(
            Code.KAFKA_UNREACHABLE,
            f"{at(peer)} answers with something that is not Kafka's protocol",
            "Use the port of the Kafka listener.",
            slow=True,
            about=About.SERVERS,
        )
    if peer.tls:
        return Why(
            Code.TLS_FAILED,
            f"{at(peer)} closed the connection right after TLS",
            "Check whether it asks for a client certificate, which is not supported; else look at its log.",
            about=About.SERVERS,
        )
    return Why(
        Code.TLS_FAILED if _closed(cause) else Code.KAFKA_UNREACHABLE,
        f"{at(peer)} closes the connection at the first request",
        "If its listener is for TLS, set the connection type to SASL over TLS; else look at the broker's log.",
        about=About.TYPE,
    )


def _spoken(cause: BaseException, peer: Peer) -> Speaks | None:
    """Recognise another protocol by the first bytes of its answer."""
    size = _size(cause)
    if size is None:
        return None
    if size >> 16 == _TLS_ALERT and not peer.tls:
        return "tls"
    return {_HTTP: "http", _SSH: "ssh"}.get(size)  # type: ignore[return-value] # mypy widens the values to str


def _metadata(cause: BaseException, peer: Peer, known: Known) -> Why:
    if isinstance(cause, TimeoutError):
        return silent(peer, "the question who leads the topic")
    if _closed(cause) and peer.mechanism is None:
        return wants_login(peer, known)
    if isinstance(cause, IncompatibleBrokerVersion):
        return Why(
            Code.KAFKA_UNREACHABLE,
            f"{at(peer)} is too old to be asked for a topic without creating it",
            "Use Apache Kafka 0.11 or newer.",
            slow=True,
        )
    return Why(
        Code.KAFKA_UNREACHABLE,
        f"{at(peer)} closed the connection instead of telling who leads the topic",
        "Look at the broker's log.",
    )


_WHY: dict[Stage, Callable[[BaseException, Peer, Known], Why]] = {
    "dns": _dns,
    "tcp": _tcp,
    "tls": of_tls,
    "api": _api,
    "sasl": of_sasl,
    "metadata": _metadata,
}


def _whose(peer: Peer) -> str:
    if peer.node_id is None:
        return ""
    return f", the address of broker {peer.node_id}" if peer.listed else f", which broker {peer.node_id} advertises"


def root_of(error: BaseException) -> BaseException:
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
    return isinstance(cause, EOFError | OSError) or type(cause).__name__ == "KafkaConnectionError"


RESOLVER_ERRORS = (socket.gaierror, ValueError, OverflowError)
"""What resolving raises: a label over 63 characters is a UnicodeError, a NUL a ValueError, an odd port the last."""
