"""An execution: what is reported between its beginning and its end becomes one payload. Pure decisions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from insights_tui.domain.clock import Moment
from insights_tui.domain.refused import FieldError
from insights_tui.domain.report import DURATION, BadReportError, Names, Number, check_limits, read_payload

SILENCE_S = 600.0
"""Seconds without a sign of life after which an execution that nobody ended is published."""
CLOSED_KEPT_S = 120.0
"""Seconds for which an execution that ended is remembered, at least: ending it again is harmless."""
MAX_NAME = 128
"""Characters of an owner, a name or a version."""
MAX_SESSION = 256

_PREFIX = "req-"
_ID = re.compile(r"req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Begin(NamedTuple):
    """What somebody begins."""

    names: Names
    session_id: str | None = None
    """`None`: the agent makes one."""


class Merged(NamedTuple):
    """A report merged into what an execution has reported before."""

    metrics: dict[str, Number]
    replaced: tuple[str, ...]
    """Names that had another value before: the last one counts."""


def read_begin(decoded: object, names: Names) -> Begin:
    """Read the body of `POST /v1/runs`; what it leaves out comes from `names`. Raises `BadReportError`."""
    if not isinstance(decoded, dict):
        raise _bad(
            "wrong_shape", "The body must be a JSON object.", 'Send {"owner": "…", "name": "…", "version": "…"}.'
        )
    said = [_name(field, decoded.get(field), default) for field, default in zip(Names._fields, names, strict=True)]
    session_id = decoded.get("session_id")
    if session_id is not None and not _fits(session_id, MAX_SESSION):
        message = f"session_id must be a string of 1 to {MAX_SESSION} printable characters."
        raise _bad("invalid_field", message, "Leave it out to have one made.", "session_id")
    return Begin(Names(*said), session_id)


def read_finish(decoded: object) -> Number | None:
    """Read the body of `finish`: the duration in milliseconds, `None` where it is to be measured."""
    if not isinstance(decoded, dict):
        raise _bad("wrong_shape", "The body must be a JSON object.", "Send {} to have the duration measured.")
    if decoded.get(DURATION) is None:
        return None
    given = read_payload({DURATION: decoded[DURATION]}).given[DURATION]
    return given if not isinstance(given, str) else None


def key_of(request_id: str) -> bytes | None:
    """Give the 16 bytes of a request id that we made; `None` where it is none of ours."""
    return UUID(request_id[len(_PREFIX) :]).bytes if _ID.fullmatch(request_id) else None


def request_id_of(key: bytes) -> str:
    """Write a request id: `req-` and a UUID."""
    return f"{_PREFIX}{UUID(bytes=key)}"


def payload_id(key: bytes, begun_ms: int) -> str:
    """Derive the payload's id, a UUIDv7, from the execution: however often it is published, it has the same."""
    digest = int.from_bytes(blake2b(key, digest_size=10).digest(), "big")
    value = (begun_ms & (1 << 48) - 1) << 80 | digest
    value = value & ~(0xF << 76) | 0x7 << 76
    return str(UUID(int=value & ~(0x3 << 62) | 0x2 << 62))


def merge(before: Mapping[str, Number], report: Mapping[str, Number]) -> Merged:
    """Merge a report into what came before it: of a repeated name the last value counts.

    Raises `BadReportError` where it would be more than one payload may hold; nothing of the report is taken then.
    """
    replaced = tuple([name for name, value in report.items() if name in before and before[name] != value])
    merged = {**before, **report}
    check_limits(merged)
    return Merged(merged, replaced)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Seconds that go on across restarts, for durations and silence.

    In the same boot the boot-time clock rules, so that no jump of the wall clock counts. Across a reboot there is
    just the wall clock; a clock that was set back makes the time away 0, never less (`delivery.md`).
    """

    boot_id: str
    base: float
    """To be added to the boot-time clock of this boot."""

    def at(self, boot: float) -> float:
        """Place a reading of the boot-time clock."""
        return boot + self.base

    @classmethod
    def resumed(
        cls, *, last: float, last_wall: float, last_base: float, last_boot_id: str, now: Moment, boot_id: str
    ) -> "Timeline":
        """Go on where another process left off, at second `last`."""
        if last_boot_id == boot_id:
            return cls(boot_id, last_base)
        away = max(0.0, now.wall - last_wall)
        return cls(boot_id, last + away - now.boot)


def _name(field: str, value: object, default: str) -> str:
    if value is None:
        return default
    if not isinstance(value, str) or not _fits(value, MAX_NAME):
        message = f"{field} must be a string of 1 to {MAX_NAME} printable characters."
        raise _bad("invalid_field", message, "Leave it out for the default.", field)
    return value


def _fits(value: object, most: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= most and value.isprintable() and bool(value.strip())


def _bad(code: str, message: str, hint: str, field: str | None = None) -> BadReportError:
    return BadReportError(FieldError(code, message, hint, field))
