"""One connection to one server, made step by step so that the failing step is known.

`AIOKafkaConnection` does the talking (requests, answers, SASL); how it connects, what it reads and how it closes are
ours. `tests/engine/test_pin.py` guards what this leans on.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from aiokafka.conn import AIOKafkaConnection, AIOKafkaProtocol, CloseReason
from aiokafka.protocol.admin import SaslHandShakeRequest

from insights_tui.domain.connection import Server
from insights_tui.kafka.cause import LoginHeldError, NotKafkaError, Stage, StageError
from insights_tui.kafka.dial import dial
from insights_tui.kafka.gate import LoginGate

MAX_ANSWER = 16 * 1024 * 1024
"""Bytes of one answer: more cannot be meant for us."""

# aiokafka tells failures of its own in its log: nothing of it may reach a terminal, and we see them at their source
_log = logging.getLogger("aiokafka")
_log.addHandler(logging.NullHandler())
_log.propagate = False
_log.setLevel(logging.CRITICAL)


class Wire(AIOKafkaConnection):  # type: ignore[misc] # aiokafka ships no types
    """A connection to one server. `rtt_s` is the time of the last answer, `heard` when it came (loop's clock)."""

    def __init__(
        self,
        server: Server,
        *,
        client_id: str,
        request_timeout_s: float,
        connect_timeout_s: float,
        context: ssl.SSLContext | None,
        mechanism: str | None,
        username: str | None,
        password: str | None,
        gate: LoginGate,
        on_close: Callable[[AIOKafkaConnection, CloseReason], None] | None = None,
        max_answer: int = MAX_ANSWER,
    ) -> None:
        super().__init__(
            server.host,
            server.port,
            client_id=client_id,
            request_timeout_ms=request_timeout_s * 1000,
            ssl_context=context,
            security_protocol="SASL_SSL" if context is not None else "PLAINTEXT",
            on_close=on_close,
            sasl_mechanism=mechanism,
            sasl_plain_username=username,
            sasl_plain_password=password,
        )
        self.server = server
        self.rtt_s: float | None = None
        self.closed_by: BaseException | None = None
        self._closed_fut: asyncio.Future[Any] | None = None
        self.gone = False
        """Whether it was closed."""
        self.offered: tuple[str, ...] = ()
        """The SASL mechanisms that the server named. Foreign text."""
        self._gate = gate
        self._max_answer = max_answer
        self._connect_timeout_s = connect_timeout_s
        self._abort: Callable[[], None] | None = None

    async def connect(self) -> None:
        """Resolve, connect, speak TLS, ask for versions, log in; raises `StageError`, or `LoginHeldError`."""
        if self._sasl_mechanism and self._gate.wait_s > 0:
            raise LoginHeldError
        await self.greet(await dial(self.server, self._connect_timeout_s))
        await self.introduce()
        if self._sasl_mechanism:
            await self.log_in()

    async def greet(self, sock: socket.socket) -> None:
        """Speak TLS over an open socket where the connection is encrypted, and listen; raises `StageError` (tls)."""
        loop = asyncio.get_running_loop()
        self._closed_fut = loop.create_future()
        reader = asyncio.StreamReader(loop=loop)
        protocol = AIOKafkaProtocol(self._closed_fut, reader, loop=loop)
        tls: dict[str, Any] = {}
        if self._ssl_context is not None:
            tls = {"ssl": self._ssl_context, "server_hostname": self.server.host}
        try:
            async with asyncio.timeout(self._request_timeout):
                transport, _ = await loop.create_connection(lambda: protocol, sock=sock, **tls)
        except BaseException as error:
            self._closed_fut = None  # the protocol was never connected: nobody would resolve it
            sock.close()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise StageError("tls" if tls else "tcp", error) from error
        self._abort = transport.abort
        self._reader, self._protocol = reader, protocol
        self._writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        self._read_task = self._create_reader_task()

    async def introduce(self) -> None:
        """Ask what the server understands; raises `StageError` (api)."""
        with self._stage("api"):
            await self._do_version_lookup()

    async def log_in(self) -> None:
        """Log in; raises `StageError` (sasl), or `LoginHeldError`."""
        with self._stage("sasl"):
            await self._login()

    @contextlib.contextmanager
    def _stage(self, stage: Stage) -> Iterator[None]:
        try:
            yield
        except LoginHeldError:
            self.hang_up()
            raise
        except BaseException as error:
            self.hang_up()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise StageError(stage, error, offered=self.offered) from error

    def send(self, request: object, expect_response: bool = True) -> Any:
        """Send a request, as aiokafka does; the mechanisms that a handshake names are kept."""
        answer = super().send(request, expect_response)
        return self._handshake(answer) if isinstance(request, SaslHandShakeRequest) else answer

    async def _handshake(self, waiting: Any) -> Any:
        answer = await waiting
        self.offered = tuple(str(one) for one in answer.enabled_mechanisms or ())
        return answer

    async def _login(self) -> None:
        async with self._gate.login():
            try:
                await self._do_sasl_handshake()
            except (TimeoutError, asyncio.CancelledError):
                raise  # no verdict on the credentials
            except BaseException:
                self._gate.refused()
                raise
            self._gate.passed()

    async def ask(self, request: object) -> Any:
        """Send a request and wait for its answer, measuring the time."""
        started = time.monotonic()
        answer = await self.send(request)
        self.rtt_s = time.monotonic() - started
        return answer

    @property
    def spoken(self) -> dict[int, tuple[int, int]]:
        """The kinds of request that the server understands, each with its lowest and highest version."""
        return self._versions  # type: ignore[no-any-return] # aiokafka ships no types

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS session, `None` in plaintext."""
        writer: Any = self._writer
        session: ssl.SSLObject | None = writer.get_extra_info("ssl_object") if writer is not None else None
        return session

    @property
    def heard(self) -> float:
        """When the last answer came (`time.monotonic`)."""
        return float(self._last_action)

    @property
    def waiting(self) -> int:
        """Requests without an answer yet."""
        return len(self._requests)

    @property
    def open(self) -> bool:
        """Whether requests can be sent."""
        return bool(self.connected())

    def close(self, reason: CloseReason | None = None, exc: BaseException | None = None) -> "asyncio.Future[None]":
        """Close, and remember why."""
        if self.closed_by is None:
            self.closed_by = exc or (TimeoutError() if reason == CloseReason.CONNECTION_TIMEOUT else None)
        self.gone = True
        closed = super().close(reason, exc)
        # a transport that is closed politely waits for its peer: 30 s in TLS, for ever with bytes to write
        if self._abort is not None:
            self._abort()
        return closed  # type: ignore[no-any-return] # aiokafka ships no types

    def tell(self, on_close: Callable[[AIOKafkaConnection, CloseReason], None]) -> None:
        """Say whom to tell when it is closed."""
        self._on_close_cb: Callable[[AIOKafkaConnection, CloseReason], None] | None = on_close

    def hang_up(self) -> None:
        """Close at once, telling nobody."""
        self._on_close_cb = None
        if self._closed_fut is not None:
            self.close(CloseReason.SHUTDOWN)

    @staticmethod
    async def _read(self_ref: Callable[[], "Wire | None"]) -> None:
        wire = self_ref()
        if wire is None:
            return
        reader = wire._reader  # noqa: SLF001 - our own, behind a weak reference as aiokafka hands it in
        largest = wire._max_answer  # noqa: SLF001 - as above
        del wire
        while True:
            size = int.from_bytes(await reader.readexactly(4), "big", signed=True)
            if not 4 <= size <= largest:
                raise NotKafkaError(size)
            frame = await reader.readexactly(size)
            wire = self_ref()
            if wire is None:
                return
            wire._handle_frame(frame)  # noqa: SLF001 - as above
            del wire


async def let_go(wires: Iterable[Wire]) -> None:
    """Hang up at once; waits for the loop to notice, no longer than a second."""
    closed = []
    for wire in wires:
        wire.hang_up()
        if wire._closed_fut is not None:  # noqa: SLF001 - our own subclass
            closed.append(wire._closed_fut)  # noqa: SLF001
    if closed:
        await asyncio.wait(closed, timeout=1.0)
