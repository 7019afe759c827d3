"""What the checks of faults share: limits, connections, names that resolve as they are told."""

import socket
from dataclasses import replace
from typing import Any

import pytest

from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from tests.check.running import PATIENT
from tests.kafka_cluster.certificates import Authority

DROPPED = replace(PATIENT, tcp_s=0.5)


SILENT = replace(PATIENT, tls_s=0.5, answer_s=0.5, look_s=0.5)


QUIET = replace(PATIENT, answer_s=0.5)

"""For one that is silent at first, and speaks when it is looked at again."""


def sasl(*servers: Server, ca: Authority | None, mechanism: Mechanism = Mechanism.PLAIN) -> Connection:
    pem = ca.pem.decode() if ca is not None else None
    return Connection("insights", servers, ConnectionType.SASL_SSL, mechanism, "alice", Secret("right"), pem)


def resolve_to(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[tuple[str, int]]]) -> None:
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        if host not in names:
            return list(real(host, port, *args, **kwargs))
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, at))
            for address, at in names[host]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
