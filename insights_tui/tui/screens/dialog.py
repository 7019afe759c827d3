"""What every dialog has: it is styled once when it opens."""

from typing import Generic

from textual import events
from textual.screen import ModalScreen, ScreenResultType


class Dialog(ModalScreen[ScreenResultType], Generic[ScreenResultType]):
    """A screen over the page."""

    _fresh = True

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        """Be styled once: what this screen is made of was styled a moment ago, when it was made.

        Textual calls the handler of each base by itself, this one first.
        """
        if self._fresh:
            self._fresh = event.refresh_styles = False
