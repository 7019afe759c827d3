"""What the last test of the form was about, and what follows from it."""

from dataclasses import dataclass, replace

from insights_tui.domain.check import CheckVerdict
from insights_tui.domain.refused import FieldError
from insights_tui.domain.trouble import About
from insights_tui.tui.connection_form.values import Values

CHANGED = "The fields have changed since this test. {ctrl+t} tests them as they are now."


@dataclass(slots=True)
class Tested:
    """One test: the fields as they were, and how it ended."""

    values: Values | None = None
    verdict: CheckVerdict | None = None
    asked: bool = False
    """Whether somebody was asked about connecting all the same."""

    def ended(self, verdict: CheckVerdict | None) -> "Tested":
        """Take the verdict; `None` where the test was stopped."""
        return replace(self, verdict=verdict)

    @property
    def good(self) -> bool:
        """Whether nothing failed."""
        return self.verdict is not None and self.verdict.verdict == "ok"

    @property
    def told(self) -> tuple[FieldError, ...]:
        """The sentence of a test that failed, with its repair."""
        if self.verdict is None or self.good:
            return ()
        code = self.verdict.code.value if self.verdict.code is not None else "check_failed"
        return (FieldError(code, self.verdict.sentence, self.verdict.fix),)

    @property
    def about(self) -> About | None:
        """What the repair is to be made of, where it is of the connection."""
        return self.verdict.about if self.verdict is not None else None

    def asks(self, values: Values) -> bool:
        """Whether connecting with these fields wants a question first: once after each test that failed."""
        if not self.told or self.asked or values != self.values:
            return False
        self.asked = True
        return True

    def remark(self, values: Values) -> str:
        """Say that the test is about other fields than these."""
        return CHANGED if self.values is not None and values != self.values else ""
