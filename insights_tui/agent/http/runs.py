"""The calls about executions: begin, report, finish."""

from insights_tui.agent.executions.keeper import Executions
from insights_tui.agent.executions.words import Replaced
from insights_tui.agent.http.answers import encode
from insights_tui.agent.http.routes import Kind, Route
from insights_tui.agent.ingest import Intake, shortened
from insights_tui.domain.execution import read_begin, read_finish
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.report import BadReportError, Names, decode, read_report

_TAKEN = b'{"response":"ok","accepted":1,"request_id":"%b","dropped":[]}'


class Runs:
    """One listener's calls; raises `NotAcceptedError`."""

    def __init__(self, executions: Executions, intake: Intake, names: Names, replaced: Replaced) -> None:
        self._executions, self._intake, self._names, self._replaced = executions, intake, names, replaced

    async def answer(self, found: Route, body: bytes, base: str | None) -> tuple[int, bytes]:
        """Carry a call out; `base` is the address that the caller reaches the agent at."""
        try:
            if found.kind is Kind.BEGIN:
                return await self._begin(found, body, base)
            if found.kind is Kind.FINISH:
                return await self._finish(found, body)
            return await self._report(found, body)
        except BadReportError as bad:
            status = 413 if bad.reason is Refusal.TOO_LARGE else 400
            raise self._intake.refuse((bad.error,), status=status, reason=bad.reason) from None

    async def _begin(self, found: Route, body: bytes, base: str | None) -> tuple[int, bytes]:
        begin = read_begin(decode(body) if body.strip() else {}, found.names or self._names)
        begun = await self._executions.begin(begin)
        url = None if base is None else f"{base}/run/{begun.request_id}"
        return 201, encode({"request_id": begun.request_id, "session_id": begun.session_id, "base_url": url})

    async def _report(self, found: Route, body: bytes) -> tuple[int, bytes]:
        report = read_report(decode(body))
        merged, names = await self._executions.report(found.request_id, report)
        replaced = tuple(dict.fromkeys((*merged.replaced, *report.replaced)))
        if not self._intake.entry(names).on:
            return 200, encode({"response": "ok", "accepted": 0, "request_id": found.request_id, "dropped": []})
        if not report.dropped and not replaced:
            return 200, _TAKEN % found.request_id.encode()
        named = self._intake.say_dropped(report.dropped, names)
        self._replaced.say(names, replaced)
        said: dict[str, object] = {"response": "ok", "accepted": 1, "request_id": found.request_id}
        said |= {"dropped": named.dropped, "dropped_count": named.dropped_count}
        return 200, encode(said | ({"replaced": shortened(replaced)} if replaced else {}))

    async def _finish(self, found: Route, body: bytes) -> tuple[int, bytes]:
        duration = read_finish(decode(body) if body.strip() else {})
        ended = await self._executions.finish(found.request_id, duration)
        said: dict[str, object] = {"published": ended.published}
        said |= {"id": ended.id} if ended.id is not None else {}
        return 200, encode(said | ({"disabled": True} if ended.disabled else {}))
