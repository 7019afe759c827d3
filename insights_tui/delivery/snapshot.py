"""Putting the engine's state together, once a second."""

from collections.abc import Sequence
from dataclasses import dataclass

from insights_tui.delivery.board import Board, sort_troubles
from insights_tui.delivery.book import Book
from insights_tui.delivery.histogram import LatencyHistogram
from insights_tui.delivery.ledger import Ledger
from insights_tui.delivery.session import Session
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.delivery.status import ActiveTrouble, EngineStatus, Link
from insights_tui.domain.clock import Moment
from insights_tui.domain.payload import Payload
from insights_tui.domain.snapshot import Broker, Partition
from insights_tui.domain.trouble import Code, Trouble
from insights_tui.kafka.node import Node
from insights_tui.spool.base import Durable


@dataclass(slots=True)
class Moments:
    """What is remembered beside the counts."""

    lost_open: int = 0
    late_acks: int = 0
    redriven: int = 0
    last_accepted_at: float | None = None
    last_delivered_at: float | None = None

    def accepted(self, payloads: Sequence[Payload]) -> None:
        """Note the time of acceptance."""
        if payloads:
            self.last_accepted_at = payloads[-1].accepted_ms / 1000


def status_of(
    *,
    now: Moment,
    settings: DeliverySettings,
    ledger: Ledger,
    book: Book,
    board: Board,
    histogram: LatencyHistogram,
    moments: Moments,
    link: Link,
    session: Session | None,
    nodes: Sequence[Node],
    loop_now: float,
    on_disk: float | None = None,
    durable: Durable | None = None,
) -> EngineStatus:
    """Tell everything at this instant; `on_disk` is the earliest deadline of what is on disk alone.

    Of outcomes no more is told than `durable`, where it is known.
    """
    deadline = min((one for one in (book.deadline, on_disk) if one is not None), default=None)
    oldest = next(iter(book.in_flight), None)
    unanswered = None if oldest is None else now.boot - oldest.started
    troubles = board.active(now.boot)
    if session is not None:
        troubles = sort_troubles([*troubles, *session.troubles(), *_slow(session, settings, now), *session.hints()])
    return EngineStatus(
        at=now,
        counts=ledger.counts(durable),
        lost_open=moments.lost_open if durable is None else min(moments.lost_open, durable.lost_open),
        late_acks=moments.late_acks if durable is None else min(moments.late_acks, durable.late_acks),
        redriven=moments.redriven,
        oldest_age_s=None if deadline is None else max(0.0, settings.deadline_s - (deadline - now.boot)),
        next_loss_s=None if deadline is None else max(0.0, deadline - now.boot),
        longest_unanswered_s=unanswered,
        last_accepted_at=moments.last_accepted_at,
        last_delivered_at=moments.last_delivered_at,
        latency=histogram.latency(now.boot),
        link=link,
        troubles=tuple(troubles),
        brokers=_brokers(nodes, now),
        partitions=_partitions(session, loop_now),
        queue_bytes=book.bytes,
        partition_count=len(session.lanes) if session is not None and session.lanes else None,
        latency_last_s=histogram.last_second(now.boot),
        attempts=book.attempts,
        rejections=dict(board.rejections),
        errors=dict(board.errors),
        latencies=histogram.latencies(),
    )


def _slow(session: Session, settings: DeliverySettings, now: Moment) -> list[ActiveTrouble]:
    """Tell which brokers let a request wait."""
    started: dict[int, float] = {}
    for lane in session.busy():
        if lane.batch is not None and lane.leader is not None:
            started[lane.leader] = min(started.get(lane.leader, now.boot), lane.batch.started)
    found = []
    for leader, since in started.items():
        waited = now.boot - since
        node = session.client.nodes.get(leader)
        if waited >= settings.slow_s and node is not None:
            trouble = Trouble(
                Code.KAFKA_SLOW,
                str(node.server),
                f"Broker {leader} at {node.server} has not answered a request for {waited:.0f} s.",
                "Look whether the broker hangs or is overloaded.",
            )
            found.append(ActiveTrouble(trouble, Moment(now.wall - waited, since)))
    members = sum(session.client.connected(number) for number in session.client.nodes)
    if len(found) == members > 1:  # one failure, and not as many as there are brokers
        oldest = min(found, key=lambda one: one.since.boot)
        what = f"None of the {members} brokers answers: requests wait for {now.boot - oldest.since.boot:.0f} s."
        act = "Look at the network between this machine and the brokers, then whether they hang."
        trouble = Trouble(Code.KAFKA_SLOW, session.client.connection.bootstrap, what, act)
        return [ActiveTrouble(trouble, oldest.since)]
    return found


def _brokers(nodes: Sequence[Node], now: Moment) -> tuple[Broker, ...]:
    return tuple(
        Broker(
            node.id,
            node.server.host,
            node.server.port,
            node.state,
            None if node.since is None else node.since.by(now).utc,
            node.rtt_s,
            node.last_error,
        )
        for node in nodes
    )


def _partitions(session: Session | None, now: float) -> tuple[Partition, ...]:
    if session is None:
        return ()
    return tuple(
        Partition(
            lane.id,
            lane.leader,
            "no_leader"
            if lane.leader is None
            else "backing_off"
            if lane.retry_at > now or session.topic_hold > now or not session.client.connected(lane.leader)
            else "ok",
            0 if lane.batch is None else len(lane.batch.open),
            lane.failures,
            lane.retry_at - now if lane.retry_at > now else None,
        )
        for lane in session.lanes.values()
    )
