"""What is asked before lost payloads are sent again or dropped."""

from insights_tui.domain.lost import LostFilter
from insights_tui.domain.lost_acts import Tally, before_drop, before_redrive
from insights_tui.domain.text import counted, sanitize
from insights_tui.tui.screens.questions import Question
from insights_tui.tui.told_keys import Told


def ask_redrive(found: Tally, left_out: int, which: LostFilter, topic: str | None) -> Question:
    """Say what a redrive takes, what it leaves, and what may be in the topic twice."""
    body = before_redrive(found, topic)
    if left_out:
        body.append(
            f"{counted(left_out, 'other one is', 'other ones are')} left: rejected, or acknowledged late. Filter for"
            " the reason, or mark them, to send them too."
        )
    return Question(
        title=f"Redrive {_so_many(found)}?",
        body=(f"Asked for: {sanitize(which.words, limit=160)}.", *body),
        agree="Redrive",
    )


def ask_drop(found: Tally, without: int, which: LostFilter, told: Told) -> Question:
    """Say what is gone for good then."""
    return Question(
        title=f"Drop {_so_many(found) if found.total else counted(without, 'lost payload')} for good?",
        body=(
            f"Asked for: {sanitize(which.words, limit=160)}.",
            *before_drop(found, without),
            told.words("To keep their values, cancel and press {x}: that exports them."),
        ),
        agree="Drop",
    )


def _so_many(found: Tally) -> str:
    return f"{'at least ' if found.at_least else ''}{counted(found.total, 'lost payload')}"
