"""Which lost payloads: the filter that the API and the command line share, and how people write it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.text import counted, date_time, sanitize

REASONS = tuple(outcome for outcome in Outcome if outcome.lost)
EXPIRED = frozenset({Outcome.EXPIRED_UNSENT, Outcome.EXPIRED_UNKNOWN})
MAX_IDS = 100
"""Of one filter: a query that holds them all still fits into a request's head."""
MAX_ID = 128
"""Characters of an id."""
_DURATION = re.compile(r"(?=[0-9])(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?")


@dataclass(frozen=True, slots=True)
class LostFilter:
    """Lost payloads by reason, time and id, joined by *and*; an empty one takes all."""

    reasons: frozenset[Outcome] = frozenset()
    since: datetime | None = None
    """Lost at this time or later."""
    until: datetime | None = None
    """Lost before this time."""
    ids: frozenset[str] = frozenset()
    late_acks: bool = True
    """Whether those that Kafka acknowledged after their deadline are among them."""
    text: str = ""
    """A part of the id."""

    @property
    def empty(self) -> bool:
        """Whether it takes all."""
        return not (self.reasons or self.ids or self.since or self.until or self.text) and self.late_acks

    @property
    def all_damaged(self) -> bool:
        """Whether it takes all damaged ones; nothing of those is left that another filter could look at."""
        return Outcome.DAMAGED in self.reasons and replace(self, reasons=frozenset()).empty

    @property
    def words(self) -> str:
        """Say it in words, in the order of `Outcome`: `expired unsent or rejected, lost since 2026-11-22 12:00:00Z`."""
        said = []
        if self.reasons:
            said.append(" or ".join(reason_word(reason) for reason in REASONS if reason in self.reasons))
        if self.since is not None:
            said.append(f"lost since {date_time(self.since)}")
        if self.until is not None:
            said.append(f"lost before {date_time(self.until)}")
        if self.ids:
            said.append(f"with {counted(len(self.ids), 'id')} given")
        if self.text:
            said.append(f"with {sanitize(self.text, limit=40)!r} in the id")
        if not self.late_acks:
            said.append("not acknowledged late")
        return ", ".join(said) or "all"


def for_redrive(given: LostFilter, *, everything: bool) -> LostFilter:
    """Tell what a redrive takes: expired ones without a late ack, unless reasons, ids or everything were asked for.

    Damaged ones are never among them: there is nothing left to send. Raises `ValueError` where they are all that was
    asked for.
    """
    wide = everything or bool(given.ids)
    reasons = given.reasons or (frozenset(REASONS) if wide else EXPIRED)
    if reasons == {Outcome.DAMAGED}:
        raise ValueError("A damaged payload cannot be sent again: nothing of it can be read.")
    return replace(given, reasons=reasons - {Outcome.DAMAGED}, late_acks=wide and given.late_acks)


def reason_word(reason: Outcome) -> str:
    """Write a reason for people: `expired unsent`."""
    return reason.value.replace("_", " ")


def parse_reasons(texts: Iterable[str]) -> frozenset[Outcome]:
    """Read reasons, several in one text separated by commas; `expired` means both kinds. Raises `ValueError`."""
    found: set[Outcome] = set()
    for text in (part.strip() for whole in texts for part in whole.split(",")):
        name = text.lower().replace("-", "_").replace(" ", "_")
        if name == "expired":
            found |= EXPIRED
        elif name in {reason.value for reason in REASONS}:
            found.add(Outcome(name))
        else:
            known = ", ".join(reason.value for reason in REASONS)
            raise ValueError(f"{text[:40]!r} is no reason; known are {known} and expired.")
    return frozenset(found)


def parse_ids(texts: Iterable[str]) -> frozenset[str]:
    """Read ids, several in one text separated by commas. Raises `ValueError`."""
    found = frozenset(part.strip() for whole in texts for part in whole.split(","))
    if any(not name or len(name) > MAX_ID or not name.isprintable() for name in found):
        raise ValueError(f"An id must have 1 to {MAX_ID} printable characters.")
    if len(found) > MAX_IDS:
        raise ValueError(f"At most {MAX_IDS} ids fit into one call.")
    return found


def parse_text(text: str) -> str:
    """Read a part of an id. Raises `ValueError`."""
    text = text.strip()
    if not text or len(text) > MAX_ID or not text.isprintable():
        raise ValueError(f"A part of an id must have 1 to {MAX_ID} printable characters.")
    return text


def parse_time(text: str, now: datetime) -> datetime:
    """Read a time: RFC 3339 with its zone, or how long ago (`90s`, `10m`, `1h30m`, `2d`). Raises `ValueError`."""
    text = text.strip()
    try:
        ago = _DURATION.fullmatch(text.lower())
        if ago is not None:
            days, hours, minutes, seconds = (int(part or 0) for part in ago.groups())
            return now.astimezone(UTC) - timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(
        f"{text[:40]!r} is no time. Write it like 2026-11-22T12:00:00Z, or how long ago: 90s, 10m, 2h, 3d."
    )
