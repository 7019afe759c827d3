"""A request's body: its type, its size, its bytes."""

import codecs
from functools import lru_cache
from typing import Literal, NamedTuple

from starlette.types import Receive

from insights_tui.domain.refused import FieldError

_UTF8 = {"utf-8", "ascii"}
_NDJSON = {"application/x-ndjson", "application/ndjson", "application/jsonl"}


class ClientGoneError(Exception):
    """The client left in the middle of its request."""


class TooLargeError(Exception):
    """The body is larger than allowed; `whole` where it was read to its end all the same."""

    def __init__(self, limit: int, *, whole: bool) -> None:
        super().__init__()
        self.whole = whole
        self.error = FieldError(
            "too_large", f"The body is larger than {limit} bytes.", "Send less at a time, or NDJSON to /v1/payloads."
        )


class ContentType(NamedTuple):
    """What a body claims to be."""

    name: Literal["json", "ndjson", "other"]
    charset: str | None = None
    """A character set to decode from; `None` for UTF-8, which JSON is."""


@lru_cache(maxsize=256)
def content_type(header: bytes) -> ContentType:
    """Read a Content-Type; any character set but UTF-8, ASCII and Latin-1 makes it `other`."""
    media, *parameters = header.decode("latin-1").lower().split(";")
    charset = None
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() != "charset":
            continue
        try:
            known = codecs.lookup(value.strip().strip("\"'")).name
        except (LookupError, ValueError):
            return ContentType("other")
        if known == "iso8859-1":
            charset = known
        elif known not in _UTF8:
            return ContentType("other")
    if media.strip() == "application/json":
        return ContentType("json", charset)
    return ContentType("ndjson", charset) if media.strip() in _NDJSON else ContentType("other")


def recode(body: bytes, charset: str) -> bytes:
    """Turn a body into UTF-8."""
    return body.decode(charset).encode()


async def read_body(receive: Receive, headers: dict[bytes, bytes], limit: int, patience: int) -> bytes:
    """Read a body of at most `limit` bytes; raises `TooLargeError`, `ClientGoneError`.

    A body over the limit is read to its end if that is within `patience` bytes: a client whose connection is closed
    while it sends sees a broken connection, not the answer.
    """
    length = headers.get(b"content-length")
    if length is not None and int(length) > patience:
        raise TooLargeError(limit, whole=False)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message["body"]
        if len(body) > limit:
            raise TooLargeError(limit, whole=True)
        return body
    chunks: list[bytes] = []
    size = 0
    while message["type"] == "http.request":
        chunk: bytes = message["body"]
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
        if not message.get("more_body", False):
            if size > limit:
                raise TooLargeError(limit, whole=True)
            return b"".join(chunks)
        if size > patience:
            raise TooLargeError(limit, whole=False)
        message = await receive()
    if size > limit:
        raise TooLargeError(limit, whole=False)
    raise ClientGoneError
