"""From a report's body to the value of a Kafka record: what clients send, what consumers can parse.

Sources: contract.md §1 (shapes seen on the wire), §2 (what the known consumers demand of the value).
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec

from insights_tui.domain.outcome import Refusal
from insights_tui.domain.refused import FieldError

MAX_METRICS = 25
"""Metrics of one execution, operational fields not counted (the original's limit)."""
MAX_METRIC_BYTES = 25 * 1024
"""Bytes of metric names (UTF-8) and values (as JSON) of one execution: the original's 25 KB."""
MAX_TEXT = 256
"""Characters of an operational field that a caller gives."""

TEXT_FIELDS = ("request_id", "session_id", "algorithm_owner", "algorithm_name", "algorithm_version", "time")
DURATION = "duration_milliseconds"
RESERVED = frozenset({*TEXT_FIELDS, DURATION, "timestamp"})

Number = int | float

MetricKind = Literal["number", "boolean", "text", "list", "dropped"]
"""What a metric was reported as: `text` and `list` hold one number, `dropped` none."""

_BOM = b"\xef\xbb\xbf"
NO_FIELDS: dict[str, "str | Number"] = {}
_NO_KINDS: dict[str, MetricKind] = {}
_ITEM = {"insight_key", "insight_value"}
_INTEGER = re.compile(r"[+-]?[0-9]{1,310}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,400}\.?[0-9]{0,400}|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?")
# A string is consumed whole, closed or not, so that the search stays linear in a hostile body.
_BARE = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|(-?(?:NaN|Infinity))', re.DOTALL)
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_kinds: dict[type, MetricKind] = {bool: "boolean", str: "text", list: "list"}


class BadReportError(Exception):
    """A report that cannot be taken in, with the reason under which it is counted."""

    def __init__(self, error: FieldError, reason: Refusal = Refusal.INVALID) -> None:
        super().__init__(error.message)
        self.error = error
        self.reason = reason


class Names(NamedTuple):
    """Which algorithm reports."""

    owner: str
    name: str
    version: str


class Dropped(NamedTuple):
    """A metric that is left out of the value."""

    name: str
    why: str


class Report(NamedTuple):
    """What one execution reported."""

    metrics: dict[str, Number]
    dropped: tuple[Dropped, ...] = ()
    given: dict[str, str | Number] = {}  # noqa: RUF012  # read only; a NamedTuple has no default factory
    """Operational fields that the caller gave itself (`POST /v1/payloads` only)."""
    kinds: dict[str, MetricKind] = {}  # noqa: RUF012  # the same
    """What metrics were reported as that were no plain numbers."""
    replaced: tuple[str, ...] = ()
    """Names that a list holds more than once: the last value counts. (Of an object's keys nobody hears.)"""


_new_report: Callable[[type[Report], tuple[Any, ...]], Report] = tuple.__new__  # skips the named constructor


def decode(body: bytes) -> object:
    """Decode strict JSON in UTF-8; raises `BadReportError` that names the cause."""
    try:
        return _decode(body)
    except RecursionError:
        raise _bad("too_deep", "The JSON is nested too deeply.", "Send a list of metrics or one flat object.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if body.startswith(_BOM):
            return decode(body[len(_BOM) :])
        raise _broken(body, error) from None


def _broken(body: bytes, error: Exception) -> BadReportError:
    if not body.strip():
        return _bad("empty", "The body is empty.", "Send a JSON list of metrics or one flat object; [] is fine.")
    if isinstance(error, UnicodeDecodeError):
        return _bad("not_utf8", "The body is not valid UTF-8.", "Encode JSON as UTF-8, or name the charset.")
    for match in _BARE.finditer(body):
        token = match.group(1)
        if token:
            return _bad(
                "not_finite",
                f"{token.decode()} at byte {match.start()} is not JSON: a metric must be a finite number.",
                "Leave the metric out while it has no finite value (Python: math.isfinite(value)).",
            )
    if isinstance(error, msgspec.ValidationError):  # the only one without a type: a number beyond every float
        return _out_of_range()
    why = str(error).removeprefix("JSON is malformed: ")
    return _bad(
        "not_json",
        f"The body is not valid JSON: {why}.",
        "Check that quotes inside strings are escaped and that the body is complete.",
    )


def read_report(decoded: object) -> Report:
    """Read a report in any shape of the original clients: a list of insights, or one plain object.

    Booleans become 1 and 0, numeric strings and lists of one number become that number; whatever else is no number,
    or has a reserved name, is dropped and named. Of a repeated name the last value counts.
    """
    if isinstance(decoded, list):
        listed = _listed(decoded)
        report = _metrics(listed)
        return report if len(listed) == len(decoded) else report._replace(replaced=_repeated(decoded))
    if isinstance(decoded, dict):
        if decoded.keys() == _ITEM:
            return _metrics(_listed([decoded]))
        return _metrics(decoded)
    raise _bad(
        "wrong_shape",
        f"A report is a list or an object, not {_kind(decoded)}.",
        'Send [{"insight_key": "name", "insight_value": 1}] or {"name": 1}.',
    )


def read_payload(decoded: object) -> Report:
    """Read one flat object of `POST /v1/payloads`: metrics, and operational fields where the caller knows them."""
    if not isinstance(decoded, dict):
        raise _bad("wrong_shape", f"A payload is one flat object, not {_kind(decoded)}.", 'Send {"name": 1}.')
    given: dict[str, str | Number] = {}
    for field in TEXT_FIELDS:
        if field in decoded:
            given[field] = _text(field, decoded[field])
    if DURATION in decoded:
        given[DURATION] = _duration(decoded[DURATION])
    rest = {name: value for name, value in decoded.items() if name not in given} if given else decoded
    report = _metrics(rest)
    return report._replace(given=given) if given else report


def encode_value(
    metrics: dict[str, Number],
    *,
    names: Names,
    request_id: str,
    session_id: str,
    time: str,
    given: dict[str, str | Number],
) -> bytes:
    """Write the record's value: one flat JSON object in ASCII, operational fields last."""
    fields: dict[str, str | Number] = {
        **metrics,
        "request_id": request_id,
        "session_id": session_id,
        "algorithm_owner": names.owner,
        "algorithm_name": names.name,
        "algorithm_version": names.version,
        "time": time,
    }
    if given:
        fields.update(given)
    value = _encode(fields)
    # Nine times faster than json.dumps, which is there for the rare text that needs escapes.
    return value if value.isascii() else json.dumps(fields, separators=(",", ":"), allow_nan=False).encode("ascii")


def names_of(given: Mapping[str, str | Number], names: Names) -> Names:
    """Tell which algorithm a payload is of, where it may say so itself."""
    return Names(
        str(given.get("algorithm_owner", names.owner)),
        str(given.get("algorithm_name", names.name)),
        str(given.get("algorithm_version", names.version)),
    )


def decode_value(value: bytes) -> dict[str, str | Number]:
    """Read what `encode_value` wrote."""
    fields: dict[str, str | Number] = _decode(value)
    return fields


def _listed(items: list[object]) -> dict[str, object]:
    reported: dict[str, object] = {}
    for position, item in enumerate(items):
        try:
            key, value = item["insight_key"], item["insight_value"]  # type: ignore[index]  # whatever it is not, raises
        except (KeyError, TypeError):
            raise _bad(
                "wrong_shape",
                f"Item {position + 1} of the list has no insight_key and insight_value.",
                'Each item is {"insight_key": "name", "insight_value": 1}.',
                f"[{position}]",
            ) from None
        reported[key if type(key) is str else _key(key, position)] = value
    return reported


def _repeated(items: list[object]) -> tuple[str, ...]:
    seen: set[str] = set()
    again: dict[str, None] = {}
    for position, item in enumerate(items):
        name = _key(item["insight_key"], position)  # type: ignore[index]  # it was read before
        if name in seen:
            again[name] = None
        seen.add(name)
    return tuple(again)


def _key(key: object, position: int) -> str:
    # Python's client passes keys on that are no strings; they get the text that JSON gives object keys.
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, bool | int | float):
        return json.dumps(key)
    raise _bad(
        "wrong_shape",
        f"The insight_key of item {position + 1} is {_kind(key)}, not a string.",
        "Name each metric by a string.",
        f"[{position}].insight_key",
    )


def _metrics(reported: dict[str, object]) -> Report:
    metrics: dict[str, Number] = {}
    dropped: list[Dropped] = []
    kinds: dict[str, MetricKind] | None = None
    for name, value in reported.items():
        if name in RESERVED or not name:
            dropped.append(Dropped(name, "its name is reserved" if name else "it has no name"))
            continue
        number = value if type(value) is float else _number(value)
        if number is None:
            dropped.append(Dropped(name, f"its value is {_kind(value)}, not a number"))
        else:
            metrics[name] = number
            if number is not value:
                kinds = kinds or {}
                kinds[name] = _kinds[type(value)]
    check_limits(metrics)
    if dropped or kinds:
        return Report(metrics, tuple(dropped), kinds=kinds or {})
    return _new_report(Report, (metrics, (), NO_FIELDS, _NO_KINDS, ()))


def check_limits(metrics: dict[str, Number]) -> None:
    """Raise `BadReportError` where there are more metrics than one execution may report, or larger ones."""
    if len(metrics) > MAX_METRICS:
        raise _bad(
            "too_many_metrics",
            f"The report holds {len(metrics)} metrics; at most {MAX_METRICS} are allowed.",
            "Report fewer metrics in one execution.",
        )
    # A character takes at most 4 bytes of UTF-8 and a number at most 310: only long names have to be measured.
    if 4 * sum(map(len, metrics)) + 310 * len(metrics) > MAX_METRIC_BYTES:
        _measure(metrics)


def _measure(metrics: dict[str, Number]) -> None:
    size = sum(len(name.encode()) + len(_encode(number)) for name, number in metrics.items())
    if size > MAX_METRIC_BYTES:
        error = FieldError(
            "metrics_too_large",
            f"Names and values of the metrics take {size} bytes; at most {MAX_METRIC_BYTES} are allowed.",
            "Use shorter metric names.",
        )
        raise BadReportError(error, Refusal.TOO_LARGE)


def _number(value: object) -> Number | None:
    kind = type(value)
    if kind is float:
        return value  # type: ignore[return-value]  # type() narrows nothing for mypy
    if kind is bool:
        return int(value)  # type: ignore[call-overload, no-any-return]  # a bool, see above
    if isinstance(value, int):
        if value.bit_length() > 1023:  # beyond every float: consumers refuse the whole record
            raise _out_of_range()
        return value
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list):
        return _number(value[0])  # R: a number is a vector of one
    return None


def _from_text(text: str) -> Number | None:
    if _INTEGER.fullmatch(text):
        number = int(text)
        return number if number.bit_length() <= 1023 else None  # the range of a float
    if _DECIMAL.fullmatch(text):
        decimal = float(text)
        return decimal if math.isfinite(decimal) else None
    return None


def _text(field: str, value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > MAX_TEXT:
        raise _bad(
            "invalid_field",
            f"{field} must be a string of 1 to {MAX_TEXT} characters.",
            "Leave the field out to have it filled in.",
            field,
        )
    return _time(value) if field == "time" else value


def _time(value: str) -> str:
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is not None:
            at = at.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise _bad(
            "invalid_field",
            "time is not an ISO 8601 date and time.",
            "Write it as 2021-02-20T00:21:54.867231 (UTC), or leave it out.",
            "time",
        ) from None
    return at.isoformat(timespec="microseconds")


def _duration(value: object) -> Number:
    good = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    number = _number(value) if good else None
    if number is None:
        raise _bad(
            "invalid_field",
            f"{DURATION} must be a number of milliseconds, 0 or more.",
            "Leave the field out where the duration is not known.",
            DURATION,
        )
    return number


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    return "true or false" if isinstance(value, bool) else "a number"


def _out_of_range() -> BadReportError:
    return _bad(
        "out_of_range",
        "The report holds a number beyond the range of a 64-bit float.",
        "Keep metrics within ±1.7e308.",
    )


def _bad(code: str, message: str, hint: str, field: str | None = None) -> BadReportError:
    return BadReportError(FieldError(code, message, hint, field))
