"""Attempts: batches on their way to Kafka, and what comes of them."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from insights_tui.delivery.batch import Batch, Landing
from insights_tui.delivery.board import Board
from insights_tui.delivery.book import Book
from insights_tui.delivery.lane import Lane
from insights_tui.delivery.producer_ids import ProducerIds
from insights_tui.delivery.sequence import ProducerSequences
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.domain.clock import Clock
from insights_tui.domain.trouble import Code
from insights_tui.kafka.backoff import backoff_s
from insights_tui.kafka.classify import of_code, of_request
from insights_tui.kafka.client import Client
from insights_tui.kafka.produce import Produce, reasons
from insights_tui.kafka.records import MAX_RECORDS, encode
from insights_tui.kafka.stamps import KEPT_S, Stamps, explained
from insights_tui.kafka.verdict import Action, Peer, Verdict

_ACKS_ALL = -1
_MESSAGE_TOO_LARGE = 10
_IDEMPOTENCE_REFUSED = 31
_INVALID_TIMESTAMP = 32
_SMALLEST_BATCH = 4096
_REJECTED_SHOWN_S = 60.0


class Attempts:
    """Carries batches over one client, one at a time for each lane."""

    def __init__(
        self,
        client: Client,
        *,
        book: Book,
        board: Board,
        clock: Clock,
        settings: DeliverySettings,
        sequences: ProducerSequences,
        ids: ProducerIds,
        wake: Callable[[], None],
        changed: Callable[[], None],
        delivered: Callable[[Batch, float], None],
        rejected: Callable[[int, Verdict], None],
    ) -> None:
        self._client, self._book, self._board = client, book, board
        self._clock, self._settings = clock, settings
        self._sequences, self._ids = sequences, ids
        self._wake, self._changed, self._delivered, self._rejected = wake, changed, delivered, rejected
        self._loop = asyncio.get_running_loop()
        self._stamps = Stamps()
        self._under_way: dict[asyncio.Task[None], tuple[Lane, Batch]] = {}
        self._batch_bytes = settings.batch_bytes
        self.topic_hold = 0.0
        """No attempt before this time of the loop's clock: what was refused concerns the whole topic."""
        self.sick: str | None = None
        """Why the client is of no use any more."""
        self.stale = False
        """Whether an answer has shown that the metadata are out of date."""
        self.progress_at = self._loop.time()
        """When Kafka last answered a produce request, or there was nothing to answer; loop's clock."""

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
            batch.stamp = self._stamps.at(self._clock.now())
        if batch.sequence is not None:
            batch.sequence.busy = True
        lane.batch = batch
        task = self._loop.create_task(self._attempt(lane, batch))
        self._under_way[task] = (lane, batch)
        task.add_done_callback(self._under_way.pop)
        return True

    async def retire(self, grace_s: float) -> None:
        """Let requests under way finish for `grace_s`, then call them off: their batches are in doubt."""
        if self._under_way and grace_s > 0:
            await asyncio.wait(list(self._under_way), timeout=grace_s)
        left = dict(self._under_way)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for lane, batch in left.values():
            if not batch.done:  # cancelled before its first step
                self._give_back(lane, batch, in_doubt=False)

    async def _attempt(self, lane: Lane, batch: Batch) -> None:
        leader = lane.leader
        started = self._loop.time()
        try:
            # all of it, also what has expired since: the numbers count every record
            event = self._settings.cloud_event
            data = encode(batch.payloads, self._settings.compression, batch.producer, batch.stamp, event)
            timeout_ms = int(self._settings.request_timeout_s * 1000)
            request = Produce(None, _ACKS_ALL, timeout_ms, [(self._client.connection.topic, [(lane.id, data)])])
            # the lane was handed out because its broker is connected, so this writes before it first waits
            answer = await self._client.send(leader, request)
        except asyncio.CancelledError:
            lane.batch = None
            self._give_back(lane, batch, in_doubt=True)
            raise
        except Exception as error:  # noqa: BLE001 - every failure has a row in the classification
            self._failed(lane, batch, of_request(error, self._peer(leader)))
        else:
            self._client.answered(leader, self._loop.time() - started)
            (_, ((_, code, offset, *rest),)), *_ = answer.topics
            self._answered(lane, batch, code, offset, rest)
        finally:
            self._wake()

    def _answered(self, lane: Lane, batch: Batch, code: int, offset: int, rest: Sequence[Any]) -> None:
        self.progress_at = self._loop.time()
        verdict = of_code(code, self._peer(lane.leader)) if code else None
        if verdict is not None and verdict.action is not Action.DONE:
            if code == _IDEMPOTENCE_REFUSED and batch.sequence is not None:
                batch.sequence.over = True
                self._ids.refused(verdict.trouble.raw, firmly=True)
            if code == _INVALID_TIMESTAMP:
                verdict = self._learn_time(lane, verdict, rest)
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
        if batch.stamp is None or all(batch.stamp.fits(payload.accepted_ms) for payload in batch.payloads):
            self._board.clear(("clock", ""))  # they went with their own time: the clocks agree again
        if self._book.acked(batch, Landing(self._client.connection.topic, lane.id, offset)):
            self._delivered(batch, self._clock.boot())

    def _learn_time(self, lane: Lane, verdict: Verdict, rest: Sequence[Any]) -> Verdict:
        """Note which timestamps the broker takes; say what is wrong with the clocks."""
        now, peer = self._clock.now(), self._peer(lane.leader)
        told = self._stamps.refused(reasons(rest), now)
        return replace(verdict, trouble=explained(verdict.trouble, told, now, peer))

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
        off_clock = verdict.trouble.code is Code.CLOCK_JUMP
        if (verdict.action is Action.SPLIT or off_clock) and sequence is not None:
            # refused as a whole, so its numbers are free; but of an earlier attempt in doubt this says nothing: Kafka
            # looks at the content before it looks whether it has the batch
            sequence.busy = False
            if sequence.doubt:
                self._sequences.renew(sequence)
        if verdict.action is Action.SPLIT:
            self._refused(batch, verdict)
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
        lasts_s = None
        if off_clock:  # it lasts, although what is sent with another time is taken
            place, lasts_s = ("clock", ""), 2 * KEPT_S
        if verdict.scope == "topic":
            self.topic_hold = lane.retry_at
            place = ("topic", "write")
        self._loop.call_later(pause + 0.001, self._wake)
        if verdict.scope != "broker":  # of a broker, its node tells
            self._board.put(
                place, verdict.trouble, self._clock.now(), show_after_s=verdict.show_after_s, lasts_s=lasts_s
            )
        if verdict.scope == "client":
            self.sick = verdict.trouble.what
        if verdict.refresh:
            self.stale = True
        self._changed()

    def _refused(self, batch: Batch, verdict: Verdict) -> None:
        told = verdict.trouble
        named = told.raw.partition(" ")[0] in told.what  # most sentences name the error already
        rejected = self._book.refused(batch, told.what if named else f"{told.what} {told.raw}")
        if rejected:
            self._board.put(("rejected",), verdict.trouble, self._clock.now(), lasts_s=_REJECTED_SHOWN_S)
            self._rejected(len(rejected), verdict)

    def _peer(self, node_id: int | None) -> Peer:
        node = self._client.nodes.get(node_id) if node_id is not None else None
        return self._client.peer(node) if node is not None else self._client.peer_at(self._client.connection.servers[0])
