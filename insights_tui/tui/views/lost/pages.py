"""The lost payloads that are listed: a window of pages from the agent, newest first, never all of them."""

from collections.abc import Sequence

from insights_tui.client.protocol import LostApi
from insights_tui.domain.answers import LostPayload
from insights_tui.domain.lost import LostFilter

PAGE = 100
WINDOW = 2000
"""Rows kept; scrolling further down lets go of the newest."""


class Pages:
    """What of the list is here."""

    def __init__(self) -> None:
        self.rows: list[LostPayload] = []
        self.which = LostFilter()
        self.whole = True
        """Whether nothing older is left to load."""
        self.cut = False
        """Whether newer ones were let go of."""

    async def reload(self, client: LostApi, which: LostFilter) -> None:
        """Begin anew with the newest; what was here stays until the answer has come."""
        page = await client.newest_lost(which, limit=PAGE)
        self.which, self.rows, self.cut = which, list(page), False
        self.whole = len(page) < PAGE

    async def more(self, client: LostApi) -> None:
        """Load the page that follows."""
        if self.whole or not self.rows:
            return
        which, last = self.which, self.rows[-1].seq
        page = await client.newest_lost(which, before=last, limit=PAGE)
        if self.which is which and self.rows and self.rows[-1].seq == last:  # nobody began anew meanwhile
            self._take(page)

    def _take(self, page: Sequence[LostPayload]) -> None:
        self.rows += page
        self.whole = len(page) < PAGE
        if len(self.rows) > WINDOW:
            del self.rows[: len(self.rows) - WINDOW]
            self.cut = True
