"""A broker as we have seen it."""

from typing import Literal

from insights_tui.domain.clock import Moment
from insights_tui.domain.connection import Server
from insights_tui.domain.trouble import Trouble


class Node:
    """One member of the cluster: whether it can be reached, since when, and what was wrong last."""

    __slots__ = (
        "connecting",
        "failures",
        "id",
        "last_error",
        "listed_until",
        "retry_at",
        "rtt_s",
        "server",
        "since",
        "state",
        "trouble",
        "wanted",
    )

    def __init__(self, number: int, server: Server) -> None:
        self.id = number
        self.server = server
        self.state: Literal["up", "down", "unknown"] = "unknown"
        self.since: Moment | None = None
        self.rtt_s: float | None = None
        self.last_error: str | None = None
        self.trouble: Trouble | None = None
        """What is wrong just now; `None` while it is up or was never tried."""
        self.failures = 0
        self.retry_at = 0.0
        """Not before this time of the loop's clock."""
        self.connecting = False
        self.wanted = False
        """Whether we keep a connection: it leads a partition, or it was connected before."""
        self.listed_until: float | None = None
        """When the cluster stopped listing it, on the loop's clock; `None` while it does."""

    def up(self, now: Moment) -> bool:
        """Note that it answers; tell whether that is news."""
        news = self.state == "down"
        if self.state != "up":
            self.state, self.since = "up", now
        self.failures, self.retry_at, self.trouble = 0, 0.0, None
        return news

    def down(self, trouble: Trouble, now: Moment, retry_at: float) -> bool:
        """Note that it cannot be reached; tell whether that is news."""
        news = self.state != "down"
        if news:
            self.state, self.since = "down", now
        self.failures += 1
        self.retry_at = retry_at
        self.trouble = trouble
        self.last_error = trouble.what
        return news
