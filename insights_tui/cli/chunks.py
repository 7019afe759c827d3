"""Input cut into requests of bounded size: whole lines, in order, with the number each begins at."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_LINES = 1000
MAX_BYTES = 256 * 1024
"""Bytes a request holds at most; a line that is longer goes alone, and the agent says that it is too large."""
MAX_OBJECT = 1024 * 1024
"""Bytes of one object, written on one line or over several, that are kept in memory."""


class LineTooLongError(Exception):
    """A line longer than `MAX_OBJECT`: no payload can be that large."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Line {number:,} is longer than 1 MiB.")


class Chunk(NamedTuple):
    """Lines that go into one request, all or nothing."""

    first: int
    """Number of its first line in the input, from 1."""
    lines: int
    """How many, blank ones included."""
    body: bytes

    @property
    def blank(self) -> bool:
        """Whether there is nothing in it."""
        return not self.body.strip()

    def named(self) -> str:
        """Name its lines for people."""
        return f"line {self.first:,}" if self.lines == 1 else f"lines {self.first:,} to {self.first + self.lines - 1:,}"


def by_lines(pieces: Iterable[bytes], *, most: int = MAX_LINES) -> Iterator[Chunk]:
    """Cut what was read into chunks as it comes: whole lines of a piece go at once, so a slow pipe is not held up.

    Raises `LineTooLongError`.
    """
    first, rest = 1, b""
    for piece in pieces:
        whole, newline, rest_of = piece.rpartition(b"\n")
        if not newline:
            rest += piece
            if len(rest) > MAX_OBJECT:
                raise LineTooLongError(first)
            continue
        ready, rest = rest + whole + newline, rest_of
        for chunk in _cut(ready, first, most):
            yield chunk
            first = chunk.first + chunk.lines
    if rest:
        yield Chunk(first, 1, rest)


def _cut(text: bytes, first: int, most: int) -> Iterator[Chunk]:
    start = count = position = 0
    while position < len(text):
        end = text.index(b"\n", position) + 1
        if count and (count == most or end - start > MAX_BYTES):
            yield Chunk(first, count, text[start:position])
            first, start, count = first + count, position, 0
        count += 1
        position = end
    if count:
        yield Chunk(first, count, text[start:position])
