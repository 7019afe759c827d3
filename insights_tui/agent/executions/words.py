"""What is said about executions that cannot go on as asked."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from insights_tui.agent.executions.ops import EndedError, FullError, NotWrittenError
from insights_tui.domain.execution import CLOSED_KEPT_S, SILENCE_S
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.refused import FieldError
from insights_tui.domain.report import Names
from insights_tui.domain.text import spell

NOTED = 1000
"""Metrics remembered so that each is noted once."""
_SHOWN = 80
BEING_ENDED = FieldError(
    "commit_timeout", "The execution is being ended, and the disk takes its time.", "Finish it again in a moment."
)
_FULL = FieldError(
    "executions_full",
    "As many executions are open as may be; this one was not begun.",
    "Finish those that have ended, or wait: after ten minutes of silence they are published by themselves.",
)
_ENDED = FieldError(
    "execution_finished", "This execution has ended; the report was not taken in.", "Report before it is finished."
)
_UNKNOWN = FieldError(
    "unknown_execution",
    "There is no such execution, or it ended some time ago.",
    f"Begin one with POST /v1/runs; one that ended is remembered for {CLOSED_KEPT_S:.0f} s.",
)


class Answer(NamedTuple):
    """How an error is answered."""

    status: int
    error: FieldError
    reason: Refusal
    retry_after_s: int | None = None


def answer(error: Exception) -> Answer:
    """Say what a call about an execution ran into."""
    if isinstance(error, FullError):
        return Answer(429, _FULL, Refusal.QUEUE_FULL, 5)
    if isinstance(error, EndedError):
        return Answer(409, _ENDED, Refusal.INVALID)
    if isinstance(error, NotWrittenError):
        wrong = FieldError(
            "disk_full",
            f"Executions cannot be written: {error}.",
            "Free disk space in the state directory, or look at the disk; then send it again.",
        )
        return Answer(507, wrong, Refusal.DISK_FULL, 10)
    return Answer(404, _UNKNOWN, Refusal.INVALID)


def unfinished(names: Names, count: int) -> Occurrence:
    """Tell that executions were never finished."""
    algorithm = spell(f"{names.owner}/{names.name}", limit=80)
    many = f"{count} executions were" if count > 1 else "An execution was"
    return Occurrence(
        "warning",
        "execution_unfinished",
        algorithm,
        f"{many} not finished within {SILENCE_S / 60:.0f} min of silence; published without a duration ({algorithm}).",
        "Call finish when an execution ends, also where it fails.",
    )


def damaged(what: str) -> Occurrence:
    """Tell that executions on disk could not be read."""
    return Occurrence("error", "executions_damaged", "executions.db", what, "Check the disk of the state directory.")


class Replaced:
    """Notes once for each metric of an algorithm that executions report it twice."""

    def __init__(self, note: Callable[[Occurrence], None]) -> None:
        self._note = note
        self._said: set[tuple[str, str, str]] = set()

    def say(self, names: Names, metrics: Sequence[str]) -> None:
        """Note those that were not noted yet."""
        for metric in metrics:
            key = (names.owner, names.name, metric[:_SHOWN])
            if key in self._said or len(self._said) >= NOTED:
                continue
            self._said.add(key)
            algorithm, shown = spell(f"{names.owner}/{names.name}", limit=80), spell(metric, limit=_SHOWN)
            text = f"Metric {shown} of {algorithm} is reported more than once in an execution: the last value counts."
            fix = "Report it once, or under names of their own."
            self._note(Occurrence("info", "metric_replaced", f"{algorithm} {shown}", text, fix))
