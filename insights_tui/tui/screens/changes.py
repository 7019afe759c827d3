"""What has changed under the screen: another agent, another version, another connection."""

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import clock_time, sanitize


def changes(before: Snapshot | None, after: Snapshot) -> str:
    """Say what a person must know was changed by others; empty where nothing was."""
    if before is None:
        return ""
    words = [*_agent(before, after), *_connection(before, after)]
    return " ".join(words)


def _agent(before: Snapshot, after: Snapshot) -> list[str]:
    if before.agent.id == after.agent.id:
        return []
    words = [f"The agent was restarted; this is the new one, seen first at {clock_time(after.as_of)}."]
    if before.agent.version != after.agent.version:
        words.append(f"It was {sanitize(before.agent.version)} and is {sanitize(after.agent.version)} now.")
    return words


def _connection(before: Snapshot, after: Snapshot) -> list[str]:
    old, new = before.connection, after.connection
    if new is None:
        return ["Connection deleted. New payloads wait until there is another one."] if old is not None else []
    if old is not None and old.revision == new.revision:
        return []
    who, topic = sanitize(new.changed_by, limit=40), sanitize(new.topic, limit=60)
    return [f"Connection saved by {who}: topic {topic}."]
