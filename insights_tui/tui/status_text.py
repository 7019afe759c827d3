"""The state as plain text: what `y` copies into a chat or a ticket."""

from dataclasses import replace

from insights_tui.domain.members import address, members
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import date_time, duration, sanitize, thousands
from insights_tui.tui.frame import Frame
from insights_tui.tui.notices import problems
from insights_tui.tui.panels.status_row import WORDS


def status_text(frame: Frame) -> str:
    """Write state, problems, counts and brokers, sanitised, without any secret."""
    rows: list[str] = []
    snapshot = frame.snapshot
    if snapshot is not None:
        rows += _head(snapshot)
    for problem in problems(frame):
        rows.append(f"! {problem.what}" + (f" (since {problem.since})" if problem.since else ""))
        rows += [f"  {line}" for line in (problem.effect, problem.deadline, problem.act, problem.raw) if line]
    if snapshot is not None:
        rows += _counts(snapshot)
        rows += _brokers(snapshot)
    return "\n".join(rows)


def _head(snapshot: Snapshot) -> list[str]:
    agent = snapshot.agent
    place = sanitize(agent.installation or agent.host, limit=80)
    rows = [f"{WORDS[snapshot.state]}  {place}  as of {date_time(snapshot.as_of)}"]
    if snapshot.refusing is not None:
        rows.append(f"REFUSING new payloads: {snapshot.refusing.value}")
    rows.append(f"agent {sanitize(agent.version)} ({agent.mode}) pid {agent.pid} up {duration(agent.uptime_s)}")
    if snapshot.connection is not None:
        servers = ", ".join(sanitize(server, limit=80) for server in snapshot.connection.bootstrap_servers)
        rows.append(f"to {servers} topic {sanitize(snapshot.connection.topic)}")
    return rows


def _counts(snapshot: Snapshot) -> list[str]:
    counts = snapshot.counts
    verdict = "" if snapshot.balanced else "  DOES NOT ADD UP"
    refused = ", ".join(f"{reason.value} {number:,}" for reason, number in snapshot.refused.items() if number)
    return [
        (
            f"accepted {thousands(counts.accepted)} = queued {thousands(counts.queued)}"
            f" + in flight {thousands(counts.in_flight)} + retrying {thousands(counts.retrying)}"
            f" + delivered {thousands(counts.delivered)} + rejected {thousands(counts.rejected)}"
            f" + expired unsent {thousands(counts.expired_unsent)}"
            f" + expired unknown {thousands(counts.expired_unknown)}"
            f" + damaged {thousands(counts.damaged)}{verdict}"
        ),
        f"lost, not dealt with: {thousands(snapshot.lost_open)}; refused: {refused or 'none'}",
        f"oldest undelivered {duration(snapshot.oldest_age_s)}; next loss in {duration(snapshot.next_loss_s)}",
        f"last payload {date_time(snapshot.last_accepted_at)}; last delivered {date_time(snapshot.last_delivered_at)}",
    ]


def _brokers(snapshot: Snapshot) -> list[str]:
    return [
        (f"broker {broker.id} " if broker.port else "")
        + f"{address(replace(broker, host=sanitize(broker.host, limit=80)))} {broker.state}"
        + (f": {sanitize(broker.last_error)}" if broker.last_error else "")
        for broker in members(snapshot)
    ]
