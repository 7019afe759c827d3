"""A session: one Kafka client with its lanes, from the first answer to the teardown."""

import asyncio
import random
from collections.abc import Callable, Iterator
from typing import Any

from aiokafka.protocol.produce import ProduceRequest

from insights_tui.delivery.batch import Batch, Landing
from insights_tui.delivery.board import Board
from insights_tui.delivery.book import Book
from insights_tui.delivery.health import broker_troubles, no_leader
from insights_tui.delivery.lane import Lane
from insights_tui.delivery.producer_ids import ProducerIds
from insights_tui.delivery.sequence import ProducerSequences
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.delivery.status import ActiveTrouble
from insights_tui.delivery.upkeep import Upkeep
from insights_tui.domain.clock import Clock
from insights_tui.domain.occurrence import Occurrence
from insights_tui.kafka.backoff import backoff_s
from insights_tui.kafka.classify import MOVING_S, of_code, of_request, of_topic
from insights_tui.kafka.client import Client
from insights_tui.kafka.records import MAX_RECORDS, encode
from insights_tui.kafka.verdict import Action, Peer, Verdict
from insights_tui.kafka.view import View

_ACKS_ALL = -1
_MESSAGE_TOO_LARGE = 10
_IDEMPOTENCE_REFUSED = 31
_SMALLEST_BATCH = 4096
_REJECTED_SHOWN_S = 60.0
_TRANSIENT = frozenset({5, 6, 7, 9, 13, 14, 15, 16})  # a topic's metadata that is on its way


class SickError(Exception):
    """The client must be replaced."""


class Session:
    """Keeps one client's connections and metadata fresh, and carries batches. It never waits while it decides."""

    def __init__(
        self,
        client: Client,
        *,
        book: Book,
        board: Board,
        clock: Clock,
        settings: DeliverySettings,
        wake: Callable[[], None],
        delivered: Callable[[Batch, float], None],
        rejected: Callable[[int, Verdict], None],
        started: Callable[["Session"], None],
        sequences: ProducerSequences,
        tell: Callable[[Occurrence], None],
    ) -> None:
        self.client = client
        self.lanes: dict[int, Lane] = {}
        self.topic_ok = False
        """Whether the topic was seen and nothing has been heard against it since."""
        self.sick: str | None = None
        self.topic_hold = 0.0
        """No attempt before this time of the loop's clock: what was refused concerns the whole topic."""
        self._book, self._board, self._clock, self._settings = book, board, clock, settings
        self._wake_producer, self._delivered, self._rejected = wake, delivered, rejected
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._attempts: dict[asyncio.Task[None], tuple[Lane, Batch]] = {}
        self._retired = False
        self._turn = 0
        self._batch_bytes = settings.batch_bytes
        self.progress_at = self._loop.time()
        """When Kafka last answered a produce request, or there was nothing to answer; loop's clock."""
        self._started = started
        self._sequences = sequences
        self._upkeep = Upkeep(client, settings, apply=self._apply, changed=self._changed.set)
        self._ids = ProducerIds(client, sequences, settings, changed=self._change, tell=tell)
        client.on_change = self._change

    # for the producer task

    def ready(self) -> Iterator[Lane]:
        """Go through the lanes that could send now, each time beginning with another."""
        now = self._loop.time()
        if self._retired or not self.topic_ok or now < self.topic_hold:
            return
        lanes = list(self.lanes.values())
        self._turn += 1
        connected, fit, frozen = self.client.connected, self._sequences.ready, self._book.frozen_at
        for index in range(len(lanes)):
            lane = lanes[(index + self._turn) % len(lanes)]
            if lane.batch is not None or lane.retry_at > now or not connected(lane.leader):
                continue
            if fit(lane.id, now, frozen):
                yield lane
            elif self._sequences.wants_id(lane.id, now):
                self._changed.set()

    def send(self, lane: Lane) -> bool:
        """Cut a batch for a lane and send it; tell whether there was anything."""
        settings = self._settings
        batch = self._book.cut(
            lane.id,
            max_bytes=self._batch_bytes,
            max_payloads=min(settings.batch_payloads, MAX_RECORDS),
            now=self._clock.boot(),
            margin_s=settings.margin_s,
        )
        if batch is None:
            return False
        if batch.sequence is None:
            batch.sequence, batch.producer = self._sequences.take(lane.id, self._loop.time())
        if batch.sequence is not None:
            batch.sequence.busy = True
        lane.batch = batch
        task = self._loop.create_task(self._attempt(lane, batch))
        self._attempts[task] = (lane, batch)
        task.add_done_callback(self._attempts.pop)
        return True

    # for the supervisor

    async def run(self) -> None:
        """Connect, then tend connections and metadata; raises `StartError`, `LoginHeldError`, `SickError`."""
        self._apply(await self.client.bootstrap())
        self._started(self)
        while True:
            self._changed.clear()
            pause = self._tend(self._loop.time())
            if self.sick is not None:
                raise SickError(self.sick)
            try:
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def retire(self, grace_s: float) -> None:
        """Send nothing more, let requests under way finish for `grace_s`, then let go of everything."""
        self._retired = True
        if self._attempts and grace_s > 0:
            await asyncio.wait(list(self._attempts), timeout=grace_s)
        attempts = dict(self._attempts)
        tasks = [*attempts, *self._upkeep.tasks, *self._ids.tasks]
        for task in tasks:
            task.cancel()
        await self.client.shut()
        await asyncio.gather(*tasks, return_exceptions=True)
        for lane, batch in attempts.values():
            if not batch.done:  # cancelled before its first step
                self._give_back(lane, batch, in_doubt=False)

    def busy(self) -> Iterator[Lane]:
        """Go through the lanes that wait for an answer."""
        return (lane for lane in self.lanes.values() if lane.batch is not None)

    @property
    def under_way(self) -> int:
        """Requests without an answer."""
        return len(self._attempts)

    @property
    def reachable(self) -> bool:
        """Whether any broker answers."""
        return any(self.client.connected(number) for number in self.client.nodes)

    def troubles(self) -> list[ActiveTrouble]:
        """Tell what the brokers suffer from."""
        client = self.client
        return broker_troubles(client.nodes.values(), client.connection.bootstrap, reachable=self.reachable)

    def trouble(self) -> ActiveTrouble | None:
        """Tell the worst of the brokers' troubles."""
        return next(iter(self.troubles()), None)

    # connections and metadata

    def _tend(self, now: float) -> float:
        """Start what is due; tell when to look again (seconds)."""
        if not self._book.has_pending or not self.topic_ok:
            self.progress_at = now
        self._judge(now)
        self._ids.tend(self.lanes.values(), now)
        return self._upkeep.tend(now)

    def _judge(self, now: float) -> None:
        oldest = next(iter(self._book.in_flight), None)
        if oldest is not None and self._clock.boot() - oldest.started > self._settings.hard_limit_s:
            self.sick = "A request outlived every limit."
        elif now - self.progress_at > self._settings.stall_s:
            self.sick = "Kafka has answered nothing for too long."

    def _apply(self, view: View) -> None:
        """Take over what a metadata answer says."""
        topic = self.client.connection.topic
        if view.topic_error and not (view.topic_error in _TRANSIENT and self.lanes):
            verdict = of_topic(view.topic_error, Peer(view.server, topic, **self._who()))
            self._board.put(("topic", "seen"), verdict.trouble, self._clock.now())
            self.topic_ok = False
            self._upkeep.refreshed(whole=False)
            return
        leaderless = [number for number, part in view.partitions.items() if part.leader is None]
        self._upkeep.refreshed(whole=not (view.topic_error or leaderless))
        if view.topic_error:
            return
        self._board.clear(("topic", "seen"))
        if leaderless:
            self._board.put(
                ("topic", "leaders"), no_leader(topic, leaderless), self._clock.now(), show_after_s=MOVING_S
            )
        else:
            self._board.clear(("topic", "leaders"))
        self.lanes = {number: self.lanes.get(number) or Lane(number) for number in sorted(view.partitions)}
        for number, part in view.partitions.items():
            self.lanes[number].leader = part.leader
        self.topic_ok = True
        if not self._retired and self._sequences.settle_in((view.cluster or self.client.connection.bootstrap, topic)):
            self._book.thaw()
        self._book.route(len(self.lanes))
        self._wake_producer()
        self._changed.set()

    def _who(self) -> dict[str, Any]:
        connection = self.client.connection
        return {"username": connection.username, "tls": connection.username is not None}

    def _change(self) -> None:
        self._changed.set()
        self._wake_producer()

    # attempts

    async def _attempt(self, lane: Lane, batch: Batch) -> None:
        leader = lane.leader
        started = self._loop.time()
        try:
            # all of it, also what has expired since: the numbers count every record
            data = encode(batch.payloads, self._settings.compression, batch.producer)
            timeout_ms = int(self._settings.request_timeout_s * 1000)
            request = ProduceRequest(None, _ACKS_ALL, timeout_ms, [(self.client.connection.topic, [(lane.id, data)])])
            # the lane was handed out because its broker is connected, so this writes before it first waits
            answer = await self.client.send(leader, request)
        except asyncio.CancelledError:
            lane.batch = None
            self._give_back(lane, batch, in_doubt=True)
            raise
        except Exception as error:  # noqa: BLE001 - every failure has a row in the classification
            self._failed(lane, batch, of_request(error, self._peer(leader)))
        else:
            self.client.answered(leader, self._loop.time() - started)
            (_, ((_, code, offset, *_),)), *_ = answer.topics
            self._answered(lane, batch, code, offset)
        finally:
            self._wake_producer()

    def _answered(self, lane: Lane, batch: Batch, code: int, offset: int) -> None:
        self.progress_at = self._loop.time()
        verdict = of_code(code, self._peer(lane.leader)) if code else None
        if verdict is not None and verdict.action is not Action.DONE:
            if code == _IDEMPOTENCE_REFUSED and batch.sequence is not None:
                batch.sequence.over = True
                self._ids.refused(verdict.trouble.raw, firmly=True)
            if code == _MESSAGE_TOO_LARGE and len(batch.payloads) > 1:
                self._batch_bytes = max(_SMALLEST_BATCH, min(self._batch_bytes, batch.size // 2))
            self._failed(lane, batch, verdict)
            return
        lane.batch = None
        if self.topic_hold:
            self._sequences.reconsider()  # a permission that was missing is there
        if batch.sequence is not None:
            batch.sequence.busy = False
            batch.sequence.appended(len(batch.payloads))
        else:
            self._ids.done_without()
        if lane.failures or self.topic_hold:
            lane.failures, lane.retry_at, self.topic_hold = 0, 0.0, 0.0
            self._board.clear(("lane", lane.id), ("topic", "write"))
        if self._book.acked(batch, Landing(self.client.connection.topic, lane.id, offset)):
            self._delivered(batch, self._clock.boot())

    def _give_back(self, lane: Lane, batch: Batch, *, in_doubt: bool) -> None:
        """Have a batch attempted again: as it is, where it is in doubt and Kafka can tell that it has it."""
        sequence = batch.sequence
        if sequence is not None:
            sequence.busy = False
            sequence.doubt = sequence.doubt or in_doubt
            if sequence.doubt and not sequence.over:
                self._book.freeze(batch, lane.id, in_doubt=in_doubt)
                return
        self._book.failed(batch, in_doubt=in_doubt)

    def _failed(self, lane: Lane, batch: Batch, verdict: Verdict) -> None:
        lane.batch = None
        sequence = batch.sequence
        if verdict.action is Action.SPLIT:
            if sequence is not None:  # refused as a whole, at every attempt: its numbers are free
                sequence.busy = sequence.doubt = False
            reason = f"{verdict.trouble.what} {verdict.trouble.raw}"
            rejected = self._book.refused(batch, reason)
            if rejected:
                self._board.put(("rejected",), verdict.trouble, self._clock.now(), lasts_s=_REJECTED_SHOWN_S)
                self._rejected(len(rejected), verdict)
            return
        in_doubt = verdict.in_doubt
        if sequence is not None and verdict.action is Action.RENEW and verdict.scope != "client":
            self._sequences.renew(sequence)
            in_doubt = False  # this attempt was turned down; of those before it the payloads know
        self._give_back(lane, batch, in_doubt=in_doubt)
        lane.failures += 1
        settings = self._settings
        pause = backoff_s(
            lane.failures,
            base_s=settings.lane_backoff_s,
            cap_s=settings.lane_cap_s,
            random=random.random(),  # noqa: S311 - spreads retries
        )
        lane.retry_at = self._loop.time() + pause
        place: tuple[str, object] = ("lane", lane.id)
        if verdict.scope == "topic":
            self.topic_hold = lane.retry_at
            place = ("topic", "write")
        self._loop.call_later(pause + 0.001, self._wake_producer)
        if verdict.scope != "broker":  # of a broker, its node tells
            self._board.put(place, verdict.trouble, self._clock.now(), show_after_s=verdict.show_after_s)
        if verdict.scope == "client":
            self.sick = verdict.trouble.what
        if verdict.refresh:
            self._upkeep.stale = True
        self._changed.set()

    def _peer(self, node_id: int | None) -> Peer:
        node = self.client.nodes.get(node_id) if node_id is not None else None
        if node is not None:
            return self.client.peer(node)
        servers = self.client.connection.servers
        return Peer(servers[0], self.client.connection.topic, **self._who())
