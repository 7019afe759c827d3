"""What the form's workers post: they never touch widgets."""

from textual.message import Message

from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.refused import FieldError
from insights_tui.tui.connection_form.attempt import Answer


class Asked(Message):
    """The fields hold, and the agent was asked."""


class TestBegun(Message):
    """The fields hold, and the agent was asked to test the connection."""

    __test__ = False  # no test of ours

    def __init__(self, servers: tuple[str, ...]) -> None:
        super().__init__()
        self.servers = servers


class StepEnded(Message):
    """A step of a test has ended, or all of it."""

    def __init__(self, item: CheckStep | CheckVerdict) -> None:
        super().__init__()
        self.item = item


class Loaded(Message):
    """The saved connection has come."""

    def __init__(self, saved: SavedConnection | None) -> None:
        super().__init__()
        self.saved = saved
        """`None` where it was deleted meanwhile."""


class LoadFailed(Message):
    """The saved connection could not be read."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class ReferenceSeen(Message):
    """Somebody looked where a reference to a password points."""

    def __init__(self, reference: str, missing: FieldError | None) -> None:
        super().__init__()
        self.reference = reference
        self.missing = missing
        """Why there is no password; `None` where there is one."""


class CaRead(Message):
    """A file was looked at."""

    def __init__(self, path: str, result: str | FieldError | None) -> None:
        super().__init__()
        self.path = path
        self.result = result
        """PEM text, or why there is none."""
