"""The HTTP server: a public listener on TCP and a private one on a Unix socket, on the loop that starts it."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket

from insights_tui.agent.algorithms.registry import Registry
from insights_tui.agent.control import Control, Ingest
from insights_tui.agent.executions.keeper import Executions
from insights_tui.agent.executions.words import Replaced
from insights_tui.agent.http.app import InsightsApp
from insights_tui.agent.http.control import make_control
from insights_tui.agent.http.gate import Gate
from insights_tui.agent.http.handed_over import handed_over
from insights_tui.agent.http.limits import Limits
from insights_tui.agent.http.listen import ListenError, is_loopback, parse_listen, tcp_sockets, unix_socket
from insights_tui.agent.http.listener import Listener
from insights_tui.agent.http.runs import Runs
from insights_tui.agent.ingest import Intake, RecordKey
from insights_tui.domain.clock import Clock
from insights_tui.domain.connection import Secret
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.refused import FieldError
from insights_tui.domain.report import Names

_BAD_HTTP = FieldError("bad_http", "A request was no valid HTTP, too slow, or too large.", "Look at what is sent.")


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Where to listen, whom to let in, and how much one may cost."""

    socket_path: Path
    listen: str | None = "127.0.0.1:9000"
    """`address:port`; port 0 picks one, `None` turns TCP off. 127.0.0.1 takes ::1 along."""
    socket_mode: int = 0o600
    socket_group: str | None = None
    token: Secret | None = None
    """For control calls over TCP; without it they are answered 403."""
    ingest_token: Secret | None = None
    """For ingest over TCP, as `/t/{token}`; needed for any address that is not loopback."""
    allowed_hosts: tuple[str, ...] = ()
    owner: str = "local"
    name: str = "default"
    version: str = "0.0.0"
    """The three names of a bare report."""
    record_key: RecordKey = "none"
    """What the key of a record is."""
    limits: Limits = field(default_factory=Limits)


class HttpServer:
    """Everything that the agent serves; start it once, stop it once."""

    def __init__(
        self,
        settings: HttpSettings,
        ingest: Ingest,
        control: Control,
        clock: Clock,
        *,
        algorithms: Registry | None = None,
        executions: Callable[[Intake], Executions] | None = None,
    ) -> None:
        """Make it; `executions` gives who keeps them, without it there are none."""
        self._settings = settings
        self._names = Names(settings.owner, settings.name, settings.version)
        self._intake = Intake(ingest, clock, self._names, algorithms, settings.record_key)
        self._executions = executions(self._intake) if executions is not None else None
        self._replaced = Replaced(ingest.note)
        self._control = control
        self._stopping = asyncio.Event()
        self._listeners: list[Listener] = []
        self._own: tuple[int, int, int] | None = None
        self._url: str | None = None

    @property
    def url(self) -> str | None:
        """Where algorithms report to; `None` before the start and where TCP is turned off."""
        return self._url

    @property
    def _reached(self) -> str | None:
        """Where a program on this machine reaches it: an address of all interfaces is none to call."""
        url = self._url
        return None if url is None else url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")

    @property
    def executions(self) -> Executions | None:
        """Who keeps the executions."""
        return self._executions

    async def start(self) -> None:
        """Bind and serve; raises `PortBusyError` naming the holder, or `ListenError`. All or nothing."""
        settings = self._settings
        wires: list[socket] = []
        try:
            hosts = settings.allowed_hosts
            if settings.listen is not None:
                host, port = parse_listen(settings.listen)
                _check_guarded(host, settings)
                if not is_loopback(host):
                    hosts = (*hosts, f"[{host}]" if ":" in host else host)
                wires = handed_over(host, port) or tcp_sockets(host, port)
                port = wires[0].getsockname()[1]
                self._url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            local = unix_socket(settings.socket_path, settings.socket_mode, settings.socket_group)
        except BaseException:
            self._url = None
            for wire in wires:
                wire.close()
            raise
        found = settings.socket_path.lstat()
        self._own = _identity(found)
        if wires:
            gate = Gate(token=settings.token, ingest_token=settings.ingest_token, allowed_hosts=hosts)
            public = self._listener(gate)
            for wire in wires:
                public.serve(wire)
        self._listener(Gate(public=False)).serve(local)

    def _listener(self, gate: Gate) -> Listener:
        limits = self._settings.limits
        inner = make_control(self._control, limits=limits, stopping=self._stopping)
        runs = None
        if self._executions is not None:
            runs = Runs(self._executions, self._intake, self._names, self._replaced)
        app = InsightsApp(
            intake=self._intake,
            gate=gate,
            limits=limits,
            inner=inner,
            runs=runs,
            url=self._reached,
            shared_token=self._settings.ingest_token,
        )
        listener = Listener(app, limits, self._bad_head, local=not gate.public)
        self._listeners.append(listener)
        return listener

    def _bad_head(self) -> None:
        self._intake.refuse((_BAD_HTTP,), status=400, reason=Refusal.INVALID)

    async def stop(self, grace_s: float) -> None:
        """Stop listening, let answers finish for `grace_s` seconds, then cut off; never takes much longer."""
        self._stopping.set()
        self._remove_socket()
        await asyncio.gather(*(listener.stop(grace_s) for listener in self._listeners))
        self._listeners.clear()

    def _remove_socket(self) -> None:
        own, self._own = self._own, None
        path = self._settings.socket_path
        try:
            if own is not None and _identity(path.lstat()) == own:  # another agent may have put its own there
                path.unlink()
        except FileNotFoundError:
            pass


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    # A file system may give the inode of a removed file to the next one: the time tells them apart.
    return found.st_dev, found.st_ino, found.st_ctime_ns


def _check_guarded(host: str, settings: HttpSettings) -> None:
    if not is_loopback(host) and (settings.ingest_token is None or not settings.ingest_token.reveal()):
        raise ListenError(
            f"{settings.listen} can be reached from outside, and ingest has no token.",
            "Set INSIGHTS_INGEST__TOKEN_FILE, or listen on 127.0.0.1.",
        )
