"""The one client of the agent's API, over its Unix socket: the interface and the command line both use it."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlencode

import msgspec

from insights_tui.client.ahead import Ahead
from insights_tui.client.bodies import fits_path, form_body, named, path_of, query, tail_query
from insights_tui.client.decode import decode, decode_check, decode_snapshot, refused
from insights_tui.client.no_success import NoSuccessError
from insights_tui.client.protocol import AgentApi, AgentUnavailableError, AlgorithmsApi, LostApi, TailApi
from insights_tui.domain.algorithms import Algorithm, Algorithms, Which
from insights_tui.domain.answers import (
    Accepted,
    Dropped,
    LostPayload,
    PastConnection,
    Receipt,
    Redriven,
    SavedConnection,
)
from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.lost import LostFilter
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.snapshot import Event, Snapshot
from insights_tui.domain.tail import TailAsked, Tailed

if TYPE_CHECKING:
    from insights_tui.client.wire import Wire

SLOW_S = 60.0
"""Seconds for the calls that wait for Kafka: a connection that is checked first, a test payload."""

_MANY_S = 600.0
"""Seconds for an act on all that was lost: a redrive moves about 10,000 payloads a second."""
_PAGE = 1000
_VALUES_PAGE = 200
"""Lost payloads that one call asks for; fewer with their values."""

_CONNECTION = "/v1/admin/insights-connection"
_ALGORITHMS = "/v1/admin/algorithms"
_REVISIONS = "/v1/admin/connection-revisions"
_CHECK = "/v1/admin/connection-check"
READ_ONLY = FieldError(
    "read_only", "Nothing can be changed here: it is read-only.", "Start insights-tui without --read-only."
)
_NOT_FOUND, _BAD_GATEWAY = 404, 502


class AgentClient(AgentApi, LostApi, TailApi, AlgorithmsApi):
    """Speaks to one agent; use it from one event loop and close it.

    Every call raises `AgentUnavailableError` where no agent answers as agreed, and `RefusedError` where it says no.
    """

    def __init__(
        self,
        socket: Path,
        *,
        timeout_s: float = 5.0,
        on_body: Callable[[bytes], None] | None = None,
        read_only: bool = False,
    ) -> None:
        """`timeout_s` bounds each call, in seconds; `read_only` refuses every call that changes something."""
        self.socket = socket
        self._read_only = read_only
        self.on_body = on_body
        """Handed every answer's body as it came (`--json` prints it verbatim)."""
        self._timeout_s = timeout_s
        self._slow_s = max(SLOW_S, timeout_s)
        self._ahead: Ahead | None = None

    @cached_property
    def _wire(self) -> "Wire":
        from insights_tui.client.wire import Wire  # a tenth of a second: a screen asks its first question without it

        return Wire(self.socket)

    def ask_ahead(self, history: int = 0) -> None:
        """Send the next `snapshot(history)` now, before there is a loop: the agent answers while the program loads."""
        self._ahead = Ahead(self.socket, _snapshot_path(history))

    async def snapshot(self, history: int = 0) -> Snapshot:
        """Ask for the state, with up to `history` seconds of history."""
        path, ahead = _snapshot_path(history), self._ahead
        self._ahead = None
        body = await ahead.answer(path) if ahead is not None else None
        if body is None:
            return decode_snapshot(await self._call("GET", path))
        if self.on_body is not None:
            self.on_body(body)
        return decode_snapshot(body)

    async def connection(self) -> SavedConnection | None:
        """Ask for the saved connection; `None` where there is none."""
        status, body = await self._exchange("GET", _CONNECTION)
        if status == _NOT_FOUND:
            return None
        return decode(self._success(status, body), SavedConnection)

    async def connect(
        self, form: ConnectionForm, *, check: Literal["require", "skip"] = "require", over: int | None = None
    ) -> SavedConnection:
        """Create or replace the connection; raises `RefusedError` with every field that is wrong.

        With `over` it replaces that revision alone (0: none); where another one is in use by now, the error's code is
        `changed_meanwhile`.
        """
        body = form_body(form)
        path = f"{_CONNECTION}?check={check}" + (f"&over={over}" if over is not None else "")
        return decode(await self._call("POST", path, body, timeout_s=self._slow_s), SavedConnection)

    async def disconnect(self) -> None:
        """Delete the connection; what is queued stays."""
        await self._call("DELETE", _CONNECTION)

    async def check(self, form: ConnectionForm | None = None) -> AsyncGenerator[CheckStep | CheckVerdict, None]:
        """Check a connection, or the saved one: the steps as they end, at last the verdict.

        Closing the iterator hangs up, which ends the check.
        """
        body = b"{}" if form is None else form_body(form)
        async with aclosing(self._stream("POST", _CHECK, body, read_s=self._slow_s)) as lines:
            async for line in lines:
                if self.on_body is not None:
                    self.on_body(line)
                item = decode_check(line)
                yield item
                if isinstance(item, CheckVerdict):
                    return
        raise AgentUnavailableError(
            f"The agent at {self.socket} hung up before the check was over.",
            "It may be stopping: look with `insights-tui status`, and check again.",
        )

    async def revisions(self) -> Sequence[PastConnection]:
        """Ask for the connections kept, newest first."""
        return decode(await self._call("GET", _REVISIONS), dict[str, list[PastConnection]]).get("revisions", [])

    async def go_back(self, revision: int, *, check: Literal["require", "skip"] = "require") -> SavedConnection:
        """Make an earlier connection the one in use again, its password with it."""
        path = f"{_REVISIONS}/{revision}?check={check}"
        return decode(await self._call("POST", path, b"{}", timeout_s=self._slow_s), SavedConnection)

    async def test_payload(self) -> Receipt:
        """Send one marked payload and wait until Kafka has it."""
        return decode(await self._call("POST", "/v1/admin/test-payload", b"{}", timeout_s=self._slow_s), Receipt)

    async def send(self, body: bytes, *, ndjson: bool) -> Accepted:
        """Hand in one flat JSON object, or NDJSON; all or nothing."""
        kind = "application/x-ndjson" if ndjson else "application/json"
        return decode(await self._call("POST", "/v1/payloads", body, kind=kind), Accepted)

    async def report(self, body: bytes, *, owner: str, name: str, version: str) -> Accepted:
        """Hand in one report as an algorithm would (`POST /as/…/v1/insights`)."""
        path = "/".join(quote(part, safe="") for part in (owner, name, version))
        return decode(await self._call("POST", f"/as/{path}/v1/insights", body), Accepted)

    async def events(self, after: int = 0) -> Sequence[Event]:
        """Ask for the events after number `after`, oldest first."""
        body = await self._call("GET", f"/v1/events?after={after}")
        return [decode(line, Event) for line in body.split(b"\n") if line.strip()]

    async def follow_events(self, after: int = 0) -> AsyncGenerator[Event, None]:
        """Events as they happen; ends when the agent ends."""
        path = f"/v1/events?after={after}&follow=1"
        async with aclosing(self._stream("GET", path, read_s=None)) as lines:  # hours may pass between two events
            async for line in lines:
                if self.on_body is not None:
                    self.on_body(line)
                yield decode(line, Event)

    async def tail(self, asked: TailAsked) -> AsyncGenerator[Tailed, None]:
        """Payloads of the topic, or as they are accepted; raises `RefusedError` in between too."""
        path = f"/v1/tail?{tail_query(asked)}"
        read_s = None if asked.follow else self._slow_s  # hours may pass between two payloads
        async with aclosing(self._stream("GET", path, read_s=read_s)) as lines:
            async for line in lines:
                if self.on_body is not None:
                    self.on_body(line)
                if line.startswith(b'{"error'):
                    raise refused(_BAD_GATEWAY, line)
                yield decode(line, Tailed)

    async def lost(
        self, which: LostFilter, *, values: bool = False, open_only: bool = True
    ) -> AsyncIterator[LostPayload]:
        """Lost payloads, oldest first, asked for page by page; with their values where asked to."""
        asked = {"limit": str(_VALUES_PAGE if values else _PAGE), **query(which)}
        asked |= {} if which.late_acks else {"late_acks": "0"}
        asked |= {"values": "1"} if values else {}
        asked |= {} if open_only else {"state": "any"}
        after = 0
        while True:
            body = await self._call("GET", f"/v1/lost?{urlencode({**asked, 'after': after})}")
            page = [decode(line, LostPayload) for line in body.split(b"\n") if line.strip()]
            for one in page:
                yield one
            if not page:
                return
            after = page[-1].seq

    async def newest_lost(self, which: LostFilter, *, before: int = 0, limit: int = 100) -> Sequence[LostPayload]:
        """Ask for a page of lost payloads, newest first, without their values."""
        asked = {"order": "newest", "limit": str(limit), "after": str(before), **query(which)}
        asked |= {} if which.late_acks else {"late_acks": "0"}
        body = await self._call("GET", f"/v1/lost?{urlencode(asked)}")
        return [decode(line, LostPayload) for line in body.split(b"\n") if line.strip()]

    async def lost_payload(self, payload_id: str) -> LostPayload | None:
        """Ask for one lost payload with its value; `None` where none has this id."""
        status, body = await self._exchange("GET", f"/v1/lost/{quote(payload_id, safe='')}")
        if status == _NOT_FOUND:
            return None
        return decode(self._success(status, body), LostPayload)

    async def redrive(self, which: LostFilter, *, everything: bool = False) -> Redriven:
        """Have lost payloads accepted again; raises `RefusedError` where it had to stop half-way."""
        body = msgspec.json.encode({**query(which), "all": everything})
        return decode(await self._call("POST", "/v1/lost/redrive", body, timeout_s=_MANY_S), Redriven)

    async def drop(self, which: LostFilter, *, everything: bool = False) -> Dropped:
        """Delete lost payloads; `everything` is needed where the filter takes all."""
        asked = urlencode({**query(which), **({"all": "true"} if everything else {})})
        return decode(await self._call("DELETE", f"/v1/lost?{asked}", timeout_s=_MANY_S), Dropped)

    async def algorithms(self, *, metrics: bool = False, limit: int = 1000) -> Algorithms:
        """Ask for the algorithms known, the one that reported last first; with their metrics where asked to."""
        return decode(await self._call("GET", f"{_ALGORITHMS}?metrics={int(metrics)}&limit={limit}"), Algorithms)

    async def algorithm(self, which: Which) -> Algorithm | None:
        """Ask for one version with its metrics; `None` where it is not known."""
        path = f"/{path_of(which)}" if fits_path(which) else f"?{urlencode(named(which))}"
        status, body = await self._exchange("GET", f"{_ALGORITHMS}{path}")
        if status == _NOT_FOUND:
            return None
        return decode(self._success(status, body), Algorithm)

    async def switch(self, which: Which, *, on: bool | None) -> Algorithms:
        """Turn Insights on or off for a version or a whole algorithm; `None` takes it back."""
        fits = fits_path(which)
        body = msgspec.json.encode({"insights_enabled": on, **({} if fits else named(which))})
        path = f"/{path_of(which)}" if fits else ""
        return decode(await self._call("PUT", f"{_ALGORITHMS}{path}", body), Algorithms)

    async def close(self) -> None:
        """Let go of the sockets."""
        if self._ahead is not None:
            self._ahead.close()
        if "_wire" in self.__dict__:
            await self._wire.close()

    async def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        kind: str = "application/json",
        timeout_s: float | None = None,
    ) -> bytes:
        return self._success(*await self._exchange(method, path, body, kind=kind, timeout_s=timeout_s))

    async def _exchange(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        kind: str = "application/json",
        timeout_s: float | None = None,
    ) -> tuple[int, bytes]:
        self._check_changes_nothing(method, path)
        seconds = timeout_s if timeout_s is not None else self._timeout_s
        status, said = await self._wire.exchange(method, path, body, kind=kind, timeout_s=seconds)
        if self.on_body is not None:
            self.on_body(said)
        return status, said

    async def _stream(
        self, method: str, path: str, body: bytes | None = None, *, read_s: float | None
    ) -> AsyncGenerator[bytes, None]:
        """Give the lines of an answer as they come; `read_s` bounds the wait for the next piece, `None` not at all."""
        self._check_changes_nothing(method, path)
        try:
            async with aclosing(
                self._wire.lines(method, path, body, timeout_s=self._timeout_s, read_s=read_s)
            ) as lines:
                async for line in lines:
                    yield line
        except NoSuccessError as error:
            if self.on_body is not None:
                self.on_body(error.body)
            raise refused(error.status, error.body) from None

    def _check_changes_nothing(self, method: str, path: str) -> None:
        if self._read_only and method != "GET" and path != _CHECK:
            raise RefusedError((READ_ONLY,), status=403)

    @staticmethod
    def _success(status: int, body: bytes) -> bytes:
        if not 200 <= status < 300:
            raise refused(status, body)
        return body


def _snapshot_path(history: int) -> str:
    return f"/v1/snapshot?history={history}" if history else "/v1/snapshot"
