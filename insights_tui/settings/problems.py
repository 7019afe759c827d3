"""What is wrong with the settings, all of it at once, in words that a person can act on."""

from dataclasses import dataclass

from insights_tui.domain.text import sanitize


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """One setting that does not hold."""

    source: str
    """Where it stands: the path of the file, `environment`, `command line`."""
    key: str
    """Its name as it is written there: `delivery.deadline_s`, `INSIGHTS_DELIVERY__DEADLINE_S`, `--socket`."""
    message: str
    repair: str = ""

    @property
    def text(self) -> str:
        """All of it in one line."""
        subject = f"{self.source}, {self.key}: " if self.key else f"{self.source}: "
        return sanitize(f"{subject}{self.message} {self.repair}".rstrip(), limit=1_000)


class SettingsError(Exception):
    """The settings do not hold (exit code 78); carries every problem."""

    def __init__(self, problems: tuple[SettingProblem, ...]) -> None:
        super().__init__("\n".join(problem.text for problem in problems))
        self.problems = problems
