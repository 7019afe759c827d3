"""The pager: keeps a window of payloads in memory, ahead of need, where the rest of them waits on disk."""

import asyncio
from collections.abc import Callable

from insights_tui.delivery.book import Book
from insights_tui.delivery.ledger import Ledger, Place
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.domain.clock import Clock
from insights_tui.domain.occurrence import Occurrence
from insights_tui.spool.base import Expired, Spool

_AT_ONCE = 5000
"""Payloads taken over in one step of the loop: about 2 ms."""
_UNKNOWN_SIZE = 4096
"""Bytes that a payload is taken for while none is in memory to go by."""
_BOUND_WINDOWS = 4
"""So many windows of payloads whose key ties them to a partition may wait in memory beside the window."""
_AGAIN_S = 1.0
"""Before the disk is asked again after it failed."""


class Pager:
    """Loads in order of deadlines while less than half a window is in memory, and ends what expires on disk."""

    def __init__(
        self,
        spool: Spool,
        book: Book,
        ledger: Ledger,
        clock: Clock,
        settings: DeliverySettings,
        *,
        added: Callable[[], None],
        expired: Callable[[Expired], None],
        tell: Callable[[Occurrence], None],
    ) -> None:
        self._spool, self._book, self._ledger = spool, book, ledger
        self._clock, self._settings = clock, settings
        self._added, self._expired, self._tell = added, expired, tell
        self._woken = asyncio.Event()

    def look(self) -> None:
        """Look whether more is needed: payloads have left memory, or have come to lie on disk."""
        if self._spool.paged and self._wanted():
            self._woken.set()

    async def run(self) -> None:
        """Load and expire for ever."""
        while True:
            pause = self._settings.sweep_s
            try:
                if await self._expire() or await self._load():
                    continue
            except Exception as error:  # noqa: BLE001 - the disk failed: what it holds is still there afterwards
                self._tell(
                    Occurrence(
                        "error",
                        "spool_unreadable",
                        "spool",
                        "Payloads on disk cannot be read just now.",
                        fix="Check the disk; it is tried again until it works.",
                        raw=f"{type(error).__name__}: {error}"[:500],
                    )
                )
                pause = _AGAIN_S
            try:
                async with asyncio.timeout(pause):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()

    async def _load(self) -> bool:
        """Load where less than half a window is in memory; tell whether there was anything."""
        wanted = self._wanted() if self._spool.paged else 0
        if not wanted:
            return False
        payloads = await self._spool.load(min(wanted, _AT_ONCE))
        if payloads:
            self._book.add(payloads)
            self._added()
            await asyncio.sleep(0)  # the producer first: it may have been waiting for these
        return bool(payloads)

    async def _expire(self) -> bool:
        due = self._spool.next_deadline
        if due is None or due > self._clock.boot():
            return False
        ended = await self._spool.expire()
        self._ledger.move(ended.unsent, Place.QUEUED, Place.EXPIRED_UNSENT)
        self._ledger.move(ended.unknown, Place.QUEUED, Place.EXPIRED_UNKNOWN)
        if not any(ended):
            return False
        self._expired(ended)
        return True

    def _wanted(self) -> int:
        """Tell how many payloads to load: what is missing from the window once less than half of it is there.

        Payloads that only one partition can take do not count, up to `_BOUND_WINDOWS`: a partition that is stuck
        must not keep what any other could take out of memory.
        """
        settings, book = self._settings, self._book
        held = max(0, self._ledger.pending - self._spool.paged)
        bound = min(book.bound, _BOUND_WINDOWS * settings.window_payloads)
        size = max(1.0, book.bytes / held) if held else _UNKNOWN_SIZE
        by_bytes = int(settings.window_bytes * (1 + _BOUND_WINDOWS * bool(bound)) / size)
        window = max(1, min(settings.window_payloads, by_bytes - bound))  # large payloads make it a smaller one
        missing = window - (held - bound)
        return missing if missing > window // 2 else 0
