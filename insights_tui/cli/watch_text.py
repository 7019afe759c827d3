"""What `status --watch` says: one line when something turned, for a log, a screen reader or a pager."""

import re
from datetime import datetime, timedelta

from insights_tui.cli.output import clean
from insights_tui.cli.status_text import headline
from insights_tui.domain.members import members
from insights_tui.domain.snapshot import Problem, Snapshot
from insights_tui.domain.text import clock_time

_FIGURES = re.compile(r"\d[\d.,]*")


def watch_line(snapshot: Snapshot, before: Snapshot | None = None) -> str:
    """Say the whole state in one line, the most important first; `before` is what the last line told of."""
    counts = snapshot.counts
    words = [headline(snapshot)]
    words += [_problem(problem) for problem in snapshot.problems]
    if before is not None:
        stand = {_subject(problem) for problem in snapshot.problems}
        words += [f"over: {clean(problem.what)}" for problem in before.problems if _subject(problem) not in stand]
    if snapshot.problems and counts.pending and snapshot.next_loss_s is not None:
        wait = "1 payload waits" if counts.pending == 1 else f"{counts.pending:,} payloads wait"
        words.append(f"{wait}, the next is lost at {clock_time(_after(snapshot, snapshot.next_loss_s))}")
    if snapshot.next_attempt_in_s is not None:
        words.append(f"next try by itself at {clock_time(_after(snapshot, snapshot.next_attempt_in_s))}")
    if brokers := members(snapshot):
        up = sum(broker.state == "up" for broker in brokers)
        words.append(f"brokers {up} of {len(brokers)} up")
    words += [
        f"accepted {counts.accepted:,}",
        f"pending {counts.pending:,}",
        f"delivered {counts.delivered:,}",
        f"lost {snapshot.lost_open:,}",
    ]
    refused = sum(snapshot.refused.values())
    if refused:
        words.append(f"refused {refused:,}")
    if counts.accepted and not counts.balanced:
        words.append("the equation does not add up")
    if snapshot.last_accepted_at is None:
        words.append("no payload came in since the agent's start" if counts.accepted else "no payload came in yet")
    return " | ".join(words)


def matters(snapshot: Snapshot) -> tuple[object, ...]:
    """Give what a new line is due for at once: all but counts and times, which go on by themselves."""
    return (
        headline(snapshot),
        tuple((_subject(problem), _FIGURES.sub("#", f"{problem.what} {problem.act}")) for problem in snapshot.problems),
        tuple((broker.id, broker.state) for broker in members(snapshot)),
        bool(snapshot.lost_open),
        snapshot.connection and snapshot.connection.revision,
        snapshot.agent.id,
        snapshot.counts.balanced,
    )


def moves(snapshot: Snapshot) -> tuple[object, ...]:
    """Give the counts: what has moved is told, though not each second."""
    return (snapshot.counts, snapshot.lost_open, tuple(snapshot.refused.values()))


def _problem(problem: Problem) -> str:
    said = (problem.what, problem.effect, problem.act)
    return f"{problem.severity} since {clock_time(problem.since)}: {' '.join(clean(one) for one in said if one)}"


def _subject(problem: Problem) -> tuple[str, str]:
    return problem.code, problem.subject


def _after(snapshot: Snapshot, seconds: float) -> datetime:
    return snapshot.as_of + timedelta(seconds=seconds)
