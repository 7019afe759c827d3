"""An agent that answers from memory."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.answers import Accepted, PastConnection, Receipt, SavedConnection
from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.snapshot import Event, Snapshot


class FakeAgent:
    """Tells one snapshot until it is given another; `down` makes it unreachable."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.now = snapshot
        self.down: AgentUnavailableError | None = None
        self.refusal: Exception | None = None
        self.moves = False
        """Whether its clock does: news of the same instant become `STALE` where a test takes its time."""
        self.asked: list[int] = []
        self.disconnected = 0
        self.checked: list[CheckStep | CheckVerdict] = []
        """What a check tells."""
        self.past: list[PastConnection] = []
        self.went_back: list[int] = []
        self.tested = 0
        """Test payloads that were asked for."""

    async def snapshot(self, history: int = 0) -> Snapshot:
        self.asked.append(history)
        if self.down is not None:
            raise self.down
        later = timedelta(microseconds=len(self.asked) if self.moves else 0)
        return replace(self.now, as_of=self.now.as_of + later, history=self.now.history[-history:] if history else ())

    async def connection(self) -> SavedConnection | None:
        return None

    async def connect(
        self, form: ConnectionForm, *, check: Literal["require", "skip"] = "require", over: int | None = None
    ) -> SavedConnection:
        raise NotImplementedError

    async def disconnect(self) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.disconnected += 1

    async def check(self, form: ConnectionForm | None = None) -> AsyncIterator[CheckStep | CheckVerdict]:
        if self.refusal is not None:
            raise self.refusal
        for item in self.checked:
            yield item

    async def revisions(self) -> Sequence[PastConnection]:
        return self.past

    async def go_back(self, revision: int, *, check: Literal["require", "skip"] = "require") -> SavedConnection:
        if self.refusal is not None:
            raise self.refusal
        self.went_back.append(revision)
        return SavedConnection("0193", revision + 1, "kafka_sasl_ssl", "kafka-1:9093", "insights")

    async def test_payload(self) -> Receipt:
        if self.refusal is not None:
            raise self.refusal
        self.tested += 1
        return Receipt(id="0193", topic="insights", partition=3, offset=81_223, latency_s=0.012)

    async def send(self, body: bytes, *, ndjson: bool) -> Accepted:
        raise NotImplementedError

    async def report(self, body: bytes, *, owner: str, name: str, version: str) -> Accepted:
        raise NotImplementedError

    async def events(self, after: int = 0) -> Sequence[Event]:
        return self.now.events

    async def follow_events(self, after: int = 0) -> AsyncIterator[Event]:
        for event in self.now.events:
            yield event

    async def close(self) -> None:
        return
