"""What has changed under the screen: another agent, another version, another connection."""

from datetime import timedelta

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import clock_time, counted, sanitize, thousands


def changes(before: Snapshot | None, after: Snapshot) -> str:
    """Say what a person must know was changed by others; empty where nothing was."""
    if before is None:
        return ""
    words = [*_agent(before, after), *_connection(before, after)]
    return " ".join(words)


def _agent(before: Snapshot, after: Snapshot) -> list[str]:
    was, now = before.agent, after.agent
    if was.id == now.id:
        return []
    if (was.installation, was.host) != (now.installation, now.host):
        here, gone = (sanitize(one.installation or one.host, limit=40) for one in (now, was))
        return [f"Another agent answers here now: {here}; it was {gone}."]
    began = clock_time(after.as_of - timedelta(seconds=now.uptime_s))  # no age: this line stays until it is dismissed
    words = [f"The agent was restarted at {began}; {_kept(before, after)}."]
    if was.version != now.version:
        words.append(f"It was {sanitize(was.version, limit=40)} and is {sanitize(now.version, limit=40)} now.")
    return words


def _kept(before: Snapshot, after: Snapshot) -> str:
    """Tell what became of the payloads that waited, as far as the two ledgers tell."""
    if after.counts.accepted < before.counts.accepted:
        return f"its counts begin anew, and {counted(before.counts.pending, 'payload')} that waited may be gone"
    lost = after.counts.lost - before.counts.lost
    fate = f"{thousands(lost)} lost meanwhile" if lost > 0 else "none lost meanwhile"
    return f"{counted(after.counts.pending, 'payload waits', 'payloads wait')}, {fate}"


def _connection(before: Snapshot, after: Snapshot) -> list[str]:
    old, new = before.connection, after.connection
    if new is None:
        return ["Connection deleted. New payloads wait until there is another one."] if old is not None else []
    if old is not None and old.revision == new.revision:
        return []
    who, topic = sanitize(new.changed_by, limit=40), sanitize(new.topic, limit=60)
    return [f"Connection saved by {who}: topic {topic}."]
