"""HTTP over the agent's Unix socket, and what its failures mean in words."""

import contextlib
import importlib
import ssl
from collections.abc import AsyncGenerator
from functools import lru_cache
from pathlib import Path

from insights_tui.client import unavailable
from insights_tui.client.lean_httpx import httpx
from insights_tui.client.no_success import NoSuccessError
from insights_tui.client.protocol import AgentUnavailableError

_IDLE_S = 3.0
"""Seconds an unused connection is kept: less than the five after which the agent closes it, so none is met dying."""
_BASE = "http://localhost"

for _late in ("httpcore", "anyio", "anyio._backends._asyncio"):
    with contextlib.suppress(ImportError):
        importlib.import_module(_late)  # httpx loads these with the first question: here, so that no key waits for it


@lru_cache(maxsize=16)
def _url(path: str) -> httpx.URL:
    """Parse an address once: the same few are asked for each second, and httpx would take a millisecond for each."""
    return httpx.URL(_BASE + path)


class Wire:
    """Asks over one socket, from one event loop.

    Raises `AgentUnavailableError` where no answer comes; what an answer says is the caller's business.
    """

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(
                uds=str(socket),
                limits=httpx.Limits(keepalive_expiry=_IDLE_S),
                # No TLS on this socket. An empty trust store refuses everybody, and spares reading the world's
                # certificate authorities: 50 ms of every start.
                verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            ),
            base_url=_BASE,
            trust_env=False,  # no proxy, no netrc: the other end is a file on this machine
        )

    async def exchange(
        self, method: str, path: str, body: bytes | None, *, kind: str, timeout_s: float
    ) -> tuple[int, bytes]:
        """Ask and give status and body; `timeout_s` bounds each step of it."""
        headers = {"Content-Type": kind} if body is not None else {}
        try:
            answer = await self._http.request(method, _url(path), content=body, headers=headers, timeout=timeout_s)
        except httpx.HTTPError as error:
            raise self._unavailable(error, method, timeout_s) from None
        return answer.status_code, answer.content

    async def lines(
        self, method: str, path: str, body: bytes | None, *, timeout_s: float, read_s: float | None
    ) -> AsyncGenerator[bytes, None]:
        """Give the lines of an answer as they come; raises `NoSuccessError` where it is a refusal.

        `read_s` bounds the wait for the next piece, `None` not at all.
        """
        timeout = httpx.Timeout(timeout_s, read=read_s)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            async with self._http.stream(method, path, content=body, headers=headers, timeout=timeout) as answer:
                if not answer.is_success:
                    raise NoSuccessError(answer.status_code, await answer.aread())
                rest = b""
                async for piece in answer.aiter_bytes():
                    # Lines end with \n alone: httpx's own splitting would also cut at U+2028 within a text.
                    *lines, rest = (rest + piece).split(b"\n")
                    for line in lines:
                        if line.strip():
                            yield line
        except httpx.HTTPError as error:
            raise self._unavailable(error, method, read_s or timeout_s) from None

    async def close(self) -> None:
        """Let go of the sockets."""
        await self._http.aclose()

    def _unavailable(self, error: httpx.HTTPError, method: str, seconds: float) -> AgentUnavailableError:
        doubt = "" if method == "GET" else " It may have carried out what was asked all the same."
        if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
            return unavailable.explain(self._socket, error)
        if isinstance(error, httpx.TimeoutException):
            return AgentUnavailableError(
                f"The agent at {self._socket} did not answer within {seconds:g} s.{doubt}",
                "Look at the agent's log; wait longer with --timeout.",
            )
        if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
            return AgentUnavailableError(
                f"The agent at {self._socket} hung up ({error or type(error).__name__}).{doubt}",
                "It may be stopping: look with `insights-tui status`, and at its log.",
            )
        return unavailable.explain(self._socket, error)
