"""Looking names up beside everything else: bounded, and never in the way of the end."""

import socket
import subprocess
import sys
import threading
from typing import Any

import pytest

from insights_tui.kafka.resolver import Resolver

HANGS = """
import asyncio, os, socket, sys
from datetime import UTC, datetime

def hang(*_, **__):
    os.read(0, 1)  # whoever has started us never writes

socket.getaddrinfo = hang
from insights_tui.domain.connection import Connection, Server
from insights_tui.kafka.check import CheckLimits, explain

found = explain(
    Connection("insights", (Server("kafka-1.invalid", 9092), Server("kafka-2.invalid", 9092))),
    now=datetime.now(UTC),
    limits=CheckLimits(dns_s=0.05),
)
print(asyncio.run(found).sentence)
"""


def test_a_resolver_that_hangs_does_not_keep_the_process() -> None:
    with subprocess.Popen([sys.executable, "-c", HANGS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.wait(60) == 0
            assert process.stdout is not None
            said = process.stdout.read().decode()
        finally:
            process.kill()
    assert said.startswith("None of the 2 servers works. The name kafka-1.invalid cannot be resolved")


def test_lookups_beyond_the_limit_wait_and_are_told_what_came_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    go, began = threading.Event(), threading.Semaphore(0)
    at_once = most = 0
    lock = threading.Lock()

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        began.release()
        go.wait(30)
        with lock:
            at_once -= 1
        if host == "bad":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [port]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    told: dict[int, Any] = {}
    done = threading.Semaphore(0)
    resolver = Resolver(most=2)

    def ask(host: str, port: int) -> None:
        def tell(found: Any) -> None:
            told[port] = found
            done.release()

        resolver.look_up(host, port, tell)

    for port in range(6):
        ask("bad" if port == 3 else "good", port)
    for _ in range(2):
        assert began.acquire(timeout=30)
    assert not told
    go.set()
    for _ in range(6):
        assert done.acquire(timeout=30)
    assert isinstance(told.pop(3), socket.gaierror)
    assert told == {port: [port] for port in (0, 1, 2, 4, 5)}
    assert most == 2
