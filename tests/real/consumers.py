"""What the known consumers of Insights topics do with a message, as far as it can fail (contract.md §2).

Each function raises `ValueError` or `TypeError` where its consumer would choke, and gives what the consumer keeps.
"""

import datetime as dt
import json
import math
import re
import uuid
from typing import Any, NoReturn

from tests.kafka_cluster import Record

STRINGS = ("algorithm_name", "algorithm_owner", "algorithm_version", "request_id", "session_id", "time")
_TAGS = ("algorithm_name", "algorithm_owner", "algorithm_version")
_FORMS = {
    "request_id": r"req-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "session_id": r"rses-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}",
}


def strict_json(text: str) -> dict[str, Any]:
    """Parse as Jackson and Go do: an object, no NaN or Infinity; a key twice is our own mistake."""

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is not JSON")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if len(set(keys)) != len(keys):
            raise ValueError(f"a key stands twice in {keys}")
        return dict(pairs)

    parsed = json.loads(text, parse_constant=refuse, object_pairs_hook=unique)
    if not isinstance(parsed, dict):
        raise TypeError(f"not an object: {text!r}")
    return parsed


def datadog(value: bytes) -> tuple[dict[str, str], dict[str, float]]:
    """Tags and metrics of the Datadog forwarder: ASCII, six strings, everything else a number."""
    payload = json.loads(value.decode("ascii"))
    tags = {name: payload[name] for name in STRINGS}
    metrics = {name: number for name, number in payload.items() if name not in STRINGS}
    for name, text in tags.items():
        if not isinstance(text, str):
            raise TypeError(f"{name} is not a string: {text!r}")
    for name, number in metrics.items():
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise TypeError(f"metric {name} is not a number: {number!r}")
    return tags, metrics


def telegraf(value: bytes) -> tuple[dict[str, str], dict[str, float | str]]:
    """Tags and fields of the Telegraf template: numbers are float fields, strings it does not know are dropped."""
    fields: dict[str, float | str] = {}
    tags: dict[str, str] = {}
    for name, content in _flatten("", strict_json(value.decode("utf-8"))):
        if isinstance(content, str) and name in _TAGS:
            tags[name] = content
        elif isinstance(content, str) and name in {"session_id", "request_id"}:
            fields[name] = content
        elif isinstance(content, (int, float)) and not isinstance(content, bool):
            number = float(content)
            if not math.isfinite(number):
                raise ValueError(f"field {name} does not fit a float")
            fields[name] = number
    if not fields:
        raise ValueError("no field is left")
    return tags, fields


def new_relic(value: bytes) -> dt.datetime:
    """Give the time that the New Relic forwarder takes from the message."""
    return dt.datetime.strptime(strict_json(value.decode("utf-8"))["time"], "%Y-%m-%dT%H:%M:%S.%f").replace(
        tzinfo=dt.UTC
    )


def kafka_connect(key: bytes | None, value: bytes) -> tuple[str | None, dict[str, Any]]:
    """Key and value by `StringConverter` and `JsonConverter` with `schemas.enable=false`."""
    return key.decode("utf-8") if key is not None else None, strict_json(value.decode("utf-8"))


def hold(record: Record) -> dict[str, float]:
    """Hold a record against the whole contract and every consumer; gives its metrics, duration included."""
    tags, metrics = datadog(record.value)
    _, fields = telegraf(record.value)
    happened = new_relic(record.value)
    _key, payload = kafka_connect(record.key, record.value)

    for name, form in _FORMS.items():
        assert re.fullmatch(form, tags[name]), f"{name} has another form: {tags[name]!r}"
    assert all(tags[name] for name in _TAGS), tags
    assert set(metrics) == {name for name in fields if name not in STRINGS}, "Telegraf keeps other metrics than Datadog"
    assert not any(isinstance(value, (dict, list)) for value in payload.values()), "not flat"

    assert record.header("content-type") == "application/json"
    assert uuid.UUID(record.header("insights-id")).version == 7
    assert int(record.header("insights-accepted-at")) == record.timestamp_ms
    assert abs(happened.timestamp() - record.timestamp_ms / 1000) < 60, "its time is not UTC, or not now"
    return metrics


def _flatten(prefix: str, content: Any) -> list[tuple[str, Any]]:
    if isinstance(content, dict):
        return [pair for name, inner in content.items() for pair in _flatten(f"{prefix}{name}_", inner)]
    if isinstance(content, list):
        return [pair for index, inner in enumerate(content) for pair in _flatten(f"{prefix}{index}_", inner)]
    return [(prefix.removesuffix("_"), content)]
