"""The producer task: takes payloads from the in-process queue and gives them to lanes as batches."""

import asyncio

from insights_tui.delivery.book import Book
from insights_tui.delivery.session import Session


class Producer:
    """Consumes the queue. Woken by new payloads, by acknowledgements, and by lanes that can send again."""

    def __init__(self, book: Book, linger_s: float) -> None:
        self._book = book
        self._linger_s = linger_s
        self._woken = asyncio.Event()
        self._lingering: asyncio.TimerHandle | None = None
        self.session: Session | None = None
        """Where batches go just now; `None` while there is no connection."""

    def wake(self) -> None:
        """Look again: something may be possible that was not."""
        self._woken.set()

    def added(self) -> None:
        """Note new payloads: a full batch goes at once, a few wait `linger_s` for company."""
        if self._book.full_batch_waits:
            self._woken.set()
        elif self._lingering is None:
            self._lingering = asyncio.get_running_loop().call_later(self._linger_s, self._linger_over)

    def stop(self) -> None:
        """Cancel the timer."""
        if self._lingering is not None:
            self._lingering.cancel()

    async def run(self) -> None:
        """Give batches to lanes for ever; one batch, then the loop's other work, then the next."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            if self._lingering is not None and not self._book.full_batch_waits:
                continue
            session = self.session
            if session is None or not self._book.has_work():
                continue
            for lane in session.ready():
                if session.send(lane):
                    await asyncio.sleep(0)
                    if session is not self.session:
                        break
                elif not self._book.has_work():
                    break

    def _linger_over(self) -> None:
        self._lingering = None
        self._woken.set()
