"""What the engine raises to whoever hands payloads in."""

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.trouble import Trouble


class EngineClosedError(Exception):
    """The engine is stopping and accepts nothing more."""


class DeliveryFailedError(Exception):
    """A payload that somebody waited for was lost."""

    def __init__(self, outcome: Outcome, reason: str, trouble: Trouble | None) -> None:
        super().__init__(reason or outcome.value)
        self.outcome = outcome
        self.reason = reason
        self.trouble = trouble
        """What was wrong when it was lost, where that is known."""
