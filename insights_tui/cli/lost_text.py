"""Lost payloads in words: a line each, and one in full."""

from insights_tui.cli.output import clean
from insights_tui.domain.answers import LostPayload
from insights_tui.domain.lost import reason_word
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.text import bytes_, counted, date_time, duration, sanitize

_WIDTH = 15
_REASON = max(len(reason_word(outcome)) for outcome in Outcome)
_MAX_VALUE = 1024 * 1024


def line(lost: LostPayload) -> str:
    """Say the most in one line; nothing of the value."""
    notes = [
        *(["acknowledged late: it is in the topic"] if lost.late_ack else []),
        *(["redriven"] if lost.state == "redriven" else []),
        clean(lost.why),
    ]
    return (
        f"{date_time(lost.lost_at)}  {reason_word(lost.reason):<{_REASON}}  {clean(lost.id) or 'no id':<36}"
        f"  {bytes_(lost.value_bytes):>8}  {'; '.join(note for note in notes if note)}"
    ).rstrip()


def lines(lost: LostPayload) -> list[str]:
    """Say everything about one, the value last."""
    accepted = "cannot be read any more"
    if lost.accepted_at is not None:
        waited = duration((lost.lost_at - lost.accepted_at).total_seconds())
        accepted = f"{date_time(lost.accepted_at)}, lost {waited} later"
    late = "yes: Kafka acknowledged it after its deadline, it is in the topic" if lost.late_ack else "no"
    value = "cannot be read any more" if lost.value is None else sanitize(lost.value, limit=_MAX_VALUE)
    said = {
        "Id": clean(lost.id) or "none",
        "Lost": date_time(lost.lost_at),
        "Reason": reason_word(lost.reason),
        "Why": clean(lost.why) or "not known",
        "Accepted": accepted,
        "Late ack": late,
        "State": lost.state,
        "Value": value,
    }
    return [f"{name + ':':<{_WIDTH}}{text}" for name, text in said.items()]


def so_many(count: int) -> str:
    """Write a number of lost payloads at the beginning or in the middle of a sentence."""
    return counted(count, "lost payload") if count else "no lost payload"
