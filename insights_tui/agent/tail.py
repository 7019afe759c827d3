"""Live tails: what is accepted, and what is in the topic; one reader for all who follow, none while nobody does."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from functools import partial

from insights_tui.domain.clock import Clock
from insights_tui.domain.connection import Connection
from insights_tui.domain.payload import Draft
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.tail import Ring, Seen, TailAsked, Tailed, tailed
from insights_tui.domain.trouble import Code, Trouble
from insights_tui.kafka.gate import LoginGate
from insights_tui.kafka.tail import Pace, TopicReader
from insights_tui.kafka.verify import KafkaTroubleError

KEPT = 100
"""Accepted payloads kept for whoever looks next, by reference: 2.5 MB of the largest."""
LOGIN_HELD_S = 60.0
"""After a refused login no tail tries another one with the same connection: an account could be locked."""
_FEW = 100
_SLOW_PAUSE_S, _PAUSE_S = 1.0, 0.25
_LOGIN = (Code.AUTH_FAILED, Code.MECHANISM_REFUSED)


class Follower:
    """One who follows: what waits for it, and why there is no more."""

    def __init__(self, per_s: int) -> None:
        self.per_s = max(1, per_s)
        self._ring = Ring(self.per_s)
        self._news = asyncio.Event()
        self._error: RefusedError | None = None

    def add(self, payloads: Iterable[Seen], skipped: int = 0) -> None:
        """Let it have these."""
        self._ring.add(payloads, skipped)
        if not self._news.is_set():
            self._news.set()

    def end(self, error: RefusedError) -> None:
        """Say that nothing more comes."""
        self._error = error
        self._news.set()

    async def rounds(self) -> AsyncGenerator[tuple[list[Seen], int], None]:
        """Give what has come, and how many were left out before it, at its own pace; ends with `RefusedError`."""
        while True:
            await self._news.wait()
            self._news.clear()
            taken, skipped = self._ring.take()
            if taken or skipped:
                yield taken, skipped
                await asyncio.sleep(max(_PAUSE_S, len(taken) / self.per_s))
            elif self._error is not None:
                raise self._error


class AcceptedTail:
    """What is accepted: the last few by reference, more only for those who follow."""

    def __init__(self) -> None:
        self._kept: deque[Draft] = deque(maxlen=KEPT)
        self._followers: set[Follower] = set()

    def add(self, drafts: Sequence[Draft]) -> None:
        """Note what was accepted; in the path of every payload, so as little as can be."""
        self._kept.extend(drafts if len(drafts) <= KEPT else drafts[-KEPT:])
        if self._followers:
            now = int(time.time() * 1000)
            for follower in self._followers:
                some = drafts[-follower.per_s :]
                follower.add((_seen(draft, now) for draft in some), len(drafts) - len(some))

    def newest(self, count: int) -> list[Seen]:
        """Give the last ones, oldest first."""
        kept = list(self._kept)[-count:] if count else []
        return [_seen(draft, None) for draft in kept]

    async def follow(self, asked: TailAsked) -> AsyncGenerator[tuple[list[Seen], int], None]:
        """Follow, the last ones first."""
        follower = Follower(asked.per_s)
        self._followers.add(follower)
        try:
            yield self.newest(asked.count), 0
            async for each in follower.rounds():
                yield each
        finally:
            self._followers.discard(follower)


class TopicTail:
    """What is in the topic; one reader for all followers, with the connection that is in use."""

    def __init__(self, connection: Callable[[], Connection | None], clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._followers: set[Follower] = set()
        self._reading: asyncio.Task[None] | None = None
        self._reader: TopicReader | None = None
        self._placed = asyncio.Event()
        """Set once the reader knows where it begins."""
        self._gate: tuple[Connection, LoginGate] | None = None
        self._held: tuple[Connection, Trouble, float] | None = None

    @property
    def reading(self) -> bool:
        """Whether the reader for followers runs."""
        return self._reading is not None

    async def newest(self, count: int) -> list[Seen]:
        """Give the newest payloads, oldest first; raises `RefusedError`."""
        return (await self._newest(count))[0]

    async def follow(self, asked: TailAsked) -> AsyncGenerator[tuple[list[Seen], int], None]:
        """Follow, the newest that are there first; raises `RefusedError`, later too."""
        follower = Follower(asked.per_s)
        self._followers.add(follower)
        try:
            # The reader takes its place first; what it brings of what `newest` told is left out: no gap, none twice.
            await self._place()
            before, ends = await self._newest(asked.count)
            yield before, 0
            async for some, skipped in follower.rounds():
                new = [seen for seen in some if (seen.offset or 0) >= ends.get(seen.partition or 0, 0)]
                if new or skipped:
                    yield new, skipped
        finally:
            self._followers.discard(follower)
            if not self._followers:
                await self.stop()

    async def stop(self) -> None:
        """End the reader."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _place(self) -> None:
        """Begin to read where nobody does yet; return when it knows where it begins, or has failed."""
        if self._reading is None:
            self._placed.clear()
            self._reading = asyncio.create_task(self._read(), name="topic-tail")
        await self._placed.wait()

    async def _read(self) -> None:
        """Read for all followers until there are none; a changed connection is taken over."""
        try:
            while True:
                connection = self._usable()
                try:
                    await self._read_with(connection)
                except _ChangedError:
                    continue
        except (KafkaTroubleError, RefusedError) as error:
            refusal = error if isinstance(error, RefusedError) else self._refusal(error.trouble)
            self._reading = None  # whoever comes next begins anew
            for follower in self._followers:
                follower.end(refusal)
        finally:
            self._placed.set()

    async def _read_with(self, connection: Connection) -> None:
        reader = await self._open(connection)
        try:
            _, ends = await reader.newest(0)
            self._reader = reader
            self._placed.set()
            await reader.follow(ends, self._emit, partial(self._pace, connection))
        finally:
            self._reader = None
            await reader.close()

    def _emit(self, payloads: Sequence[Seen], skipped: int) -> None:
        for follower in self._followers:
            follower.add(payloads, skipped)

    def _pace(self, connection: Connection) -> Pace:
        if self._connection() is not connection:
            raise _ChangedError
        wanted = max((follower.per_s for follower in self._followers), default=1)
        pause = _SLOW_PAUSE_S if wanted <= _FEW else _PAUSE_S
        return Pace(max(1, int(wanted * pause)), pause)

    def _usable(self) -> Connection:
        connection = self._connection()
        if connection is None:
            error = FieldError("not_connected", "There is no Kafka connection.", "Connect to Kafka first.")
            raise RefusedError((error,), status=409)
        if self._held is not None:
            held, trouble, until = self._held
            if held is connection and self._clock.boot() < until:
                raise self._refusal(trouble)
        return connection

    async def _open(self, connection: Connection) -> TopicReader:
        if self._gate is None or self._gate[0] is not connection:
            gate = LoginGate(asyncio.get_running_loop().time, base_s=2.0, cap_s=LOGIN_HELD_S)
            self._gate = (connection, gate)
        reader = TopicReader(connection, clock=self._clock, gate=self._gate[1])
        try:
            await reader.open()
        except KafkaTroubleError as error:
            await reader.close()
            if error.trouble.code in _LOGIN:
                self._held = (connection, error.trouble, self._clock.boot() + LOGIN_HELD_S)
            raise
        except BaseException:
            await reader.close()
            raise
        return reader

    async def _newest(self, count: int) -> tuple[list[Seen], dict[int, int]]:
        try:
            if self._reader is not None:
                return await self._reader.newest(count)
            reader = await self._open(self._usable())
            try:
                return await reader.newest(count)
            finally:
                await reader.close()
        except KafkaTroubleError as error:
            raise self._refusal(error.trouble) from error

    @staticmethod
    def _refusal(trouble: Trouble) -> RefusedError:
        status = 403 if trouble.code is Code.NOT_AUTHORIZED else 502
        return RefusedError((FieldError(trouble.code.value, trouble.what, trouble.act),), status=status)


class Tails:
    """Both tails, as the control calls ask for them."""

    def __init__(self, connection: Callable[[], Connection | None], clock: Clock) -> None:
        self.accepted = AcceptedTail()
        self.topic = TopicTail(connection, clock)

    async def tail(self, asked: TailAsked) -> AsyncGenerator[list[Tailed], None]:
        """Give payloads as they come, in groups of which the first may be empty: it says that the tail has begun.

        Raises `RefusedError`, before the first group or later.
        """
        if asked.follow:
            rounds = (self.accepted if asked.source == "accepted" else self.topic).follow(asked)
            left_out, begun = 0, False
            try:
                async for payloads, skipped in rounds:
                    left_out += skipped
                    if payloads or not begun:
                        begun = True
                        yield _told(payloads, left_out, values=asked.values)
                        left_out = 0
            finally:
                await rounds.aclose()
            return
        newest = self.accepted.newest(asked.count) if asked.source == "accepted" else None
        yield _told(await self.topic.newest(asked.count) if newest is None else newest, 0, values=asked.values)


class _ChangedError(Exception):
    """The connection was edited or deleted under the reader."""


def _told(payloads: Sequence[Seen], skipped: int, *, values: bool) -> list[Tailed]:
    return [tailed(seen, values=values, skipped=0 if index else skipped) for index, seen in enumerate(payloads)]


def _seen(draft: Draft, now_ms: int | None) -> Seen:
    return Seen(_made_ms(draft.id) if now_ms is None else now_ms, draft.id, draft.value, draft.key)


def _made_ms(payload_id: str) -> int:
    """Read the time in a UUIDv7 (RFC 9562 §5.7): its first 48 bits are milliseconds."""
    try:
        return int(payload_id[:8] + payload_id[9:13], 16)
    except ValueError:
        return 0
