"""What went wrong with the attempt as a whole: cause and repair, in full."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from insights_tui.domain.refused import FieldError
from insights_tui.domain.text import sanitize
from insights_tui.tui.glyphs import Glyphs


class Verdict(VerticalScroll):
    """A panel above the buttons, there only while it has something to say; takes the focus to scroll."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="verdict")
        self._wrong = glyphs.bad

    def allow_focus(self) -> bool:
        """Take the focus only where there is more to read than is in sight."""
        return self.max_scroll_y > 0

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(markup=False)

    def on_mount(self) -> None:
        """Say nothing yet."""
        self.display = False

    def show(self, errors: Sequence[FieldError], offer: str = "") -> None:
        """Show causes loud with their repair below, at last what else would help; nothing hides the panel."""
        parts: list[Content] = []
        for error in errors:
            parts.append(Content.styled(f"{self._wrong} {sanitize(error.message, limit=2_000)}", "bold"))
            if error.hint:
                parts.append(Content.styled(sanitize(error.hint, limit=2_000), "$ink"))
        if parts and offer:
            parts.append(Content.styled(offer, "$label"))
        self.query_one(Static).update(Content("\n").join(parts))
        self.display = bool(parts)
        self.scroll_home(animate=False)
