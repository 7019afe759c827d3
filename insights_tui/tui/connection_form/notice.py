"""What a change of the topic means for the payloads that wait."""

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import counted


def pending_notice(snapshot: Snapshot, topic: str) -> str:
    """Say how many payloads will go to the topic that is typed, where that is news; else nothing."""
    pending, topic = snapshot.counts.pending, topic.strip()
    if not pending:
        return ""
    waiting = f"{counted(pending, 'payload is', 'payloads are')} waiting"
    if snapshot.connection is None:
        return f"{waiting}; {'it' if pending == 1 else 'they'} will go to this topic."
    if not topic or topic == snapshot.connection.topic:
        return ""
    return (
        f"{waiting}; {'it' if pending == 1 else 'they'} will go to {topic}, no longer to {snapshot.connection.topic}."
    )
