"""A session: one Kafka client with its lanes, from the first answer to the teardown."""

import asyncio
from collections.abc import Callable, Iterator

from insights_tui.delivery.attempts import Attempts
from insights_tui.delivery.batch import Batch
from insights_tui.delivery.board import Board
from insights_tui.delivery.book import Book
from insights_tui.delivery.health import broker_troubles, no_leader, not_listed, single_replica
from insights_tui.delivery.lane import Lane
from insights_tui.delivery.producer_ids import ProducerIds
from insights_tui.delivery.sequence import ProducerSequences
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.delivery.status import ActiveTrouble
from insights_tui.delivery.upkeep import Upkeep
from insights_tui.domain.clock import Clock
from insights_tui.domain.occurrence import Occurrence
from insights_tui.kafka.classify import MOVING_S, of_topic
from insights_tui.kafka.client import Client
from insights_tui.kafka.verdict import Verdict
from insights_tui.kafka.view import View

_TRANSIENT = frozenset({5, 6, 7, 9, 13, 14, 15, 16})  # a topic's metadata that is on its way


class SickError(Exception):
    """The client must be replaced."""


class Session:
    """One client: its lanes, its upkeep, its attempts, and when it is of no more use. It never waits to decide."""

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
        self._book, self._board, self._clock, self._settings = book, board, clock, settings
        self._wake_producer = wake
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._retired = False
        self._single: ActiveTrouble | None = None
        self._missing: dict[int, ActiveTrouble] = {}
        self._turn = 0
        self._started = started
        self._sequences = sequences
        self._upkeep = Upkeep(client, settings, apply=self._apply, changed=self._changed.set)
        self._ids = ProducerIds(client, sequences, settings, changed=self._change, tell=tell)
        self._attempts = Attempts(
            client,
            book=book,
            board=board,
            clock=clock,
            settings=settings,
            sequences=sequences,
            ids=self._ids,
            wake=wake,
            changed=self._changed.set,
            delivered=delivered,
            rejected=rejected,
        )
        client.on_change = self._change

    # for the producer task

    def ready(self) -> Iterator[Lane]:
        """Go through the lanes that could send now, each time beginning with another."""
        now = self._loop.time()
        if self._retired or not self.topic_ok or now < self._attempts.topic_hold:
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
        return self._attempts.send(lane)

    # for the supervisor

    async def run(self) -> None:
        """Connect, then tend connections and metadata; raises `StartError`, `LoginHeldError`, `SickError`."""
        self._apply(await self.client.bootstrap())
        self._started(self)
        while True:
            self._changed.clear()
            pause = self._tend(self._loop.time())
            try:
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def retire(self, grace_s: float) -> None:
        """Send nothing more, let requests under way finish for `grace_s`, then let go of everything."""
        self._retired = True
        await self._attempts.retire(grace_s)
        tasks = [*self._upkeep.tasks, *self._ids.tasks]
        for task in tasks:
            task.cancel()
        await self.client.shut()
        await asyncio.gather(*tasks, return_exceptions=True)

    def busy(self) -> Iterator[Lane]:
        """Go through the lanes that wait for an answer."""
        return (lane for lane in self.lanes.values() if lane.batch is not None)

    @property
    def topic_hold(self) -> float:
        """No attempt before this time of the loop's clock: what was refused concerns the whole topic."""
        return self._attempts.topic_hold

    @property
    def reachable(self) -> bool:
        """Whether any broker answers."""
        return any(self.client.connected(number) for number in self.client.nodes)

    def troubles(self) -> list[ActiveTrouble]:
        """Tell what the brokers suffer from."""
        client, nodes = self.client, self.client.nodes
        told = broker_troubles(nodes.values(), client.connection.bootstrap, reachable=self.reachable)
        # of one that was a member while we looked its node tells
        gone = [one for number, one in self._missing.items() if number not in nodes or not nodes[number].trouble]
        return [*told, *gone] if self.reachable else told

    def hints(self) -> list[ActiveTrouble]:
        """Tell what stops nothing, and people should know."""
        return [self._single] if self._single is not None and self.topic_ok else []

    def trouble(self) -> ActiveTrouble | None:
        """Tell the worst of the brokers' troubles."""
        return next(iter(self.troubles()), None)

    # connections and metadata

    def _tend(self, now: float) -> float:
        """Start what is due; tell when to look again (seconds). Raises `SickError`."""
        attempts = self._attempts
        if not self._book.has_pending or not self.topic_ok:
            attempts.progress_at = now
        self._judge(now)
        self._ids.tend(self.lanes.values(), now)
        self._upkeep.stale = self._upkeep.stale or attempts.stale
        attempts.stale = False
        return self._upkeep.tend(now)

    def _judge(self, now: float) -> None:
        oldest = next(iter(self._book.in_flight), None)
        if self._attempts.sick is not None:
            raise SickError(self._attempts.sick)
        if oldest is not None and self._clock.boot() - oldest.started > self._settings.hard_limit_s:
            raise SickError("A request outlived every limit.")
        if now - self._attempts.progress_at > self._settings.stall_s:
            raise SickError("Kafka has answered nothing for too long.")

    def _apply(self, view: View) -> None:
        """Take over what a metadata answer says."""
        topic = self.client.connection.topic
        if view.topic_error and not (view.topic_error in _TRANSIENT and self.lanes):
            verdict = of_topic(view.topic_error, self.client.peer_at(view.server))
            self._board.put(("topic", "seen"), verdict.trouble, self._clock.now())
            self.topic_ok = False
            self._upkeep.refreshed(whole=False)
            return
        leaderless = [number for number, part in view.partitions.items() if part.leader is None]
        self._upkeep.refreshed(whole=not (view.topic_error or leaderless or view.missing))
        if view.topic_error:
            return
        self._board.clear(("topic", "seen"))
        if leaderless:
            self._board.put(
                ("topic", "leaders"), no_leader(topic, leaderless, view.missing), self._clock.now(),
                show_after_s=MOVING_S,
            )  # fmt: skip
        else:
            self._board.clear(("topic", "leaders"))
        self._missing = {
            number: ActiveTrouble(
                not_listed(number, held, len(view.partitions)),
                self._missing[number].since if number in self._missing else self._clock.now(),
            )
            for number, held in view.missing.items()
        }
        single = single_replica(topic, {number: part.replicas for number, part in view.partitions.items()})
        since = self._clock.now() if self._single is None else self._single.since
        self._single = None if single is None else ActiveTrouble(single, since)
        self.lanes = {number: self.lanes.get(number) or Lane(number) for number in sorted(view.partitions)}
        for number, part in view.partitions.items():
            self.lanes[number].leader = part.leader
        self.topic_ok = True
        if not self._retired and self._sequences.settle_in((view.cluster or self.client.connection.bootstrap, topic)):
            self._book.thaw()
        self._book.route(len(self.lanes))
        self._wake_producer()
        self._changed.set()

    def _change(self) -> None:
        self._changed.set()
        self._wake_producer()
