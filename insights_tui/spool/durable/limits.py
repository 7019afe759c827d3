"""How much the spool may hold, and how long it may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """Bytes, seconds and counts; the defaults are those of `interface.md`."""

    max_bytes: int = 2 * 1024**3
    """Of all payloads, pending and dead; beyond it nothing is accepted."""
    dead_bytes: int = 512 * 1024**2
    """Of dead letters: beyond it the oldest bodies go, counted."""
    window_payloads: int = 20_000
    """Payloads that the engine holds in memory; the rest is paged."""
    window_bytes: int = 32 * 1024**2
    commit_timeout_s: float = 1.0
    """A commit slower than this is answered `CommitTimeoutError`."""
    probe_s: float = 0.5
    """How often it tries again while it cannot write."""
    reserve_bytes: int = 4 * 1024**2
    """Free disk that accepting leaves alone, so that outcomes can still be written."""
    page_rows: int = 1000
    """Rows that background work reads at a time, between two commits."""
    fold_rows: int = 2000
    """Dead letters that a drained epoch may bring along; with more of them it stays until they are fewer."""
    rotate_bytes: int = 64 * 1024**2
    """A file that is larger and drained makes room on disk by way of a new epoch."""
