"""Why the engine takes nothing more, as an answer to a person: what happened, what helps, which status."""

from insights_tui.delivery.engine import EngineClosedError
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.spool.base import CommitTimeoutError, QueueFullError, SpoolFullError

NOT_TAKEN = (QueueFullError, SpoolFullError, CommitTimeoutError, EngineClosedError)
"""What accepting and redriving raise."""


def not_taken(error: Exception, before: str) -> RefusedError:
    """Put one of `NOT_TAKEN` into words, after what there is to say before: `Nothing redriven:`."""
    if isinstance(error, QueueFullError):
        hint = "Do it again once Kafka has taken some, or raise INSIGHTS_QUEUE__MAX_PAYLOADS."
        return _refused("queue_full", f"{before} the queue is full.", hint, 429)
    if isinstance(error, SpoolFullError):
        hint = "Free disk space in the state directory, or raise INSIGHTS_SPOOL__MAX_BYTES; then do it again."
        return _refused("disk_full", f"{before} there is no room in the spool.", hint, 507)
    if isinstance(error, CommitTimeoutError):
        hint = "Look at what became of it before you do it again, and at the disk of the state directory."
        return _refused("commit_timeout", f"{before} a commit took too long; it may still count.", hint, 503)
    return _refused("stopping", f"{before} the agent is stopping.", "Do it again once it runs.", 503)


def _refused(code: str, message: str, hint: str, status: int) -> RefusedError:
    return RefusedError((FieldError(code, message, hint),), status=status)
