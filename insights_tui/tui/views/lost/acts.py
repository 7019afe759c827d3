"""What is done about lost payloads: counted first, asked, then done; the view says how it went."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from insights_tui.client.protocol import AgentUnavailableError, LostApi
from insights_tui.domain.lost import LostFilter, for_redrive
from insights_tui.domain.lost_acts import tally, without_value
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.text import counted
from insights_tui.tui.screens.questions import Question
from insights_tui.tui.told_keys import Told
from insights_tui.tui.views.lost.export import export
from insights_tui.tui.views.lost.questions import ask_drop, ask_redrive

FAILURES = (AgentUnavailableError, RefusedError, TimeoutError, OSError)
"""What an act may end with."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An act that waits for a yes; without a question there is nothing to do, and `nothing` says why."""

    which: LostFilter
    everything: bool
    question: Question | None
    nothing: str = ""


async def plan_redrive(client: LostApi, which: LostFilter, topic: str | None) -> Asked:
    """Count what a redrive takes, and put it into words."""
    try:
        narrowed = for_redrive(which, everything=False)
    except ValueError as error:
        return Asked(which, everything=False, question=None, nothing=str(error))
    taken = await tally(client.lost(narrowed))
    if not taken.total:
        nothing = f"No lost payload to redrive ({narrowed.words}). Rejected ones: filter for rejected, or mark them."
        return Asked(which, everything=False, question=None, nothing=nothing)
    every = await tally(client.lost(which)) if not taken.at_least else taken
    question = ask_redrive(taken, max(0, every.total - taken.total), narrowed, topic)
    return Asked(which, everything=False, question=question)


async def plan_drop(client: LostApi, which: LostFilter, told: Told, *, lost_open: int = 0, damaged: int = 0) -> Asked:
    """Count what dropping takes, and put it into words; `lost_open` and `damaged` are the ledger's."""
    found = await tally(client.lost(which))
    without = without_value(which, found, lost_open, damaged)
    if not found.total and not without:
        return Asked(which, everything=which.empty, question=None, nothing="No lost payload to drop.")
    return Asked(which, everything=which.empty, question=ask_drop(found, without, which, told))


async def do_redrive(client: LostApi, asked: Asked) -> str:
    """Redrive; tell how it went."""
    done = await client.redrive(asked.which, everything=asked.everything)
    return f"{counted(done.redriven, 'payload')} redriven; {_open(done.lost_open)}."


async def do_drop(client: LostApi, asked: Asked) -> str:
    """Drop; tell how it went."""
    done = await client.drop(asked.which, everything=asked.everything)
    return f"{counted(done.dropped, 'lost payload')} dropped; {_open(done.lost_open)}."


async def do_export(client: LostApi, which: LostFilter, now: datetime, progress: Callable[[int], object]) -> str:
    """Write them with their values into a file in the home folder; tell where it is."""
    folder = _home()
    try:
        path, count = await export(client.lost(which, values=True), folder, now=now, progress=progress)
    except TimeoutError:  # the agent's, though Python calls it an OSError
        raise
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        words = f"No file can be written in {folder}: {why}. Elsewhere: insights-tui lost export > FILE."
        raise OSError(words) from error
    return f"{counted(count, 'lost payload')} exported with values to {path}."


def reason_of(error: Exception) -> str:
    """Give cause and repair of a failure."""
    if isinstance(error, RefusedError):
        return " ".join(f"{one.message} {one.hint}".strip() for one in error.errors)
    if isinstance(error, AgentUnavailableError):
        return f"{error} {error.hint}".strip()
    return str(error) or "No answer came in time."


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # no home at all
        return Path.cwd()


def _open(count: int) -> str:
    return f"{counted(count, 'lost payload')} open" if count else "none is open any more"
