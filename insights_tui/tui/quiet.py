"""When nobody types: the moment for work that would make a key wait."""

import time
from collections.abc import Callable

from textual import events
from textual.app import App

IDLE_S = 2.0
"""Seconds without a key after which the next one is not expected at once."""


class Quiet(App[None]):
    """Notices when somebody types or clicks."""

    on_typed: Callable[[], None] | None = None
    """Told of every key, click and paste before it does anything."""
    _typed_at = 0.0

    async def on_event(self, event: events.Event) -> None:
        """Note the time of every key, click and paste."""
        if isinstance(event, events.InputEvent | events.Paste):
            self._typed_at = time.monotonic()
            if self.on_typed is not None:
                self.on_typed()
        await super().on_event(event)

    def is_quiet(self) -> bool:
        """Tell whether nobody types, and no dialog is open: what it holds will be garbage soon."""
        return time.monotonic() - self._typed_at > IDLE_S and len(self.screen_stack) == 1
