"""The one shape of every answer: JSON, errors with what is wrong and how to mend it."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
from starlette.types import Send

from insights_tui.domain.refused import FieldError

JSON_TYPE = b"application/json"
WHOLE = "insights.response"
"""The message of a whole JSON answer: `status`, `body`, and `headers` beside the type and the length."""
NDJSON_TYPE = b"application/x-ndjson"
MAX_TEXT = 1000
"""Characters of any text in an error: it may hold what somebody sent."""

encode = msgspec.json.Encoder().encode


def _clip(text: str) -> str:
    text = text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
    # What came from outside may hold lone surrogates, which no JSON encoder writes.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def error_body(errors: Sequence[FieldError]) -> bytes:
    """Write `{"error": …}`, or `{"errors": […]}` where several things are wrong."""
    clipped = [
        replace(
            error,
            message=_clip(error.message),
            hint=_clip(error.hint),
            field=None if error.field is None else _clip(error.field),
        )
        for error in errors
    ]
    return encode({"error": clipped[0]} if len(clipped) == 1 else {"errors": clipped})


async def send_json(send: Send, status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Send one whole JSON answer, in the one message that our server takes for it (`cycle.py`)."""
    await send({"type": WHOLE, "status": status, "headers": headers, "body": body})
