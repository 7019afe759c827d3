"""The one sentence an admin needs: pure."""

from collections.abc import Sequence
from datetime import datetime

from insights_tui.domain.check import CheckStep, CheckVerdict, Role, Step, StepState
from insights_tui.domain.connection import Connection
from insights_tui.domain.text import counted, sanitize
from insights_tui.domain.trouble import Code
from insights_tui.kafka.check.limits import CheckLimits
from insights_tui.kafka.check.seen import ServerSeen
from insights_tui.kafka.verify import unusable


def unusable_verdict(connection: Connection, error: Exception) -> CheckVerdict:
    """Say that the connection cannot even be tried."""
    trouble = unusable(connection, error)
    return CheckVerdict("failed", len(connection.servers), 0, trouble.what, trouble.act, trouble.code)


def verdict_of(
    seen: Sequence[ServerSeen], connection: Connection, *, limits: CheckLimits, now: datetime, login: bool
) -> CheckVerdict:
    """Judge what was seen."""
    del limits, now, login
    down = {one.name: one.failure for one in seen if one.failure is not None}
    topical = [
        step
        for one in seen
        for step in one.steps.values()
        if step.state is StepState.FAILED and step.step in (Step.TOPIC, Step.WRITE)
    ]
    failed = len(down) + bool(topical)
    tried = len({one.name for one in seen})
    worst: CheckStep | None = topical[0] if topical else next(iter(down.values()), None)
    if worst is None:
        members = sum(one.role is Role.MEMBER for one in seen)
        sentence = (
            f"All {counted(tried, 'server')} answer, {counted(members, 'member')} of the cluster included, "
            f"and the topic {connection.topic} can be written to."
        )
        return CheckVerdict("ok", 0, tried, sanitize(sentence))
    return CheckVerdict("failed", failed, tried, worst.cause, worst.fix, worst.code or Code.KAFKA_UNREACHABLE)
