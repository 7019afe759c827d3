"""How full the spool is and how fast, for people and for metrics."""

from collections.abc import Iterable

from insights_tui.spool.base import Usage
from insights_tui.spool.durable import folder as places
from insights_tui.spool.durable.store import Store

_ONE_PAYLOAD = 32 * 1024
"""Bytes that a large payload takes: with less room than that it is full, as people understand it."""


def usage_of(store: Store, commits: Iterable[float], paged: int, problem: str) -> Usage:
    """Look at the disk and at the records; `commits` are the latest ones' times in seconds."""
    limits = store.limits
    records = [epoch.record for epoch in list(store.epochs.values())]
    times = sorted(commits)
    try:
        size: int | None = places.size(store.folder)
    except OSError:
        size = None
    free = places.free(store.folder)
    full = ""
    if sum(record.pending_bytes + record.dead_bytes for record in records) > limits.max_bytes - _ONE_PAYLOAD:
        full = "the spool has reached its limit"
    elif free is not None and free < limits.reserve_bytes + _ONE_PAYLOAD:
        full = "the disk is full"
    return Usage(
        bytes=size,
        max_bytes=limits.max_bytes,
        disk_free_bytes=free,
        dead_letters=sum(record.dead for record in records),
        dead_bytes=sum(record.dead_bytes for record in records),
        evicted=sum(record.total("evicted") for record in records),
        paged=paged,
        commit_p50_s=times[len(times) // 2] if times else None,
        commit_p99_s=times[len(times) * 99 // 100] if times else None,
        commit_max_s=times[-1] if times else None,
        writable=not problem,
        problem=problem,
        full=full,
    )
