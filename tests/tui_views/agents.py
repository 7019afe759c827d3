"""An agent from memory that knows lost payloads and a tail, realistic and hostile ones."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

from insights_tui.domain.algorithms import Algorithm, Algorithms, SeenMetric, Which
from insights_tui.domain.answers import Dropped, LostPayload, Redriven
from insights_tui.domain.lost import LostFilter, for_redrive
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.snapshot import Counts, Snapshot
from insights_tui.domain.tail import TailAsked, Tailed
from tests.tui.fake_agent import FakeAgent
from tests.tui.samples import HOSTILE, LOST, NOW

VALUE = (
    '{"risk_score":0.2,"approved":1,"duration_milliseconds":8,"algorithm_owner":"asli",'
    '"algorithm_name":"credit_card_approval","algorithm_version":"1.0.6","time":"2026-11-22T12:00:31.867231",'
    '"session_id":"rses-f28bb94a-5556-4aeb-a6d2-89493626bf4f","request_id":"req-9f5345b4-a1cd-431c-a43a-bd2a06f4a6f4"}'
)
_WHY = {
    Outcome.EXPIRED_UNSENT: "kafka-2:9093 cannot be reached: TCP connect timed out after 5 s.",
    Outcome.EXPIRED_UNKNOWN: "kafka-2:9093 took a request and did not answer in time.",
    Outcome.REJECTED: "kafka-1:9093 refuses a payload as too large for the topic insights (MESSAGE_TOO_LARGE).",
    Outcome.DAMAGED: "Its row cannot be read: the checksum differs.",
}
_REASONS = (Outcome.EXPIRED_UNSENT,) * 8 + (Outcome.EXPIRED_UNKNOWN, Outcome.REJECTED)
MEGABYTE = "x\x1b[31m" * 200_000


def lost_payload(seq: int, **changes: object) -> LostPayload:
    reason = _REASONS[seq % len(_REASONS)]
    lost_at = NOW - timedelta(minutes=1, seconds=200_000 // max(1, seq))
    made = LostPayload(
        seq=seq,
        id=f"0193548e-3b00-7{seq % 0xFFF:03x}-8a3f-{seq * 2654435761 % 2**48:012x}",
        reason=reason,
        why=_WHY[reason],
        accepted_at=lost_at - timedelta(seconds=0.8 if reason is Outcome.REJECTED else 240),
        lost_at=lost_at,
        value_bytes=len(VALUE) + seq % 40,
        late_ack=seq % 37 == 0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # any field


def hostile_payload(seq: int) -> LostPayload:
    return lost_payload(seq, id=HOSTILE if seq % 2 else MEGABYTE, why=MEGABYTE if seq % 3 else HOSTILE)


def tailed(number: int, **changes: object) -> Tailed:
    made = Tailed(
        timestamp=NOW + timedelta(seconds=number // 4),
        id=f"0193548e-3b00-7{number % 0xFFF:03x}-8a3f-{number * 2654435761 % 2**48:012x}",
        size=214 + number % 90,
        algorithm=("asli/credit_card_approval/1.0.6", "acme/fraud/2.1.0", "acme/cats_in_image/0.3.1")[number % 3],
        value=VALUE,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # any field


def snapshot_of(lost: Sequence[LostPayload], base: Snapshot = LOST) -> Snapshot:
    counts = Counts(accepted=1_190_775 + len(lost), delivered=1_190_775, expired_unsent=len(lost))
    return replace(base, lost_open=len(lost), counts=counts)


class ViewsAgent(FakeAgent):
    """Keeps lost payloads and hands out a tail; what it was asked is kept."""

    def __init__(self, snapshot: Snapshot, lost: Sequence[LostPayload] = ()) -> None:
        super().__init__(snapshot)
        self.kept = list(lost)
        self.pages: list[tuple[LostFilter, int]] = []
        self.acts: list[tuple[str, LostFilter, bool]] = []
        self.values: dict[str, str | None] = {}
        self.before: list[Tailed] = []
        self.tails: list[TailAsked] = []
        self.following = 0
        self.flow: asyncio.Queue[Tailed | Exception | None] = asyncio.Queue()

    def _found(self, which: LostFilter, *, open_only: bool = True) -> list[LostPayload]:
        return [
            one
            for one in self.kept
            if (not which.reasons or one.reason in which.reasons)
            and (not which.ids or one.id in which.ids)
            and (which.since is None or one.lost_at >= which.since)
            and which.text in one.id
            and (which.late_acks or not one.late_ack)
        ]

    async def newest_lost(self, which: LostFilter, *, before: int = 0, limit: int = 100) -> Sequence[LostPayload]:
        self.pages.append((which, before))
        if self.refusal is not None:
            raise self.refusal
        newest = sorted(self._found(which), key=lambda one: -one.seq)
        return [one for one in newest if not before or one.seq < before][:limit]

    async def lost(
        self, which: LostFilter, *, values: bool = False, open_only: bool = True
    ) -> AsyncIterator[LostPayload]:
        for one in self._found(which):
            await asyncio.sleep(0)
            yield replace(one, value=VALUE) if values else one

    async def lost_payload(self, payload_id: str) -> LostPayload | None:
        found = next((one for one in self.kept if one.id == payload_id), None)
        return None if found is None else replace(found, value=self.values.get(payload_id, VALUE))

    async def redrive(self, which: LostFilter, *, everything: bool = False) -> Redriven:
        self.acts.append(("redrive", which, everything))
        done = self._take(for_redrive(which, everything=everything))
        return Redriven(done, len(self.kept))

    async def drop(self, which: LostFilter, *, everything: bool = False) -> Dropped:
        self.acts.append(("drop", which, everything))
        return Dropped(self._take(which), len(self.kept))

    def _take(self, which: LostFilter) -> int:
        gone = {one.seq for one in self._found(which)}
        self.kept = [one for one in self.kept if one.seq not in gone]
        self.now = replace(self.now, lost_open=len(self.kept))
        return len(gone)

    async def tail(self, asked: TailAsked) -> AsyncGenerator[Tailed, None]:
        self.tails.append(asked)
        self.following += 1
        try:
            for one in self.before[-asked.count :]:
                yield one
            while True:
                item = await self.flow.get()
                if item is None:
                    return
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self.following -= 1


def an_algorithm(name: str, version: str, **changes: object) -> Algorithm:
    made = Algorithm(
        owner="acme",
        name=name,
        version=version,
        insights_enabled=True,
        decided_by="default",
        payloads=1_204_331,
        rate_per_s=410.0,
        first_at=NOW - timedelta(days=3),
        last_at=NOW,
        metric_count=2,
        payload='{"risk_score":0.2,"request_id":"req-1"}',
        payload_bytes=39,
        payload_at=NOW,
        metrics=(
            SeenMetric("risk_score", "number", 0.2, 0.01, 0.99, 1_204_331, NOW),
            SeenMetric("approved", "boolean", None, None, None, 12, NOW, stopped=True),
        ),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # any field


ALGORITHMS = (
    an_algorithm("fraud", "2.1.0"),
    an_algorithm("fraud", "2.0.4", insights_enabled=False, decided_by="version", disabled=4_100, rate_per_s=12.0),
    an_algorithm(
        "cats_in_image",
        "0.3.1",
        payloads=12,
        rate_per_s=0.0,
        last_at=NOW - timedelta(days=2),
        payload_at=NOW - timedelta(days=2),
        metric_count=1,
        metrics=(SeenMetric("cats", "number", 2.0, 0.0, 4.0, 12, NOW - timedelta(days=2)),),
    ),
    an_algorithm("credit_card_approval", "1.0.6", decided_by="algorithm", rate_per_s=4.1),
    an_algorithm(
        "never_seen",
        "0.0.1",
        payloads=0,
        rate_per_s=0.0,
        first_at=None,
        last_at=None,
        metric_count=0,
        payload=None,
        payload_bytes=0,
        payload_at=None,
    ),
)


class AlgorithmsAgent(ViewsAgent):
    """Knows algorithms; switches are kept."""

    def __init__(self, snapshot: Snapshot, known: Sequence[Algorithm] = ALGORITHMS) -> None:
        super().__init__(snapshot)
        self.known = list(known)
        self.asked_for = 0
        self.switched: list[tuple[Which, bool | None]] = []

    async def algorithms(self, *, metrics: bool = False, limit: int = 1000) -> Algorithms:
        self.asked_for += 1
        if self.refusal is not None:
            raise self.refusal
        return Algorithms(
            True, tuple(replace(one, metrics=(), payload=None) for one in self.known), total=len(self.known)
        )

    async def algorithm(self, which: Which) -> Algorithm | None:
        return next((one for one in self.known if Which(one.owner, one.name, one.version) == which), None)

    async def switch(self, which: Which, *, on: bool | None) -> Algorithms:
        if self.refusal is not None:
            raise self.refusal
        self.switched.append((which, on))
        self.known = [
            replace(one, insights_enabled=bool(on))
            if (one.owner, one.name) == which[:2] and which.version in (None, one.version)
            else one
            for one in self.known
        ]
        return await self.algorithms()
