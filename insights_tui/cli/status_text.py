"""The state in words for a terminal, a log or a screen reader: lines of `name: value`, no boxes, no colour."""

from datetime import datetime

from insights_tui.cli.output import clean
from insights_tui.domain.members import address, members
from insights_tui.domain.snapshot import Broker, Counts, Problem, Snapshot, State
from insights_tui.domain.text import bytes_, clock_time, counted, date_time, duration, latency, rate, thousands

_WIDTH = 15
_LISTED, _EVENTS = 8, 3
"""Partitions and events that are named."""


def state_word(state: State) -> str:
    """Write a state as every surface does: `NOT CONNECTED`."""
    return state.value.replace("_", " ").upper()


def lines(snapshot: Snapshot) -> list[str]:
    """Say everything a person needs, the most important first."""
    said = [_line("State", headline(snapshot))]
    for problem in snapshot.problems:
        said += _problem(problem, snapshot.as_of)
    if snapshot.next_attempt_in_s is not None:
        said.append(_line("Next try", f"by itself, in {duration(snapshot.next_attempt_in_s)}"))
    said += _payloads(snapshot)
    said += _executions(snapshot)
    said += _connection(snapshot)
    said += _brokers(snapshot)
    said += _partitions(snapshot)
    said += _events(snapshot)
    said.append(_line("Agent", _agent(snapshot)))
    if snapshot.ingest_url is not None:
        said.append(_line("Reports to", clean(snapshot.ingest_url)))
    said.append(_line("As of", date_time(snapshot.as_of)))
    return said


def headline(snapshot: Snapshot) -> str:
    """Say the state, and whether payloads are refused, in capitals as the screen does."""
    word = state_word(snapshot.state)
    if snapshot.refusing is not None:
        word += f", REFUSING payloads ({snapshot.refusing.value.replace('_', ' ')})"
    if snapshot.agent.mode == "demo":
        word += " (DEMO)"
    return word


def equation(counts: Counts) -> str:
    """Write the equation out and say whether it holds."""
    verdict = "✓" if counts.balanced else "✗ does not add up: please report this"
    return (
        f"accepted {counts.accepted:,} = queued {counts.queued:,} + in flight {counts.in_flight:,}"
        f" + retrying {counts.retrying:,} + delivered {counts.delivered:,} + rejected {counts.rejected:,}"
        f" + expired unsent {counts.expired_unsent:,} + expired unknown {counts.expired_unknown:,}"
        f" + damaged {counts.damaged:,} {verdict}"
    )


def _line(name: str, value: str) -> str:
    return f"{name + ':':<{_WIDTH}}{value}"


def _problem(problem: Problem, now: datetime) -> list[str]:
    said = [
        _line("Problem", f"({problem.severity}, {_since(problem.since, now)}) {clean(problem.what)}"),
        _line("  effect", clean(problem.effect)),
        _line("  do", clean(problem.act)),
    ]
    if problem.raw:
        said.append(_line("  raw", clean(problem.raw)))
    return said


def _since(since: datetime, now: datetime) -> str:
    return f"since {clock_time(since)}, {duration((now - since).total_seconds())}"


def _connection(snapshot: Snapshot) -> list[str]:
    view = snapshot.connection
    if view is None:
        return [_line("Connection", "none: connect with `insights-tui connect`")]
    total, how = snapshot.partition_count, "unencrypted"
    if view.sasl_mechanism is not None:
        how = f"{view.sasl_mechanism} over TLS as {view.username}"
    said = [
        _line("Topic", clean(view.topic) + (f" ({counted(total, 'partition')})" if total is not None else "")),
        _line("Servers", clean(f"{', '.join(view.bootstrap_servers)} ({how})")),
    ]
    if view.ca is not None:
        left = _days(view.ca.expires, snapshot.as_of)
        said.append(_line("CA", clean(f"{view.ca.subject}, expires {view.ca.expires:%Y-%m-%d}, {left}")))
    if view.password_source is not None:
        said.append(_line("Password", clean(view.password_source)))
    said.append(_line("Changed", clean(f"{date_time(view.changed_at)} by {view.changed_by}, revision {view.revision}")))
    return said


def _days(expires: datetime, now: datetime) -> str:
    left = (expires - now).days
    return "it has expired" if left < 0 else f"{counted(left, 'day')} left"


def _payloads(snapshot: Snapshot) -> list[str]:
    counts = snapshot.counts
    said = [
        _line("Payloads", equation(counts)),
        _line("Lost", f"{_lost(snapshot)} ({_lost_parts(counts)})"),
        _line("Oldest", _oldest(snapshot)),
        _line("Queue", _room(snapshot)),
        _line("Last payload", _ago(snapshot.last_accepted_at, snapshot.as_of)),
        _line("Last delivery", _ago(snapshot.last_delivered_at, snapshot.as_of)),
        _line(
            "Rate", f"accepted {rate(snapshot.rates.accepted_per_s)}, delivered {rate(snapshot.rates.delivered_per_s)}"
        ),
        _line(
            "Latency",
            f"p50 {latency(snapshot.latency.p50)}, p99 {latency(snapshot.latency.p99)},"
            f" max {latency(snapshot.latency.max)}",
        ),
    ]
    refused = {reason.value.replace("_", " "): count for reason, count in snapshot.refused.items() if count}
    if refused:
        parts = ", ".join(f"{reason} {count:,}" for reason, count in refused.items())
        said.append(_line("Refused", f"{sum(refused.values()):,} ({parts})"))
    return said


def _executions(snapshot: Snapshot) -> list[str]:
    still, left = snapshot.executions_open, snapshot.executions_unfinished
    if not still and not left:
        return []
    open_ = "open: not known" if still is None else f"{still:,} open"
    return [_line("Executions", open_ + (f", {left:,} published because nobody finished them" if left else ""))]


def _lost(snapshot: Snapshot) -> str:
    late = f", {snapshot.late_acks:,} of them acknowledged late" if snapshot.late_acks else ""
    redriven = f", {snapshot.redriven:,} redriven" if snapshot.redriven else ""
    return f"{thousands(snapshot.lost_open)} open{late}{redriven}"


def _lost_parts(counts: Counts) -> str:
    return (
        f"rejected {counts.rejected:,}, expired unsent {counts.expired_unsent:,},"
        f" expired unknown {counts.expired_unknown:,}, damaged {counts.damaged:,}"
    )


def _oldest(snapshot: Snapshot) -> str:
    if not snapshot.counts.pending:
        return "nothing waits"
    wait = "1 payload waits" if snapshot.counts.pending == 1 else f"{snapshot.counts.pending:,} payloads wait"
    oldest, left = duration(snapshot.oldest_age_s), duration(snapshot.next_loss_s)
    return f"{wait}, the oldest {oldest} old; the next is lost in {left}"


def _room(snapshot: Snapshot) -> str:
    room = snapshot.capacity
    said = f"{room.queue_payloads:,} of {room.queue_max_payloads:,} payloads at most"
    if room.spool_bytes is not None and room.spool_max_bytes is not None:
        said += f"; {bytes_(room.spool_bytes)} of {bytes_(room.spool_max_bytes)} on disk"
    return said + (f", {bytes_(room.disk_free_bytes)} of the disk free" if room.disk_free_bytes is not None else "")


def _ago(at: datetime | None, now: datetime) -> str:
    return "none yet" if at is None else f"{date_time(at)}, {duration((now - at).total_seconds())} ago"


def _brokers(snapshot: Snapshot) -> list[str]:
    brokers = members(snapshot)
    if not brokers:
        return [_line("Brokers", "not known")]
    up = sum(broker.state == "up" for broker in brokers)
    said = [_line("Brokers", f"{up} of {len(brokers)} up")]
    said += [_line("  not up", _broker(broker)) for broker in brokers if broker.state != "up"]
    said += [_line("  up", _broker(broker)) for broker in brokers if broker.state == "up"]
    return said


def _partitions(snapshot: Snapshot) -> list[str]:
    waiting = [part for part in snapshot.partitions if part.state != "ok"]
    if not snapshot.partitions:
        return []
    said = [
        _line("Partitions", f"{len(snapshot.partitions) - len(waiting)} of {len(snapshot.partitions)} take payloads")
    ]
    for part in waiting[:_LISTED]:
        why = "has no leader" if part.leader is None else f"waits for broker {part.leader}"
        again = f", next try in {duration(part.retry_in_s)}" if part.retry_in_s is not None else ""
        said.append(_line("  waits", f"partition {part.id} {why}{again}"))
    if len(waiting) > _LISTED:
        said.append(_line("  waits", f"{len(waiting) - _LISTED} more"))
    return said


def _events(snapshot: Snapshot) -> list[str]:
    newest = sorted(snapshot.events, key=lambda event: (event.at, event.seq))[-_EVENTS:]
    return [
        _line("Event", clean(f"{clock_time(event.at)} {event.level}: {event.text}") + _times(event.count))
        for event in reversed(newest)
    ]


def _times(count: int) -> str:
    return f" ({count:,} times)" if count > 1 else ""


def _broker(broker: Broker) -> str:
    since = f" since {clock_time(broker.since)}" if broker.since is not None else ""
    if broker.state == "up":
        return clean(f"{address(broker)}{since}, answered in {latency(broker.rtt_s)}")
    error = f": {broker.last_error}" if broker.last_error else ""
    return clean(f"{address(broker)} {broker.state}{since}{error}")


def _agent(snapshot: Snapshot) -> str:
    agent = snapshot.agent
    of = f" of {agent.installation}" if agent.installation else ""
    stops = ", stops with its screen" if agent.mode == "embedded" else ""
    return clean(
        f"{agent.mode}{of} on {agent.host}, process {agent.pid}, up {duration(agent.uptime_s)},"
        f" version {agent.version}, durability {snapshot.capacity.durability}{stops}"
    )
