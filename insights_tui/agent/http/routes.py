"""What a path asks for; pure, so that the answer can be kept."""

from enum import Enum
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from insights_tui.domain.report import Names

MAX_NAME = 128
"""Characters of an owner, a name or a version in a path."""
MAX_SEGMENTS = 16
_AS_LENGTH = _RUN_LENGTH = 4
_OPEN = {("healthz",), ("readyz",), ("metrics",)}
_CONTROL = {"snapshot", "events", "lost", "tail", "admin"}


class Kind(Enum):
    """The groups of paths that are guarded and answered alike."""

    REPORT = "report"
    """`/v1/insights`."""
    PAYLOADS = "payloads"
    """`/v1/payloads`."""
    BEGIN = "begin"
    """`/v1/runs`."""
    RUN = "run"
    """`/run/{request_id}/v1/insights`."""
    FINISH = "finish"
    """`/v1/runs/{request_id}/finish`."""
    OPEN = "open"
    """Health and metrics: no token."""
    CONTROL = "control"
    UNKNOWN = "unknown"


class Route(NamedTuple):
    """A path, read."""

    kind: Kind
    path: str = "/"
    """The path with single slashes."""
    token: bytes | None = None
    """The ingest token in the path, where there is one."""
    names: Names | None = None
    request_id: str = ""
    """The execution in the path."""
    why: str = ""
    """What is wrong with a path of ours that cannot be served."""


def route(raw_path: bytes) -> Route:
    """Read a path as it came over the wire; doubled and trailing slashes do not matter."""
    segments = [segment for segment in raw_path.split(b"/", 4 * MAX_SEGMENTS) if segment]
    if len(segments) > MAX_SEGMENTS:
        return Route(Kind.UNKNOWN)
    token = None
    rest = segments
    if len(rest) > 1 and rest[0] == b"t":
        token, rest = unquote_to_bytes(rest[1]), rest[2:]
    names = None
    if len(rest) > _AS_LENGTH and rest[0] == b"as":
        try:
            names = Names(*(_name(segment) for segment in rest[1:_AS_LENGTH]))
        except ValueError as error:
            return Route(Kind.UNKNOWN, why=str(error))
        rest = rest[_AS_LENGTH:]
    if rest == [b"v1", b"insights"]:
        return Route(Kind.REPORT, "/v1/insights", token, names)
    if rest == [b"v1", b"payloads"]:
        return Route(Kind.PAYLOADS, "/v1/payloads", token, names)
    return _run(rest, token, names) or _other(segments)


def _run(rest: list[bytes], token: bytes | None, names: Names | None) -> Route | None:
    """Read a path about executions; `None` where it is none."""
    if rest == [b"v1", b"runs"]:
        return Route(Kind.BEGIN, "/v1/runs", token, names)
    if len(rest) == _RUN_LENGTH and rest[0] == b"run" and rest[2:] == [b"v1", b"insights"]:
        return Route(Kind.RUN, token=token, request_id=_id(rest[1]))
    if len(rest) == _RUN_LENGTH and rest[:2] == [b"v1", b"runs"] and rest[3] == b"finish":
        return Route(Kind.FINISH, token=token, request_id=_id(rest[2]))
    return None


def _id(segment: bytes) -> str:
    return unquote_to_bytes(segment).decode("utf-8", "replace")


def _other(segments: list[bytes]) -> Route:
    try:
        path = tuple(unquote_to_bytes(segment).decode() for segment in segments)
    except UnicodeDecodeError:
        return Route(Kind.UNKNOWN)
    whole = "/" + "/".join(path)
    if path in _OPEN:
        return Route(Kind.OPEN, whole)
    if len(path) > 1 and path[0] == "v1" and path[1] in _CONTROL:
        return Route(Kind.CONTROL, whole)
    return Route(Kind.UNKNOWN, whole)


def _name(segment: bytes) -> str:
    try:
        name = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise ValueError("The owner, name or version in the path is not UTF-8.") from None
    if not name.isprintable() or not name.strip() or len(name) > MAX_NAME:
        raise ValueError(f"The owner, name and version in the path must be 1 to {MAX_NAME} printable characters.")
    return name
