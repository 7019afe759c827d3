"""What is near and what is far: the terminal, and the agent."""

import os
from collections.abc import Mapping

from insights_tui.domain.snapshot import Snapshot


def over_ssh(environ: Mapping[str, str]) -> bool:
    """Tell whether this session came in over SSH: then no mouse reports and nothing that moves."""
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))


def ends_with_us(snapshot: Snapshot) -> bool:
    """Tell whether the agent lives in this process: another screen's agent ends with that screen."""
    return snapshot.agent.mode == "embedded" and snapshot.agent.pid == os.getpid()
