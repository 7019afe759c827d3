"""What the interface and the command line ask of an agent; the one client implements it, tests fake it."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Literal, Protocol

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
from insights_tui.domain.snapshot import Event, Snapshot
from insights_tui.domain.tail import TailAsked, Tailed


class AgentUnavailableError(Exception):
    """No agent answers; `hint` says which command or group would help."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class OtherSchemaError(AgentUnavailableError):
    """An agent answers, and what it says cannot be read here: one of the two is older."""


class AgentApi(Protocol):
    """An agent, seen from outside. Every call may raise `AgentUnavailableError` or `RefusedError`."""

    async def snapshot(self, history: int = 0) -> Snapshot:
        """Ask for the state, with up to `history` seconds of history."""
        ...

    async def connection(self) -> SavedConnection | None:
        """Ask for the saved connection; `None` where there is none."""
        ...

    async def connect(
        self, form: ConnectionForm, *, check: Literal["require", "skip"] = "require", over: int | None = None
    ) -> SavedConnection:
        """Create or replace the connection; raises `RefusedError` with every field that is wrong.

        With `over` it replaces that revision alone (0: none); where another one is in use by now, the error's code is
        `changed_meanwhile`.
        """
        ...

    async def disconnect(self) -> None:
        """Delete the connection; what is queued stays."""
        ...

    def check(self, form: ConnectionForm | None = None) -> AsyncIterator[CheckStep | CheckVerdict]:
        """Check a connection, or the saved one: the steps as they end, at last the verdict. Closing it ends it."""
        ...

    async def revisions(self) -> Sequence[PastConnection]:
        """Ask for the connections kept, newest first."""
        ...

    async def go_back(self, revision: int, *, check: Literal["require", "skip"] = "require") -> SavedConnection:
        """Make an earlier connection the one in use again, its password with it."""
        ...

    async def test_payload(self) -> Receipt:
        """Send one marked payload and wait until Kafka has it."""
        ...

    async def send(self, body: bytes, *, ndjson: bool) -> Accepted:
        """Hand in one flat JSON object, or NDJSON; all or nothing."""
        ...

    async def report(self, body: bytes, *, owner: str, name: str, version: str) -> Accepted:
        """Hand in one report as an algorithm would (`POST /as/…/v1/insights`)."""
        ...

    async def events(self, after: int = 0) -> Sequence[Event]:
        """Ask for the events after number `after`, oldest first."""
        ...

    def follow_events(self, after: int = 0) -> AsyncIterator[Event]:
        """Events as they happen."""
        ...

    async def close(self) -> None:
        """Let go of the sockets."""
        ...


class LostApi(Protocol):
    """What can be done about lost payloads. Every call may raise `AgentUnavailableError` or `RefusedError`."""

    def lost(self, which: LostFilter, *, values: bool = False, open_only: bool = True) -> AsyncIterator[LostPayload]:
        """Lost payloads, oldest first; with their values where asked to."""
        ...

    async def newest_lost(self, which: LostFilter, *, before: int = 0, limit: int = 100) -> Sequence[LostPayload]:
        """Ask for a page of them, newest first, without values: those with a `seq` below `before` (0: all)."""
        ...

    async def lost_payload(self, payload_id: str) -> LostPayload | None:
        """Ask for one lost payload with its value; `None` where none has this id."""
        ...

    async def redrive(self, which: LostFilter, *, everything: bool = False) -> Redriven:
        """Have lost payloads accepted again: `domain.lost.for_redrive` says which."""
        ...

    async def drop(self, which: LostFilter, *, everything: bool = False) -> Dropped:
        """Delete lost payloads; `everything` is needed where the filter takes all."""
        ...


class TailApi(Protocol):
    """Payloads as they go by. Every call may raise `AgentUnavailableError` or `RefusedError`."""

    def tail(self, asked: TailAsked) -> AsyncGenerator[Tailed, None]:
        """Payloads of the topic, or as they are accepted; closing it hangs up."""
        ...


class AlgorithmsApi(Protocol):
    """Insights on and off. Every call may raise `AgentUnavailableError` or `RefusedError`."""

    async def algorithms(self, *, metrics: bool = False, limit: int = 1000) -> Algorithms:
        """Ask for the algorithms known, the one that reported last first; with their metrics where asked to."""
        ...

    async def algorithm(self, which: Which) -> Algorithm | None:
        """Ask for one version with its metrics; `None` where it is not known. `which` must name a version."""
        ...

    async def switch(self, which: Which, *, on: bool | None) -> Algorithms:
        """Turn Insights on or off for a version or for all that have no switch of their own; `None` takes it back.

        Gives the algorithm's versions as they are then.
        """
        ...
