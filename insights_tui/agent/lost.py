"""Dead letters as people deal with them: listed, sent again, dropped; each act with its actor and its count."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from insights_tui.agent.not_taken import NOT_TAKEN, not_taken
from insights_tui.delivery.engine import Engine
from insights_tui.domain.answers import Dropped, LostPayload, Redriven
from insights_tui.domain.lost import LostFilter
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.text import counted
from insights_tui.spool.base import DeadLetter, Selection

CHUNK = 1000
"""Payloads redriven at a time: other work gets its turn between two."""
_EPOCH = datetime.fromtimestamp(0, UTC)


class LostLetters:
    """Lists, redrives and drops through the engine, whose ledger counts all of it."""

    def __init__(self, engine: Engine, note: Callable[[Occurrence], None]) -> None:
        self._engine = engine
        self._note = note

    async def page(
        self, which: LostFilter, *, after: int, limit: int, values: bool, open_only: bool, newest_first: bool = False
    ) -> Sequence[LostPayload]:
        """List a page of them, in order of `seq` or the newest first."""
        selection = replace(_selection(which), newest_first=newest_first)
        letters = await self._engine.lost(selection, after_seq=after, limit=limit, open_only=open_only)
        return [_shown(letter, value=values) for letter in letters]

    async def one(self, payload_id: str) -> LostPayload | None:
        """Tell one with its value, the latest where it was lost more than once."""
        letters = await self._engine.lost(Selection(ids=frozenset({payload_id})), open_only=False)
        return _shown(letters[-1], value=True) if letters else None

    async def redrive(self, which: LostFilter, *, actor: str) -> Redriven:
        """Accept them again, oldest first; raises `RefusedError` where it had to stop, saying how far it came."""
        selection = _selection(which)
        left = self._engine.status().lost_open  # no more than that: what is lost again meanwhile waits for another act
        done = 0
        try:
            while left > done and (moved := await self._engine.redrive(selection, limit=min(CHUNK, left - done))):
                done += moved
                await asyncio.sleep(0)
        except NOT_TAKEN as error:
            raise not_taken(
                error, f"{counted(done, 'payload')} redriven, then" if done else "Nothing redriven:"
            ) from None
        finally:
            self._tell("redriven", done, which, actor)
        return Redriven(done, self._engine.status().lost_open)

    async def drop(self, which: LostFilter, *, actor: str) -> Dropped:
        """Delete them; that they were lost stays counted."""
        dropped = await self._engine.drop(_selection(which))
        self._tell("dropped", dropped, which, actor)
        return Dropped(dropped, self._engine.status().lost_open)

    def _tell(self, act: str, count: int, which: LostFilter, actor: str) -> None:
        text = f"{counted(count, 'lost payload')} {act} (asked for: {which.words})."
        self._note(Occurrence("info", f"lost_{act}", "lost payloads", text, actor=actor))


def _selection(which: LostFilter) -> Selection:
    return Selection(
        outcomes=which.reasons,
        since_ms=_milliseconds(which.since),
        until_ms=_milliseconds(which.until),
        ids=which.ids,
        late_acks=which.late_acks,
        text=which.text,
    )


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else -((_EPOCH - at) // timedelta(milliseconds=1))  # rounded up: ends are in whole ones


def _shown(letter: DeadLetter, *, value: bool) -> LostPayload:
    payload = letter.payload
    return LostPayload(
        seq=payload.seq,
        id=payload.id,
        reason=letter.outcome,
        why=letter.reason,
        accepted_at=_utc(payload.accepted_ms) if payload.accepted_ms else None,
        lost_at=_utc(letter.ended_ms),
        value_bytes=len(payload.value),
        late_ack=letter.late_ack,
        state=letter.state,
        value=payload.value.decode("utf-8", "replace") if value and payload.value else None,
    )


def _utc(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)
