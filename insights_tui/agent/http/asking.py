"""What a control call asks: its query, its body, and who makes it."""

from collections.abc import Sequence

from starlette.requests import Request

from insights_tui.agent.http.body import content_type, read_body, recode
from insights_tui.agent.http.limits import Limits
from insights_tui.agent.http.peer import Peer, actor
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.report import BadReportError, decode


def actor_of(request: Request) -> str:
    """Name the one who asks."""
    peer = request.scope.get("state", {}).get("peer")
    client = request.scope.get("client")
    return actor(peer if isinstance(peer, Peer) else None, client)


def number(request: Request, name: str, most: int, *, default: int = 0) -> int:
    """Read a whole number of the query, at most `most`; raises `RefusedError`."""
    text = request.query_params.get(name, str(default))
    if text.isascii() and text.isdigit() and len(text) <= 18:  # it fits 64 bits
        return min(int(text), most)
    raise bad_query(name, "a whole number, 0 or more")


def choice(request: Request, name: str, default: str, choices: Sequence[str]) -> str:
    """Read one of several words of the query; raises `RefusedError`."""
    text = request.query_params.get(name, default)
    if text in choices:
        return text
    raise bad_query(name, " or ".join(choices))


def bad_query(name: str, form: str) -> RefusedError:
    """Make the refusal of a query parameter."""
    return RefusedError((FieldError("invalid_query", f"{name} must be {form}.", "", name),), status=400)


async def read_object(request: Request, limits: Limits) -> dict[str, object]:
    """Read the body as an object; an empty one counts as `{}`."""
    headers = dict(request.scope["headers"])
    body = await read_body(request.receive, headers, limits.max_body_bytes, limits.max_batch_bytes)
    charset = content_type(headers.get(b"content-type", b"")).charset
    if charset is not None:
        body = recode(body, charset)
    try:
        decoded = decode(body) if body.strip() else {}
    except BadReportError as bad:
        raise RefusedError((bad.error,), status=400) from None
    if not isinstance(decoded, dict):
        raise RefusedError((FieldError("wrong_shape", "The body must be a JSON object."),), status=400)
    return decoded
