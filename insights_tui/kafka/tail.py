"""What is in the topic: its newest payloads, and those that come, without a consumer group and without a trace.

It reads with the saved connection. Nothing here creates a topic: the client asks with a request that forbids it.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from insights_tui.domain.clock import Clock
from insights_tui.domain.connection import Connection
from insights_tui.domain.tail import Seen
from insights_tui.domain.trouble import Code, Trouble
from insights_tui.kafka.bootstrap import StartError
from insights_tui.kafka.cause import LoginHeldError
from insights_tui.kafka.classify import of_code, of_request, of_topic
from insights_tui.kafka.client import Client, Times
from insights_tui.kafka.fetch import (
    EARLIEST,
    LATEST,
    Batches,
    Fetched,
    ends_request,
    fetch_request,
    read_ends,
    read_fetch,
)
from insights_tui.kafka.gate import LoginGate
from insights_tui.kafka.verify import KafkaTroubleError, no_answer, unusable

TIMES = Times(request_s=8.0, connect_s=4.0)
READ_BACK = 20_000
"""Records looked at for the newest few: of a topic with many partitions fewer each."""
PATIENCE_S = 20.0
"""Seconds without an answer from any leader after which following ends with the cause."""
WAIT_S = 0.5
"""For which a broker holds a request when there is nothing new."""
_PAUSE_S = 0.5
_REFRESH_S = 30.0
_ROUNDS = 60
_OUT_OF_RANGE, _NOT_AUTHORIZED = 1, 29


class Pace(NamedTuple):
    """How much is wanted: what comes beyond it is skipped and counted."""

    per_round: int
    """Payloads of one partition that one request may bring."""
    pause_s: float
    """Between an answer that brought something and the next request to the same broker."""


Emit = Callable[[Sequence[Seen], int], None]
"""Takes payloads in order of time, and how many were skipped before them."""


class TopicReader:
    """Reads one topic; open it first, close it in the end. Every call raises `KafkaTroubleError`."""

    def __init__(self, connection: Connection, *, clock: Clock, gate: LoginGate, times: Times = TIMES) -> None:
        try:
            self._client = Client(connection, clock=clock, gate=gate, times=times)
        except (ValueError, OSError) as error:  # an SSLError is an OSError
            raise KafkaTroubleError(unusable(connection, error)) from error
        self._connection = connection
        self._topic = connection.topic
        self._times = times
        self._trouble: Trouble | None = None
        self._not_before: dict[int, float] = {}
        self._silent_since: float | None = None
        self._refreshed = 0.0

    async def open(self) -> None:
        """Reach the cluster and see the topic, without creating it."""
        try:
            async with asyncio.timeout(self._times.request_s + self._times.connect_s):
                view = await self._client.bootstrap()
        except StartError as error:
            raise KafkaTroubleError(error.verdict.trouble) from error
        except (TimeoutError, LoginHeldError) as error:
            seconds = self._times.request_s + self._times.connect_s
            raise KafkaTroubleError(no_answer(self._connection, seconds)) from error
        self._refreshed = asyncio.get_running_loop().time()
        self._check_topic(view.topic_error)

    async def close(self) -> None:
        """Let go of every socket."""
        await self._client.shut()

    async def newest(self, count: int) -> tuple[list[Seen], dict[int, int]]:
        """Give the newest payloads, oldest first, and for each partition the offset at which they end."""
        parts = sum(len(each) for each in self._led().values())
        share = min(count, max(1, READ_BACK // max(1, parts)))
        results = await asyncio.gather(
            *(self._newest_of(leader, led, share, count) for leader, led in self._led().items()),
            return_exceptions=True,
        )
        found: list[Seen] = []
        ends: dict[int, int] = {}
        for result in results:
            if isinstance(result, BaseException):
                if not isinstance(result, KafkaTroubleError) or result.trouble.code is Code.NOT_AUTHORIZED:
                    raise result
                self._trouble = result.trouble
                continue
            found += result[0]
            ends |= result[1]
        if results and not ends:
            raise KafkaTroubleError(self._trouble or no_answer(self._connection, self._times.request_s))
        return _newest(found, count), ends

    async def follow(self, positions: dict[int, int], emit: Emit, pace: Callable[[], Pace]) -> None:
        """Emit what comes from these offsets on, for ever; a broker that comes back is read on.

        Partitions without a position are read from their end. Ends with `KafkaTroubleError` where reading is not
        allowed, the topic is gone, or no leader has answered for `PATIENCE_S` seconds.
        """
        loop = asyncio.get_running_loop()
        asking: dict[asyncio.Task[list[Fetched]], int] = {}
        try:
            while True:
                now = loop.time()
                busy = set(asking.values())
                for leader, led in self._led().items():
                    if leader not in busy and self._not_before.get(leader, 0.0) <= now:
                        asking[loop.create_task(self._fetch(leader, led, positions))] = leader
                if now - self._refreshed > (_REFRESH_S if self._led() else 2 * _PAUSE_S):
                    await self._refresh()
                if not asking:
                    await asyncio.sleep(0.1)
                    continue
                done, _ = await asyncio.wait(asking, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    await self._take(asking.pop(task), task, positions, emit, pace())
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    def _led(self) -> dict[int, list[int]]:
        """Group the partitions by the broker that leads them; what nobody leads cannot be read."""
        led: dict[int, list[int]] = {}
        view = self._client.view
        for number, part in (view.partitions if view is not None else {}).items():
            if part.leader is not None:
                led.setdefault(part.leader, []).append(number)
        return led

    def _check_topic(self, code: int) -> None:
        if code:
            raise KafkaTroubleError(of_topic(code, self._client.peer_at(self._connection.servers[0])).trouble)

    async def _ask(self, leader: int, request: object) -> object:
        node = self._client.nodes.get(leader)
        if node is None:
            raise KafkaTroubleError(no_answer(self._connection, 0))
        if not self._client.connected(leader) and not await self._client.connect(node):
            raise KafkaTroubleError(node.trouble or no_answer(self._connection, self._times.connect_s))
        try:
            return await self._client.send(leader, request)
        except Exception as error:
            raise KafkaTroubleError(of_request(error, self._client.peer(node)).trouble) from error

    async def _ends(self, leader: int, partitions: Iterable[int], at: int) -> dict[int, int]:
        told = read_ends(await self._ask(leader, ends_request(self._topic, partitions, at)))
        ends: dict[int, int] = {}
        for partition, (code, offset) in told.items():
            if code == 0:
                ends[partition] = offset
            else:
                self._note(leader, code)
        return ends

    async def _newest_of(
        self, leader: int, led: Sequence[int], share: int, count: int
    ) -> tuple[list[Seen], dict[int, int]]:
        first = await self._ends(leader, led, EARLIEST)
        ends = await self._ends(leader, led, LATEST)
        at = {number: max(first.get(number, 0), end - share) for number, end in ends.items()}
        found: list[Seen] = []
        for _ in range(_ROUNDS):
            left = {number: position for number, position in at.items() if position < ends[number]}
            if not left:
                break
            for fetched in read_fetch(await self._ask(leader, fetch_request(self._topic, left, wait_s=0.1))):
                number = fetched.partition
                if fetched.code:
                    self._note(leader, fetched.code)
                    at[number] = ends[number]
                    continue
                batches = Batches(fetched, at[number])
                found += [seen for seen in batches if seen.offset is not None and seen.offset < ends[number]]
                at[number] = batches.next
                await asyncio.sleep(0)  # a batch of thousands is long enough: delivery has its turn
            found = _newest(found, count)
        return found, ends

    async def _fetch(self, leader: int, led: Sequence[int], positions: dict[int, int]) -> list[Fetched]:
        new = [number for number in led if number not in positions]
        if new:
            positions |= await self._ends(leader, new, LATEST)
        asked = {number: positions[number] for number in led if number in positions}
        if not asked:
            return []
        return read_fetch(await self._ask(leader, fetch_request(self._topic, asked, wait_s=WAIT_S)))

    async def _take(
        self, leader: int, task: "asyncio.Task[list[Fetched]]", positions: dict[int, int], emit: Emit, pace: Pace
    ) -> None:
        loop = asyncio.get_running_loop()
        try:
            answered = task.result()
        except KafkaTroubleError as error:
            self._failed(leader, error.trouble)
            await self._refresh()
            return
        self._silent_since = None
        found: list[Seen] = []
        skipped = 0
        for fetched in answered:
            if fetched.code:
                await self._spoiled(leader, fetched, positions)
                continue
            seen, left_out = _read(fetched, positions, pace.per_round)
            found += seen
            skipped += left_out
            await asyncio.sleep(0)
        if found or skipped:
            emit(sorted(found, key=_order), skipped)
            self._not_before[leader] = loop.time() + pace.pause_s

    async def _spoiled(self, leader: int, fetched: Fetched, positions: dict[int, int]) -> None:
        self._note(leader, fetched.code)
        if fetched.code == _OUT_OF_RANGE:  # deleted by the topic's retention: go on at its end
            positions.pop(fetched.partition, None)
            return
        self._not_before[leader] = asyncio.get_running_loop().time() + _PAUSE_S
        await self._refresh()

    def _note(self, leader: int, code: int) -> None:
        """Raise what no waiting mends, and remember the rest."""
        node = self._client.nodes.get(leader)
        peer = self._client.peer(node) if node is not None else self._client.peer_at(self._connection.servers[0])
        if code == _NOT_AUTHORIZED:
            raise KafkaTroubleError(_may_not_read(self._connection))
        if code != _OUT_OF_RANGE:
            self._trouble = of_code(code, peer).trouble

    def _failed(self, leader: int, trouble: Trouble) -> None:
        now = asyncio.get_running_loop().time()
        self._trouble = trouble
        self._not_before[leader] = now + 2 * _PAUSE_S
        self._silent_since = now if self._silent_since is None else self._silent_since
        if now - self._silent_since > PATIENCE_S or trouble.code in (Code.AUTH_FAILED, Code.MECHANISM_REFUSED):
            raise KafkaTroubleError(trouble)

    async def _refresh(self) -> None:
        """Ask a connected member, else the bootstrap servers, who leads what."""
        self._refreshed = asyncio.get_running_loop().time()
        for node in list(self._client.nodes.values()):
            if self._client.connected(node.id):
                try:
                    view = await self._client.refresh(node)
                except Exception as error:  # noqa: BLE001 - whatever it is, the next member is asked
                    self._trouble = of_request(error, self._client.peer(node)).trouble
                    continue
                self._check_topic(view.topic_error)
                return
        try:
            self._check_topic((await self._client.bootstrap()).topic_error)
        except LoginHeldError:
            await asyncio.sleep(_PAUSE_S)
        except StartError as error:
            self._failed(-1, error.verdict.trouble)
            await asyncio.sleep(_PAUSE_S)


def _read(fetched: Fetched, positions: dict[int, int], most: int) -> tuple[list[Seen], int]:
    """Read at most so many payloads of an answer; where the topic runs away, go on near its end."""
    number = fetched.partition
    batches = Batches(fetched, positions[number])
    found: list[Seen] = []
    for seen in batches:
        found.append(seen)
        if len(found) >= most:
            break
    positions[number] = batches.next
    behind = fetched.end - batches.next
    if behind <= 2 * most:
        return found, 0
    positions[number] = fetched.end - most
    return found, behind - most


def _newest(found: list[Seen], count: int) -> list[Seen]:
    """Keep the newest, oldest first."""
    found.sort(key=_order)
    return found[-count:] if count else []


def _order(seen: Seen) -> tuple[int, int, int]:
    return seen.at_ms, seen.partition or 0, seen.offset or 0


def _may_not_read(connection: Connection) -> Trouble:
    who = f"The user {connection.username}" if connection.username else "This client"
    name = connection.username or "ANONYMOUS"
    topic = connection.topic
    return Trouble(
        Code.NOT_AUTHORIZED,
        topic,
        f"{who} may write to the topic {topic}, but not read it: delivery does not need it, a tail does.",
        f"Grant it: kafka-acls --add --allow-principal User:{name} --operation Read --topic {topic}",
        "TOPIC_AUTHORIZATION_FAILED (29)",
    )
