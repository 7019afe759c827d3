"""Bodies of the API into the dataclasses of `domain`, and what is wrong with those that do not fit."""

from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from insights_tui import __version__
from insights_tui.client.protocol import AgentUnavailableError, OtherSchemaError
from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.snapshot import SCHEMA, Snapshot

T = TypeVar("T")

_UNREADABLE = (msgspec.DecodeError, RecursionError)
"""The second: an answer that is nested too deep."""
_VERSIONS = "The agent and this program are of different versions: install the same one, then restart the agent."


def decode(body: bytes, kind: type[T]) -> T:
    """Read an answer; raises `AgentUnavailableError` where it does not have the shape that is agreed on."""
    try:
        return msgspec.json.decode(body, type=kind)
    except _UNREADABLE as error:
        with suppress(*_UNREADABLE):
            from insights_tui.client.newer import readable  # seldom needed, and the start of a screen is measured

            known: T = readable(body, kind)
            return known
        raise AgentUnavailableError(f"The agent's answer cannot be read ({error}).", _VERSIONS) from None


def decode_snapshot(body: bytes) -> Snapshot:
    """Read a snapshot; raises `AgentUnavailableError` naming both schemas where they differ."""
    try:
        snapshot = decode(body, Snapshot)
    except AgentUnavailableError:
        _same_schema(body)
        raise
    if snapshot.schema != SCHEMA:
        _same_schema(body)
    return snapshot


def _same_schema(body: bytes) -> None:
    """Raise where an answer says that it has another schema than ours, whatever else it holds."""
    try:
        head = msgspec.json.decode(body, type=dict[str, Any])
    except _UNREADABLE:
        return
    schema = head.get("schema")
    if schema is not None and schema != SCHEMA:
        version = head.get("agent", {}).get("version", "unknown") if isinstance(head.get("agent"), dict) else "unknown"
        raise OtherSchemaError(
            f"Agent {version} speaks schema {schema}, this program {SCHEMA}.",  # short: a banner of 80 columns shows it
            _upgrade(schema, version),
        )


def _upgrade(schema: object, version: object) -> str:
    """Say which of the two to upgrade."""
    if isinstance(schema, int) and schema < SCHEMA:
        return f"Install {__version__} where the agent runs, then restart it: it is the older one."
    return f"Install insights-tui {version} here: this program is the older one."


class _Line(msgspec.Struct):
    verdict: str | None = None


def decode_check(line: bytes) -> CheckStep | CheckVerdict:
    """Read a line of a connection check: a step, or the verdict that ends it."""
    if decode(line, _Line).verdict is None:
        return decode(line, CheckStep)
    return decode(line, CheckVerdict)


class _ErrorBody(msgspec.Struct):
    error: FieldError | None = None
    errors: tuple[FieldError, ...] = ()


def refused(status: int, body: bytes) -> RefusedError:
    """Read the body of an answer that is no success (`{"error"}` or `{"errors"}`)."""
    try:
        found = msgspec.json.decode(body, type=_ErrorBody)
    except _UNREADABLE:
        found = _ErrorBody()
    errors = found.errors or ((found.error,) if found.error is not None else ())
    if not errors:
        errors = (FieldError("http", f"The agent answered {status} without saying why.", "Look at the agent's log."),)
    return RefusedError(errors, status=status)
