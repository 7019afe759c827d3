"""Exit codes (`interface.md`, Command line): what a script may rely on."""

from insights_tui.domain.snapshot import Snapshot, State

FINE = 0
ACT_FAILED = 1
USAGE = 2
NO_CONNECTION = 3
NO_AGENT = 4
NOT_DELIVERING = 5
LOST = 6
CONFIGURATION = 78
INTERRUPTED = 130
"""128 + SIGINT, as shells count."""
BROKEN_PIPE = 141
"""128 + SIGPIPE: the reader of our output went away."""


def of_snapshot(snapshot: Snapshot) -> int:
    """Tell the exit code for a state; where several fit, lost comes first, then no connection."""
    if snapshot.lost_open > 0:
        return LOST
    if snapshot.connection is None:
        return NO_CONNECTION
    if snapshot.state is not State.CONNECTED or snapshot.refusing is not None:
        return NOT_DELIVERING
    return FINE
