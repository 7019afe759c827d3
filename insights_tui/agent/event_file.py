"""The event log on disk: a line an event, so that what led to a failure outlives the agent that saw it."""

import asyncio
import contextlib
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from insights_tui.agent.events import EventLog
from insights_tui.agent.private_files import PrivateDir
from insights_tui.domain.snapshot import Event

NAME = "events.jsonl"
SET_ASIDE = "events.damaged.jsonl"
ALIVE_S = 10.0
"""Seconds after which the file's time says again that the agent lives."""
MOST_LINES = 4_000
"""Lines after which the file is written anew with what the log still keeps."""
_AGAIN_S = 1.0
"""Seconds at least between two attempts where the disk refuses."""
_MAX_FILE = 64 * 1024 * 1024
_MAX_TEXT = 8_000
"""Characters of a text on disk: what a broker or the system said may be of any length."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Event).decode


@dataclass(frozen=True, slots=True)
class Before:
    """What the agents before this one left."""

    events: Sequence[Event] = ()
    """Oldest first; of a group the newest alone."""
    damage: str = ""
    """What could not be read, as a part of a sentence; the file that holds it was set aside."""
    alive_at: datetime | None = None
    """When the last one was alive for sure (give or take `ALIVE_S`); `None` where there was none."""


def group_of(event: Event) -> Hashable:
    """Tell an event from another; its repetitions, which have numbers of their own, are the same one."""
    if event.count == 1 and event.actor is not None:
        return event.seq
    return (event.level, event.code, event.subject, event.first_at or event.at)


class EventFile:
    """Writes each event soon after it happened, beside the loop; a disk that refuses is tried again.

    Not synced to the disk: a killed agent loses nothing that was written, a power cut the last seconds.
    """

    def __init__(self, folder: Path, log: EventLog) -> None:
        """Write what comes to `log`, and all that it keeps when the file is written anew."""
        self._folder = folder
        self._log = log
        log.on_event = self.add
        self._waiting: dict[Hashable, Event] = {}
        self._wake = asyncio.Event()
        self._lines = 0
        self._whole = False
        """Whether the file holds all that it should; at the start it is written anew, without what was forgotten."""
        self._stopping = False
        self._writer: asyncio.Task[None] | None = None

    def load(self) -> Before:
        """Read what was kept; raises `OSError` where the directory itself cannot be used.

        The last line may be torn: a crash or a power cut came in between, and nothing can be told of it. Any other line
        that cannot be read is damage: the file is kept as `SET_ASIDE`, and the other lines are used.
        """
        with PrivateDir.open(self._folder) as place:
            if NAME not in place.names():
                return Before()
            try:
                content = place.read(NAME, limit=_MAX_FILE)
                alive_at = datetime.fromtimestamp((self._folder / NAME).stat().st_mtime, UTC)
            except (OSError, ValueError) as error:
                place.rename(NAME, SET_ASIDE)
                return Before(damage=f"the file ({error})")
            events, unread = _read(content)
            if unread:
                place.rename(NAME, SET_ASIDE)
            damage = f"{unread:,} of its lines" if unread else ""
            return Before(sorted(events, key=lambda event: event.seq), damage, alive_at)

    def start(self) -> None:
        """Begin to write."""
        self._writer = asyncio.create_task(self._write(), name="event-file")

    async def stop(self) -> None:
        """Write what waits, and end; a write that is under way is waited for, or it would undo the last one."""
        self._stopping = True
        self._wake.set()
        if self._writer is not None:
            await self._writer

    def add(self, event: Event) -> None:
        """Have an event written; one of the same group that still waits is not."""
        if self._whole:  # else the log itself is written
            self._waiting[group_of(event)] = event
        self._wake.set()

    async def _write(self) -> None:
        while not self._stopping:
            written = await self._flush()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ALIVE_S):
                    await self._wake.wait()
            if not written and not self._stopping:
                await asyncio.sleep(_AGAIN_S)  # a full disk in a storm of events: the whole log each time
        await self._flush()

    async def _flush(self) -> bool:
        self._wake.clear()
        events = list(self._waiting.values())
        self._waiting.clear()
        anew = not self._whole or self._lines + len(events) > MOST_LINES
        if anew:
            events = list(self._log.after())
        self._whole = True  # what happens from here on is added to what is written now
        try:
            await asyncio.to_thread(self._put, b"".join(map(_line, events)), anew)
        except OSError:
            self._whole = False  # a part may be there: the next event, or the next sign of life, writes all of it
            self._waiting.clear()
            return False
        self._lines = len(events) if anew else self._lines + len(events)
        return True

    def _put(self, lines: bytes, anew: bool) -> None:
        with PrivateDir.open(self._folder) as place:
            if anew:
                place.write(NAME, lines)
            elif lines:
                place.append(NAME, lines)
            else:
                place.touch(NAME)


def _read(content: bytes) -> tuple[Collection[Event], int]:
    *lines, _torn = content.split(b"\n")
    events: dict[Hashable, Event] = {}
    unread = 0
    for line in lines:
        try:
            event = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            unread += 1
        else:
            events[group_of(event)] = event  # a later line of the same group counts more
    return events.values(), unread


def _line(event: Event) -> bytes:
    subject, text, fix, raw = map(_bounded, (event.subject, event.text, event.fix, event.raw))
    actor = None if event.actor is None else _bounded(event.actor)  # a user's name may be any bytes
    return _encode(replace(event, subject=subject, text=text, fix=fix, raw=raw, actor=actor)) + b"\n"


def _bounded(text: str) -> str:
    """Bound a text, and write lone surrogates so that JSON can hold them."""
    return text[:_MAX_TEXT].encode("utf-8", "backslashreplace").decode()
