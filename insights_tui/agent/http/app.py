"""The raw ASGI callable: guards every path, serves ingest itself, and passes the rest on to Starlette."""

import asyncio
import logging
from typing import NamedTuple
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from insights_tui.agent.http.answers import encode, error_body, send_json
from insights_tui.agent.http.body import ClientGoneError, TooLargeError, content_type, read_body, recode
from insights_tui.agent.http.gate import Gate, ShutError
from insights_tui.agent.http.limits import Limits
from insights_tui.agent.http.routes import Kind, Route, route
from insights_tui.agent.http.runs import Runs
from insights_tui.agent.ingest import Intake, NotAcceptedError, Taken
from insights_tui.domain.connection import Secret
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.refused import FieldError

log = logging.getLogger("insights_tui.agent.http")

_ROUTES_KEPT = 2048
_PATH_KEPT = 512
_UNAUTHORIZED = 401
_CLOSE = ((b"connection", b"close"),)
_OK = b'{"response":"ok","accepted":1,"id":"%b","dropped":[]}'
_DISABLED = b'{"response":"ok","accepted":0,"dropped":[],"disabled":1}'
_WITHOUT_BODY = {"GET", "HEAD", "OPTIONS"}
_RUNS = {Kind.BEGIN, Kind.RUN, Kind.FINISH}
_INGEST = {Kind.REPORT, Kind.PAYLOADS, *_RUNS}
NOT_PLATFORM = FieldError(
    "not_found",
    "This is the Insights agent, not the platform API: it has no such call.",
    "Reports go to POST /v1/insights; send other calls to the platform's own address.",
)
_NO_RUNS = FieldError(
    "not_found", "This agent keeps no executions.", "Report to /v1/insights or /as/OWNER/NAME/VERSION/v1/insights."
)
INTERNAL = FieldError("internal", "The agent failed to answer.", "Look at the agent's log.")
_STOPPING = FieldError("stopping", "The agent is stopping: it may still have accepted this.", "Ask again once it runs.")
_UNREADABLE = FieldError("invalid", "A request to ingest could not be read.", "Look at what the sender sends.")


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


class InsightsApp:
    """One listener's application."""

    def __init__(
        self,
        *,
        intake: Intake,
        gate: Gate,
        limits: Limits,
        inner: ASGIApp,
        runs: Runs | None = None,
        url: str | None = None,
        shared_token: Secret | None = None,
    ) -> None:
        """`url` and `shared_token` are what an execution begun on the Unix socket is told to report with."""
        self._runs, self._url, self._shared_token = runs, url, shared_token
        self._intake = intake
        self._gate = gate
        self._limits = limits
        self._inner = inner
        self._routes: dict[bytes, Route] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; raises nothing but its own cancellation."""
        if scope["type"] != "http":
            return
        raw_path: bytes = scope["raw_path"]
        found = self._routes.get(raw_path) or self._read(raw_path)
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            if headers.get(b"host") not in self._gate.known or len(headers) != len(scope["headers"]):
                self._gate.check_host([value for name, value in scope["headers"] if name == b"host"])
            if found.kind is Kind.REPORT or found.kind is Kind.PAYLOADS or found.kind in _RUNS:
                answer = await self._ingest(found, scope["method"], headers, receive)
            elif (refusal := self._refusal(found, scope["method"], headers)) is not None:
                answer = refusal
            else:
                await self._pass_on(found, scope, receive, send)
                return
        except ShutError as shut:
            answer = self._shut(found, scope["method"], shut)
        except ClientGoneError:
            self._count(scope["method"])
            return
        except asyncio.CancelledError:
            await send_json(send, 503, error_body((_STOPPING,)), _CLOSE)
            raise
        except Exception:
            log.exception("A request to %s failed", found.kind.value)
            answer = Answer(500, error_body((INTERNAL,)))
        await send_json(send, *answer)

    def _read(self, raw_path: bytes) -> Route:
        found = route(raw_path)
        if len(raw_path) <= _PATH_KEPT and not found.request_id:  # that of an execution comes once or twice
            if len(self._routes) >= _ROUTES_KEPT:
                self._routes.clear()
            self._routes[raw_path] = found
        return found

    async def _ingest(self, found: Route, method: str, headers: dict[bytes, bytes], receive: Receive) -> Answer:
        gate, limits, intake = self._gate, self._limits, self._intake
        if gate.ingest_token is not None:
            gate.check_ingest(found.token)
        kind = content_type(headers.get(b"content-type", b""))
        batch = kind.name == "ndjson" and found.kind is Kind.PAYLOADS
        if method != "POST" or (kind.name != "json" and not batch):
            self._count(method)
            wrong = Answer(415, error_body((_not_json(found.kind),)))
            return _method_not_allowed("POST") if method != "POST" else wrong
        limit = limits.max_batch_bytes if batch else limits.max_body_bytes
        try:
            body = await read_body(receive, headers, limit, limits.max_batch_bytes)
            if kind.charset is not None:
                body = recode(body, kind.charset)
            if found.kind is Kind.REPORT:
                taken = await intake.report(body, found.names)
            elif found.kind is not Kind.PAYLOADS:
                return await self._run(found, headers, body)
            elif batch:
                return _batch(await intake.payloads(body, found.names))
            else:
                taken = await intake.payload(body, found.names)
        except TooLargeError as large:
            intake.refuse((large.error,), status=413, reason=Refusal.TOO_LARGE)
            return Answer(413, error_body((large.error,)), () if large.whole else _CLOSE)
        except NotAcceptedError as refused:
            wait = refused.retry_after_s
            retry = () if wait is None else ((b"retry-after", b"%d" % wait),)
            return Answer(refused.status, error_body(refused.errors), retry)
        return _one(taken)

    async def _run(self, found: Route, headers: dict[bytes, bytes], body: bytes) -> Answer:
        """Carry out a call about executions; raises `NotAcceptedError`."""
        if self._runs is None:
            self._count("POST")
            return Answer(404, error_body((_NO_RUNS,)))
        base = self._base(headers.get(b"host", b""), found.token) if found.kind is Kind.BEGIN else None
        status, said = await self._runs.answer(found, body, base)
        return Answer(status, said)

    def _base(self, host: bytes, token: bytes | None) -> str | None:
        """Tell where whoever begins an execution reaches the agent; on the Unix socket, where everybody does."""
        base = f"http://{host.decode('ascii', 'replace')}" if self._gate.public else self._url
        if base is None:
            return None
        secret = self._gate.ingest_token if self._gate.public else self._shared_token
        given = token.decode("ascii", "replace") if token is not None else secret.reveal() if secret is not None else ""
        return f"{base}/t/{quote(given, safe='')}" if secret is not None else base

    def _refusal(self, found: Route, method: str, headers: dict[bytes, bytes]) -> Answer | None:
        """Tell why a call beside ingest is not passed on; `None` where it is."""
        if found.kind is Kind.OPEN:
            return None if method in {"GET", "HEAD"} else _method_not_allowed("GET, HEAD")
        if found.kind is Kind.CONTROL:
            self._gate.check_control(headers.get(b"authorization"))
            if method in {"POST", "PUT"} and content_type(headers.get(b"content-type", b"")).name != "json":
                return Answer(415, error_body((_not_json(found.kind),)))
            return None
        if found.why:
            self._count(method)
            return Answer(
                404, error_body((FieldError("not_found", found.why, "Call /as/OWNER/NAME/VERSION/v1/insights."),))
            )
        return Answer(404, error_body((NOT_PLATFORM,)))

    async def _pass_on(self, found: Route, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._inner({**scope, "path": found.path, "raw_path": found.path.encode()}, receive, watched)
        except asyncio.CancelledError:
            if started:
                return  # the server stops; a stream that is cut off says so by its missing end
            raise
        except ClientGoneError:
            return
        except Exception:
            log.exception("A control call failed")
            if not started:
                await send_json(send, 500, error_body((INTERNAL,)))

    def _shut(self, found: Route, method: str, shut: ShutError) -> Answer:
        if found.kind in _INGEST and method not in _WITHOUT_BODY:
            reason = Refusal.UNAUTHORIZED if shut.status == _UNAUTHORIZED else Refusal.INVALID
            self._intake.refuse((shut.error,), status=shut.status, reason=reason)
        ask = ((b"www-authenticate", b"Bearer"),) if shut.status == _UNAUTHORIZED else ()
        return Answer(shut.status, error_body((shut.error,)), ask)

    def _count(self, method: str) -> None:
        """Count a request to ingest that brought no readable payload; a mere look is none."""
        if method not in _WITHOUT_BODY:
            self._intake.refuse((_UNREADABLE,), status=400, reason=Refusal.INVALID)


def _one(taken: Taken) -> Answer:
    if taken.disabled:
        return Answer(200, _DISABLED)
    if not taken.dropped and not taken.replaced:
        return Answer(200, _OK % taken.ids[0].encode())
    return Answer(200, encode({"response": "ok", "accepted": 1, "id": taken.ids[0]} | _drops(taken)))


def _batch(taken: Taken) -> Answer:
    return Answer(200, encode({"response": "ok", "accepted": len(taken.ids), "ids": taken.ids} | _drops(taken)))


def _drops(taken: Taken) -> dict[str, object]:
    said: dict[str, object] = {"dropped": taken.dropped, "dropped_count": taken.dropped_count}
    if taken.replaced:
        said["replaced"] = taken.replaced
    if taken.disabled:
        said["disabled"] = taken.disabled
    return said


def _method_not_allowed(allow: str) -> Answer:
    error = FieldError("method_not_allowed", "This path does not know that method.", f"Use {allow}.")
    return Answer(405, error_body((error,)), ((b"allow", allow.encode()),))


def _not_json(kind: Kind) -> FieldError:
    also = " or application/x-ndjson" if kind is Kind.PAYLOADS else ""
    return FieldError(
        "not_json_type",
        "The Content-Type is not JSON in a character set that is understood.",
        f"Send Content-Type: application/json{also}, in UTF-8.",
    )
