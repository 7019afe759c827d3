"""Text for people: the one sanitizer for foreign strings, and numbers that line up.

Every string that we did not write ourselves (a topic, a broker's answer, a payload, a certificate's subject) goes
through `sanitize` before it reaches a terminal or a log. Markup is not its business: use `Content` or `markup=False`.
"""

import math
import re
import zlib
from datetime import UTC, datetime

UNKNOWN = "—"
"""What stands where a number is not known: never 0."""
DURATION_WIDTH = 7
"""Columns that the widest `duration` under 100 days takes: pad to it and nothing jumps."""
_MARK = "\N{REPLACEMENT CHARACTER}"
_ELLIPSIS = "…"
_SLACK = 16
"""Characters looked at for each one shown: a megabyte of foreign text costs no more than its head."""

# ECMA-48: CSI, then the string controls (OSC, DCS, SOS, PM, APC) up to their end, then two-character escapes.
# A string control that never ends loses only its first character: what follows is shown, not swallowed. Each stops
# at the next one's start, so that a million starts take no million looks at what follows.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-Z\\^-~]"
)
_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
# Printable by Unicode's book, invisible on a screen: joiners, fillers, and selectors that change a glyph's width.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_SPELT = re.compile(r"\\(?:[\\tnr]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})")
_MARKS = re.compile(f"{_MARK}{{2,}}")


def sanitize(text: str, *, limit: int = 500) -> str:
    """Make foreign text safe to print on one line, at most `limit` characters long.

    Escape sequences, control characters (C0, C1, DEL), bidi controls, zero-width characters, BOMs, lone surrogates
    and everything else that Unicode calls not printable become one `�`; line breaks and odd spaces become a space.
    What is cut ends in `…`. Sanitizing twice changes nothing.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    window = max(limit, 0) * _SLACK
    head = text[:window]
    head = _INVISIBLE.sub("", _SEQUENCE.sub(_MARK, head))
    head = _BREAKS.sub(" ", head)
    if not head.isprintable():
        head = "".join(_printable(character) for character in head)
    head = _MARKS.sub(_MARK, head)
    if len(head) > limit or len(text) > window:
        head = head[: max(limit - 1, 0)] + _ELLIPSIS if limit > 0 else ""
    return head


def spell(name: str, *, limit: int = 200) -> str:
    """Write a foreign name so that two different names never look alike: what `sanitize` would hide is escaped.

    Names of one alphabet that look like another's are beyond it. What is cut ends in `…` and a checksum of the whole,
    so that a name may have at least 12 characters.
    """
    if len(name) <= limit and name.isascii() and name.isprintable() and "\\" not in name:
        return name
    window = name[: max(limit, 12)]
    written = "".join(map(_escaped, window))
    if len(written) <= limit and len(window) == len(name):
        return written
    return f"{written[: max(limit, 12) - 9]}{_ELLIPSIS}{zlib.crc32(name.encode('utf-8', 'surrogatepass')):08x}"


def unspell(written: str) -> str:
    """Read a name as `spell` writes it; what is no escape stands for itself."""
    return _SPELT.sub(_meant, written)


def _meant(escape: re.Match[str]) -> str:
    try:
        return escape[0].encode("ascii").decode("unicode_escape")
    except UnicodeDecodeError:  # beyond the last character
        return escape[0]


def _escaped(character: str) -> str:
    if character.isprintable() and character != "\\" and not _INVISIBLE.match(character):
        return character
    return character.encode("unicode_escape").decode("ascii")


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else _MARK


def thousands(number: int | None) -> str:
    """Write a count: `1,198,042`."""
    return UNKNOWN if number is None else f"{number:,}"


def duration(seconds: float | None) -> str:
    """Write a span in two units at most: `0.4 s`, `41 s`, `3m 05s`, `2h 11m`, `3d 04h`, `214 d`.

    Rounded down, so that a countdown never promises more than there is; a negative span is 0.
    """
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    tenths = int(max(0.0, seconds) * 10 + 1e-6)
    whole = tenths // 10
    if whole < 10:
        return f"{whole}.{tenths % 10} s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3600}h {whole % 3600 // 60:02}m"
    days = whole // 86_400
    return f"{days:,} d" if days >= 100 else f"{days}d {whole % 86_400 // 3600:02}h"


def latency(seconds: float | None) -> str:
    """Write a short span: `<1 ms`, `3 ms`, `999 ms`, from one second on as `duration` does."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    milliseconds = int(max(0.0, seconds) * 1000 + 1e-6)
    if milliseconds >= 1000:
        return duration(seconds)
    return "<1 ms" if milliseconds == 0 and seconds > 0 else f"{milliseconds} ms"


def rate(per_second: float | None) -> str:
    """Write a rate: `0/s`, `<0.1/s`, `4.1/s`, `410/s`, `12,345/s`."""
    if per_second is None or not math.isfinite(per_second):
        return UNKNOWN
    if per_second <= 0:
        return "0/s"
    if per_second < 0.1:
        return "<0.1/s"
    if per_second < 9.95 and per_second != int(per_second):
        return f"{per_second:.1f}/s"
    return f"{round(per_second):,}/s"


def bytes_(size: int | None) -> str:
    """Write a size in bytes with binary units: `0 B`, `1.5 KiB`, `512 MiB`, `2.0 GiB`."""
    if size is None:
        return UNKNOWN
    if size < 1024:
        return f"{size} B"
    value = size / 1024
    for unit in ("KiB", "MiB", "GiB"):
        if value < 1023.5:
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB" if value < 9.95 else f"{value:,.0f} TiB"


def percent(part: float | None, whole: float | None) -> str:
    """Write a share: `63 %`; `<1 %` for a little, and 100 only for all of it."""
    if part is None or not whole:
        return UNKNOWN
    share = 100 * part / whole
    return "<1 %" if 0 < share < 1 else f"{math.floor(share + 1e-9)} %"


def clock_time(at: datetime | None) -> str:
    """Write the time of day in UTC: `12:04:31Z`."""
    return UNKNOWN if at is None else at.astimezone(UTC).strftime("%H:%M:%SZ")


def date_time(at: datetime | None) -> str:
    """Write date and time in UTC: `2026-11-22 12:04:31Z`."""
    return UNKNOWN if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def moment(at: datetime, now: datetime) -> str:
    """Write the time of day where it is of the same day as `now`: `12:04:31Z`; else `11-22 12:04Z`."""
    at = at.astimezone(UTC)
    return clock_time(at) if at.date() == now.astimezone(UTC).date() else at.strftime("%m-%d %H:%MZ")


def date(at: datetime | None) -> str:
    """Write the date in UTC: `2026-11-22`."""
    return UNKNOWN if at is None else at.astimezone(UTC).strftime("%Y-%m-%d")


def counted(number: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun: `1 payload`, `6,310 payloads`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
