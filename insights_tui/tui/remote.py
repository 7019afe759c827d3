"""Whether the terminal is far away: then no mouse reports and nothing that moves."""

from collections.abc import Mapping


def over_ssh(environ: Mapping[str, str]) -> bool:
    """Tell whether this session came in over SSH."""
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
