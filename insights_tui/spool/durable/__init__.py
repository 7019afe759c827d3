"""The spool on disk: SQLite in epochs, a mark outside the WAL, one writer thread with group commit."""

from insights_tui.spool.durable.limits import SpoolLimits
from insights_tui.spool.durable.spool import DurableSpool

__all__ = ["DurableSpool", "SpoolLimits"]
