"""The first row of the form: what it does, and at the right end for which installation."""

from insights_tui.domain.text import sanitize
from insights_tui.tui.connection_form.flowing import Flowing
from insights_tui.tui.lines import Line, ends


class Title(Flowing):
    """Both at the ends of one row."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(id="title")
        self._what, self._where = what, sanitize(where, limit=40)

    def say(self, what: str) -> None:
        """Say that it does something else now."""
        self._what = what
        self.redraw()

    def lines(self, cells: int) -> list[Line]:
        """Write them in so many cells."""
        return [ends(((self._what, "strong"),), ((self._where, "label"),), cells)]
