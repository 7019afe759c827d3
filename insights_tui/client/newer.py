"""Answers of a newer agent: words that this program does not know become the nearest that it does, and that is said.

An added field needs nothing: readers ignore what they do not know. A new state, code or level would make the whole
answer unreadable, and a screen that tells nothing is worse than one that tells a little less.
"""

import dataclasses
from datetime import timedelta
from enum import Enum
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from insights_tui import __version__
from insights_tui.domain.check import StepState
from insights_tui.domain.outcome import Refusal
from insights_tui.domain.snapshot import Agent, Broker, Capacity, Event, Partition, Problem, Snapshot, State
from insights_tui.domain.text import sanitize
from insights_tui.domain.trouble import Code

_INSTEAD: dict[Any, str] = {State: State.DEGRADED, Code: Code.OTHER, StepState: StepState.UNPROVEN}
"""What stands in for an unknown member: never one that calms."""
_OF_FIELD = {
    (Problem, "severity"): "critical",
    (Agent, "mode"): "service",
    (Broker, "state"): "unknown",
    (Partition, "state"): "backing_off",
    (Event, "level"): "warning",
    (Capacity, "durability"): "memory",
}
_DROPPED = (Refusal,)
"""Kinds whose unknown members are left out: a reason of refusals stands for itself alone."""
_MOST = 5
"""Unknown words that are told."""


def readable(body: bytes, kind: Any) -> Any:
    """Read an answer all the same; raises `msgspec.DecodeError` where more than words is strange."""
    unknown: list[str] = []
    known = msgspec.convert(_put(msgspec.json.decode(body), kind, "", unknown), kind)
    if isinstance(known, Snapshot) and unknown:
        return dataclasses.replace(known, problems=(*known.problems, _problem(known, unknown)))
    return known


def _put(value: Any, kind: Any, name: str, unknown: list[str], instead: str | None = None) -> Any:
    """Give a value as `kind` can be read from it; each word put in another one's place goes to `unknown`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        rest = [one for one in arguments if one is not type(None)]
        if value is None or len(rest) != 1:
            return value
        if _strange(value, rest[0]) and rest[0] in _DROPPED:
            unknown.append(f"{name} “{value}”")
            return None
        return _put(value, rest[0], name, unknown, instead)
    if origin in (list, tuple) and isinstance(value, list):
        return [_put(one, arguments[0], name, unknown) for one in value]
    if origin is dict and isinstance(value, dict):
        kept = {key: one for key, one in value.items() if not _strange(key, arguments[0])}
        unknown.extend(f"{name} “{key}”" for key in value if key not in kept)
        return {key: _put(one, arguments[1], name, unknown) for key, one in kept.items()}
    if dataclasses.is_dataclass(kind) and isinstance(value, dict):
        owner: Any = kind
        hints = _hints(owner)
        return {
            key: _put(one, hints[key], key, unknown, _OF_FIELD.get((owner, key))) if key in hints else one
            for key, one in value.items()
        }
    if _strange(value, kind):
        nearest = instead or _INSTEAD.get(kind)
        if nearest is not None:
            unknown.append(f"{name} “{value}”")
            return nearest
    return value


@lru_cache(maxsize=32)
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _strange(value: Any, kind: Any) -> bool:
    """Tell whether a word is none of those that a kind has."""
    if not isinstance(value, str):
        return False
    if get_origin(kind) is Literal:
        return value not in get_args(kind)
    return isinstance(kind, type) and issubclass(kind, Enum) and value not in {one.value for one in kind}


def _problem(snapshot: Snapshot, unknown: list[str]) -> Problem:
    """Say so, where everybody looks."""
    words = list(dict.fromkeys(sanitize(word, limit=80) for word in unknown))
    more = f", and {len(words) - _MOST} more" if len(words) > _MOST else ""
    told = f"{', '.join(words[:_MOST])}{more}"
    version = sanitize(snapshot.agent.version, limit=40)
    return Problem(
        code=Code.OTHER,
        severity="warning",
        since=snapshot.as_of - timedelta(seconds=snapshot.agent.uptime_s),  # that version runs since then
        subject=version,
        what=f"The agent ({version}) says what this program ({__version__}) does not know: {told}.",
        effect="The nearest known word stands in its place; counts and times are the agent's own.",
        act=f"Install insights-tui {version} here too.",
    )
