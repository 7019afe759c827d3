"""The check that the agent runs by itself when delivery fails or suffers: people read the cause."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from insights_tui.agent.assess import state_of
from insights_tui.agent.before import Before, as_before
from insights_tui.delivery.status import ActiveTrouble, EngineStatus
from insights_tui.domain.check import CheckVerdict
from insights_tui.domain.connection import Connection, Server
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.snapshot import State
from insights_tui.domain.trouble import Code, Trouble
from insights_tui.kafka.check import explain
from insights_tui.kafka.check.replicas import BEHIND, GONE

LASTS_S = 2.0
"""What is over sooner is not checked."""
DEGRADED_LASTS_S = 8.0
"""The same where delivery goes on: a broker that restarts is no riddle."""
AGAIN_S = 60.0
"""Until the same failure is checked again; doubled each time."""
AGAIN_CAP_S = 960.0
OTHER_S = 15.0
"""Until the next check where delivery fails in another way than it did."""

_CHECKED = {
    State.DEGRADED,
    State.UNREACHABLE,
    State.TLS_FAILED,
    State.AUTH_FAILED,
    State.TOPIC_MISSING,
    State.NOT_AUTHORIZED,
}
_OUT_OF_REACH = {
    Code.KAFKA_UNREACHABLE,
    Code.BROKER_UNREACHABLE,
    Code.NAME_NOT_RESOLVED,
    Code.TLS_FAILED,
    Code.KAFKA_SLOW,
}
_ONE_BROKER = {Code.BROKER_UNREACHABLE, Code.KAFKA_SLOW}
_LOGIN = {Code.AUTH_FAILED, Code.MECHANISM_REFUSED}
_REPLICAS = {Code.NO_LEADER, Code.BROKER_REFUSES}
_FAMILIES = (_OUT_OF_REACH, _LOGIN, {Code.TOPIC_MISSING, Code.NOT_AUTHORIZED}, _REPLICAS)
"""Within one of these the check and the engine speak of the same failure."""


class Explain(Protocol):
    """Checks a connection, for its verdict."""

    def __call__(self, connection: Connection, *, login: bool) -> Awaitable[CheckVerdict]:
        """With `login=False` it stops before logging in."""
        ...


async def by_check(connection: Connection, *, login: bool) -> CheckVerdict:
    """Check from here, now."""
    return await explain(connection, now=datetime.now(UTC), login=login)


class Explaining:
    """Checks a failing connection once, then ever more seldom, and keeps what came of it while the failure lasts."""

    def __init__(self, explain: Explain, note: Callable[[Occurrence], None], now: Callable[[], float]) -> None:
        self._explain, self._note, self._now = explain, note, now
        self._failure: tuple[Connection, State] | None = None
        self._since = 0.0
        self._last_at = float("-inf")
        self._times = 0
        self._verdict: CheckVerdict | None = None
        self._refused: Connection | None = None
        """The connection whose login the check was refused: it is not tried again."""
        self._task: asyncio.Task[None] | None = None
        self._before: Before | None = None
        """What has worked with the connection that is used."""

    def look(self, status: EngineStatus, connection: Connection | None) -> None:
        """Look, once a second, whether it is time for a check; starts it beside everything else."""
        state = state_of(status, connected=connection is not None)
        self._remember(status, connection, state)
        if connection is None or state not in _CHECKED:
            self._failure = self._verdict = None
            return
        now, failure = self._now(), (connection, state)
        if failure != self._failure:
            edited = self._failure is None or self._failure[0] != connection
            self._failure, self._since, self._verdict, self._times = failure, now, None, 0
            if edited and self._refused is not None and self._refused != connection:
                self._refused, self._last_at = None, float("-inf")
        pause = min(AGAIN_CAP_S, AGAIN_S * 2.0 ** (self._times - 1)) if self._times else OTHER_S
        lasts_s = DEGRADED_LASTS_S if state is State.DEGRADED else LASTS_S
        due = now - self._since >= lasts_s and now - self._last_at >= pause
        if due and (self._task is None or self._task.done()):
            self._last_at, self._times = now, self._times + 1
            login = state is not State.AUTH_FAILED and self._refused != connection
            self._task = asyncio.create_task(self._check(connection, failure, login=login), name="explain")

    def told(self, status: EngineStatus) -> EngineStatus:
        """Put the check's sentence where the engine tells of the same failure, and say what worked before."""
        troubles = list(status.troubles)
        verdict = self._verdict
        if verdict is not None and verdict.degraded:
            troubles = [_explained(one, verdict) for one in troubles]
        elif verdict is not None and verdict.verdict != "ok":
            number = next((n for n, one in enumerate(troubles) if _same(one.trouble, verdict)), None)
            if number is not None:
                found = troubles[number]
                act = verdict.fix or found.trouble.act
                trouble = replace(found.trouble, what=verdict.sentence, act=act, about=verdict.about)
                troubles[number] = ActiveTrouble(trouble, found.since)
        if self._before is not None:
            troubles = [as_before(one, self._before) for one in troubles]
        return replace(status, troubles=tuple(troubles)) if tuple(troubles) != status.troubles else status

    async def stop(self) -> None:
        """End a check that is under way."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _remember(self, status: EngineStatus, connection: Connection | None, state: State) -> None:
        if self._before is not None and self._before.connection != connection:
            self._before = None
        if connection is not None and state in (State.CONNECTED, State.DEGRADED):
            reached = {str(Server(one.host, one.port)) for one in status.brokers if one.state == "up"}
            known = self._before.reached if self._before is not None else frozenset()
            if self._before is None or not reached <= known:
                self._before = Before(connection, known | reached)

    async def _check(self, connection: Connection, failure: tuple[Connection, State], *, login: bool) -> None:
        try:
            verdict = await self._explain(connection, login=login)
        except Exception as error:  # noqa: BLE001 - a check that breaks must not break the agent
            said = f"The connection could not be checked ({type(error).__name__})."
            self._note(Occurrence("warning", "connection_check", connection.topic, said, fix="Run insights-tui check."))
            return
        if verdict.code in _LOGIN:
            self._refused = connection
        if failure != self._failure:
            return  # over, or another one, while it was checked
        if not login and not verdict.failed:
            return  # all that was tried works: what the login met, the engine's words tell better
        news = self._verdict is None or self._verdict.sentence != verdict.sentence
        self._verdict = verdict
        if news:
            fine = verdict.verdict == "ok"
            text = f"Checked the connection: {verdict.sentence}"
            self._note(
                Occurrence("info" if fine else "warning", "connection_check", connection.topic, text, fix=verdict.fix)
            )


def _explained(active: ActiveTrouble, verdict: CheckVerdict) -> ActiveTrouble:
    """Take over what the check says of a broker that is missing or behind, where the engine tells of that broker."""
    trouble = active.trouble
    if trouble.code is not Code.BROKER_UNREACHABLE:
        return active
    named = re.compile(rf"\b{re.escape(trouble.subject)}\b", re.IGNORECASE)
    found = next((one for one in verdict.findings if one.code in (GONE, BEHIND) and named.search(one.what)), None)
    if found is None:
        return active
    return replace(active, trouble=replace(trouble, what=found.what, act=found.fix))


def _same(engine: Trouble, verdict: CheckVerdict) -> bool:
    """Tell whether both speak of one failure; a check without a code (two clusters) speaks of all.

    One broker of several is one failure each: the check's sentence must name the one that the engine means.
    """
    check = verdict.code
    family = next((family for family in _FAMILIES if engine.code in family), None)
    if family is None or (check is not None and check not in family):
        return False
    return engine.code not in _ONE_BROKER or engine.subject in verdict.sentence
