"""What the event log says about the agent itself: that it started, how the one before it ended, that it stops."""

from insights_tui.agent.event_file import SET_ASIDE, Before
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.text import date_time, thousands

STOPPED = "stopped"


def started(before: Before, pending: int) -> list[Occurrence]:
    """Tell a start; what the log of before lacks or leaves open is told first. `pending`: payloads that were found."""
    told = []
    if before.damage:
        text = f"A part of the event log could not be read: {before.damage}. It is kept as {SET_ASIDE}."
        told.append(Occurrence("warning", "events_damaged", "", text, "Look whether the disk is failing."))
    last = before.events[-1] if before.events else None
    if before.alive_at is not None and last is not None and last.code != STOPPED:
        text = f"The agent before this one ended without a stop; it was last alive at {date_time(before.alive_at)}."
        fix = "Look into the system's journal for what ended it: out of memory, kill -9, power."
        told.append(Occurrence("warning", "killed", "", f"{text} {_found(pending)}", fix))
    told.append(Occurrence("info", "started", "", f"The agent started. {_found(pending)}"))
    return told


def stopped(pending: int, *, durable: bool) -> Occurrence:
    """Tell a stop that was asked for; `pending`: payloads that are left, which only a `durable` spool keeps."""
    text = "The agent stopped as it was told to."
    if not pending:
        return Occurrence("info", STOPPED, "", text)
    if durable:
        return Occurrence("info", STOPPED, "", f"{text} {_payloads(pending)} on disk and sent when it starts again.")
    fix = "With durability full they are kept on disk."
    return Occurrence("warning", STOPPED, "", f"{text} {_payloads(pending)} gone with it: durability is memory.", fix)


def _found(pending: int) -> str:
    return f"{_payloads(pending)} found waiting." if pending else "No payload was waiting."


def _payloads(count: int) -> str:
    return "1 payload is" if count == 1 else f"{thousands(count)} payloads are"
