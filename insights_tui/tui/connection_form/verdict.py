"""What went wrong with the attempt as a whole: cause and repair, in full."""

from collections.abc import Sequence

from textual.containers import VerticalScroll

from insights_tui.domain.refused import FieldError
from insights_tui.domain.text import sanitize
from insights_tui.tui.connection_form.flowing import Flowing
from insights_tui.tui.glyphs import ASCII, Glyphs
from insights_tui.tui.lines import Line, ascii_line, wrap


class _Words(Flowing):
    """Causes loud, their repair below, at last what else would help."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._errors: tuple[FieldError, ...] = ()
        self._offer = ""

    def tell(self, errors: Sequence[FieldError], offer: str) -> None:
        """Tell these from now on."""
        self._errors, self._offer = tuple(errors), offer
        self.redraw()

    def lines(self, cells: int) -> list[Line]:
        """Write them in so many cells."""
        parts: list[tuple[str, str]] = []
        for error in self._errors:
            parts.append((f"{self._glyphs.bad} {sanitize(error.message, limit=2_000)}", "wrong"))
            parts.append((sanitize(error.hint, limit=2_000), "text"))
        parts.append((self._offer if self._errors else "", "label"))
        lines: list[Line] = [((row, token),) for words, token in parts for row in wrap(words, cells)]
        return [ascii_line(line) for line in lines] if self._glyphs is ASCII else lines


class Verdict(VerticalScroll):
    """A panel above the buttons, there only while it has something to say; takes the focus to scroll."""

    def __init__(self, glyphs: Glyphs) -> None:
        self._words = _Words(glyphs)
        super().__init__(self._words, id="verdict")

    def allow_focus(self) -> bool:
        """Take the focus only where there is more to read than is in sight."""
        return self.max_scroll_y > 0

    def show(self, errors: Sequence[FieldError], offer: str = "") -> None:
        """Show causes with their repair, and what else would help; nothing hides the panel."""
        self._words.tell(errors, offer)
        self.display = bool(errors)
        self.scroll_home(animate=False)
