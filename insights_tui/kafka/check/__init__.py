"""The connection check: every bootstrap server and every member, step by step, and the one sentence at the end."""

from insights_tui.kafka.check.limits import CheckLimits
from insights_tui.kafka.check.run import check, explain

__all__ = ["CheckLimits", "check", "explain"]
