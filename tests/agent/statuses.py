"""Engine statuses for tests: a healthy one, changed field by field."""

from dataclasses import replace
from typing import Any

from insights_tui.delivery.status import ActiveTrouble, EngineStatus, Link
from insights_tui.domain.clock import Moment
from insights_tui.domain.snapshot import Counts, Latency
from insights_tui.domain.trouble import Code, Trouble

NOW = Moment(wall=1_795_000_000.0, boot=5_000.0)


def status(**changes: Any) -> EngineStatus:
    healthy = EngineStatus(
        at=NOW,
        counts=Counts(accepted=10, delivered=10),
        lost_open=0,
        late_acks=0,
        redriven=0,
        oldest_age_s=None,
        next_loss_s=None,
        longest_unanswered_s=None,
        last_accepted_at=NOW.wall,
        last_delivered_at=NOW.wall,
        latency=Latency(),
        link=Link(phase="up", since=NOW),
        troubles=(),
        brokers=(),
        partitions=(),
        queue_bytes=0,
    )
    return replace(healthy, **changes)


def trouble(code: Code, subject: str = "kafka-2:9093") -> ActiveTrouble:
    return ActiveTrouble(Trouble(code=code, subject=subject, what="It broke.", act="Mend it."), since=NOW)
