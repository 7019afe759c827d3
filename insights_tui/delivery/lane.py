"""A lane: one partition of the topic, with at most one request under way."""

from insights_tui.delivery.batch import Batch


class Lane:
    """One partition as the producer task sees it."""

    __slots__ = ("batch", "failures", "id", "leader", "retry_at")

    def __init__(self, number: int) -> None:
        self.id = number
        self.leader: int | None = None
        """The broker that leads it; `None` where nobody does."""
        self.batch: Batch | None = None
        """What is under way."""
        self.failures = 0
        """In a row."""
        self.retry_at = 0.0
        """Not before this time of the loop's clock."""
