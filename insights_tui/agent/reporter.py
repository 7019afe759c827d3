"""Makes the snapshot: engine, store, counters and clocks in one frozen object."""

import os
import socket
import uuid
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

from insights_tui import __version__
from insights_tui.agent.assess import INFORMS_ONLY, Circumstances, Sinces, findings, state_of
from insights_tui.agent.events import EventLog
from insights_tui.agent.history import History
from insights_tui.delivery.status import EngineStatus
from insights_tui.domain import snapshot as shown
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.snapshot import ConnectionView, Snapshot, State
from insights_tui.domain.text import duration
from insights_tui.spool.base import Usage

EVENTS_SHOWN = 20
JUMP_S = 5.0
"""A wall clock that moves this much against the boot-time clock between two ticks has been set."""
_OPEN_AGAIN = Occurrence("info", "ingest_accepts", "ingest", "Ingest takes payloads in again.")


class Reporter:
    """Owns what is shown and nothing that is delivered: state word, problems, rates, history."""

    def __init__(
        self,
        *,
        mode: shown.Mode,
        installation: str | None,
        durability: Literal["full", "memory"],
        max_payloads: int,
        max_bytes: int,
        started_boot: float,
        state_dir: str = "the state directory",
    ) -> None:
        self._agent = shown.Agent(
            id=uuid.uuid4().hex[:12],
            version=__version__,
            mode=mode,
            host=socket.gethostname(),
            pid=os.getpid(),
            uptime_s=0.0,
            installation=installation,
        )
        self._durability = durability
        self._max_payloads = max_payloads
        self._max_bytes = max_bytes
        self._started_boot = started_boot
        self._state_dir = state_dir
        self._history = History()
        self._sinces = Sinces()
        self._state: State | None = None
        self._refused_for: Refusal | None = None
        self._clock_offset: float | None = None
        self._seq = 0
        self._last: Snapshot | None = None
        self.refused: Counter[Refusal] = Counter()
        self.damage: Occurrence | None = None
        """The latest damage that the spool told of, until nothing lost is open."""

    def tick(self, status: EngineStatus, usage: Usage, view: ConnectionView | None, events: EventLog) -> None:
        """Once a second: a second of history, when problems began, and an event where something turned."""
        latency = status.latency_last_s
        self._history.feed(status, latency.p99, p50_s=latency.p50, refused=self.refused.total())
        offset = status.at.wall - status.at.boot
        if self._clock_offset is not None and abs(offset - self._clock_offset) > JUMP_S:
            moved = offset - self._clock_offset
            events.add(
                Occurrence(
                    level="warning",
                    code="clock_jump",
                    subject="",
                    text=f"The wall clock was set {'forward' if moved > 0 else 'back'} by {duration(abs(moved))}; "
                    "deadlines follow the boot-time clock.",
                )
            )
        self._clock_offset = offset
        state = state_of(status, connected=view is not None)
        if state is not self._state:
            if self._state is not None:
                events.add(_turned(state, status))
            self._state = state
        around = self._around(status, usage, view)
        self._sinces.problems(findings(state, status, around), status.at)  # notes since when, though nobody looks
        if around.refusing is not self._refused_for:
            events.add(_shut(around) if around.refusing is not None else _OPEN_AGAIN)
            self._refused_for = around.refusing

    def snapshot(
        self,
        status: EngineStatus,
        usage: Usage,
        view: ConnectionView | None,
        events: EventLog,
        *,
        ingest_url: str | None,
        history: int,
        executions_open: int | None = None,
        executions_unfinished: int = 0,
    ) -> Snapshot:
        """Assemble it; `seq` moves only when something beside the clock did."""
        around = self._around(status, usage, view)
        capacity, refusing = around.capacity, around.refusing
        state = state_of(status, connected=view is not None)
        problems = self._sinces.problems(findings(state, status, around), status.at)
        made = Snapshot(
            schema=shown.SCHEMA,
            seq=self._seq,
            as_of=status.at.utc,
            state=state,
            agent=replace(self._agent, uptime_s=status.at.boot - self._started_boot),
            problems=problems,
            connection=view,
            counts=status.counts,
            balanced=status.counts.balanced,
            refused={reason: self.refused[reason] for reason in Refusal},
            lost_open=status.lost_open,
            late_acks=status.late_acks,
            redriven=status.redriven,
            oldest_age_s=status.oldest_age_s,
            next_loss_s=status.next_loss_s,
            last_accepted_at=_utc(status.last_accepted_at),
            last_delivered_at=_utc(status.last_delivered_at),
            rates=self._history.rates,
            latency=status.latency,
            capacity=capacity,
            brokers=status.brokers,
            partitions=status.partitions,
            events=events.newest(EVENTS_SHOWN),
            ingest_url=ingest_url,
            refusing=refusing,
            partition_count=len(status.partitions) or None,
            executions_open=executions_open,
            executions_unfinished=executions_unfinished,
            next_attempt_in_s=status.link.next_attempt_in_s,
        )
        if self._last is None or _timeless(made) != _timeless(self._last):
            self._seq += 1
        self._last = made
        return replace(made, seq=self._seq, history=self._history.last(history))

    def _around(self, status: EngineStatus, usage: Usage, view: ConnectionView | None) -> Circumstances:
        if not status.lost_open:
            self.damage = None
        capacity = shown.Capacity(
            durability=self._durability,
            queue_payloads=status.counts.pending,
            queue_max_payloads=self._max_payloads,
            spool_bytes=usage.bytes,
            spool_max_bytes=usage.max_bytes,
            disk_free_bytes=usage.disk_free_bytes,
            dead_letters=usage.dead_letters,
        )
        return Circumstances(
            connected=view is not None,
            ca=view.ca if view else None,
            capacity=capacity,
            refusing=self._refusing(status, usage),
            no_room=usage.problem or usage.full,
            damage=self.damage,
            state_dir=self._state_dir,
        )

    def _refusing(self, status: EngineStatus, usage: Usage) -> Refusal | None:
        """Tell why nothing is taken in, the disk first: there no deadline makes room."""
        if usage.full or not usage.writable:
            return Refusal.DISK_FULL
        full = status.counts.pending >= self._max_payloads or status.queue_bytes > self._max_bytes
        return Refusal.QUEUE_FULL if full else None


def _timeless(snapshot: Snapshot) -> Snapshot:
    """Strip the snapshot of what changes just because time goes by."""
    return replace(
        snapshot,
        seq=0,
        as_of=datetime.fromtimestamp(0, UTC),
        agent=replace(snapshot.agent, uptime_s=0.0),
        oldest_age_s=None,
        next_loss_s=None,
        next_attempt_in_s=None,
        partitions=tuple(replace(one, retry_in_s=None) for one in snapshot.partitions),
        capacity=replace(snapshot.capacity, disk_free_bytes=None),
        history=(),
    )


def _shut(around: Circumstances) -> Occurrence:
    why = around.no_room or "the queue is full"
    text = f"Ingest refuses payloads: {why}."
    return Occurrence("error", "ingest_refuses", "ingest", text, fix="Run insights-tui status: it says what helps.")


def _turned(state: State, status: EngineStatus) -> Occurrence:
    causes = [active.trouble for active in status.troubles if active.trouble.code not in INFORMS_ONLY]
    worst = causes[0] if causes and state is not State.CONNECTED else None
    word = state.value.replace("_", " ").upper()
    calm = state in {State.CONNECTED, State.CONNECTING, State.NOT_CONNECTED}
    return Occurrence(
        level="info" if calm else "warning" if state is State.DEGRADED else "error",
        code=f"state_{state.value}",
        subject=worst.subject if worst else "",
        text=f"Delivery is now {word}." if worst is None else f"Delivery is now {word}: {worst.what}",
        fix=worst.act if worst else "",
        raw=worst.raw if worst else "",
    )


def _utc(wall: float | None) -> datetime | None:
    return None if wall is None else datetime.fromtimestamp(wall, UTC)
