"""One connection to one server, made step by step so that the failing step is known.

`AIOKafkaConnection` does the talking (requests, answers, SASL); how it connects, what it reads and how it closes are
ours. `tests/engine/test_pin.py` guards what this leans on.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from typing import Any

from aiokafka.conn import AIOKafkaConnection, AIOKafkaProtocol, CloseReason

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
        self._gate = gate
        self._connect_timeout_s = connect_timeout_s
        self._abort: Callable[[], None] | None = None

    async def connect(self) -> None:
        """Resolve, connect, speak TLS, ask for versions, log in; raises `StageError`, or `LoginHeldError`."""
        if self._sasl_mechanism and self._gate.wait_s > 0:
            raise LoginHeldError
        loop = asyncio.get_running_loop()
        sock = await dial(self.server, self._connect_timeout_s)
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
        stage: Stage = "api"
        try:
            await self._do_version_lookup()
            stage = "sasl"
            if self._sasl_mechanism:
                await self._login()
        except LoginHeldError:
            self.hang_up()
            raise
        except BaseException as error:
            self.hang_up()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise StageError(stage, error) from error

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
        del wire
        while True:
            size = int.from_bytes(await reader.readexactly(4), "big", signed=True)
            if not 4 <= size <= MAX_ANSWER:
                raise NotKafkaError(size)
            frame = await reader.readexactly(size)
            wire = self_ref()
            if wire is None:
                return
            wire._handle_frame(frame)  # noqa: SLF001 - as above
            del wire
