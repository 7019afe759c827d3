"""One line that filters lost payloads: reasons, how long ago, a part of an id, in any order."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from insights_tui.domain.lost import LostFilter, parse_reasons, parse_text, parse_time
from insights_tui.domain.outcome import Outcome

_TWO_WORDS = re.compile(r"\bexpired (unsent|unknown)\b", re.IGNORECASE)
HINT = "reason, how long ago, part of an id: rejected 2h 0193"


def parse_filter(typed: str, now: datetime) -> LostFilter:
    """Read the line; an empty one takes all. Raises `ValueError` that says what was not understood."""
    which = LostFilter()
    for word in _TWO_WORDS.sub(r"expired_\1", typed).split():
        reasons = _reasons(word)
        since = _since(word, now)
        if reasons:
            which = replace(which, reasons=which.reasons | reasons)
        elif since is not None:
            which = replace(which, since=since)
        elif which.text:
            raise ValueError(f"One part of an id at a time: {which.text[:40]!r} or {word[:40]!r}.")
        else:
            which = replace(which, text=parse_text(word))
    return which


def written(which: LostFilter, now: datetime) -> str:
    """Write a filter as it can be typed."""
    said = sorted(reason.value for reason in which.reasons)
    if which.since is not None:
        minutes = max(1, round((now.astimezone(UTC) - which.since).total_seconds() / 60))
        said.append(f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m")
    return " ".join([*said, which.text]).strip()


def _reasons(word: str) -> frozenset[Outcome]:
    """Read a reason as the list writes it, or the half of it that tells (no id has such letters)."""
    try:
        return parse_reasons([f"expired_{word}" if word.lower() in ("unsent", "unknown") else word])
    except ValueError:
        return frozenset()


def _since(word: str, now: datetime) -> datetime | None:
    try:
        return parse_time(word, now)
    except ValueError:
        return None
