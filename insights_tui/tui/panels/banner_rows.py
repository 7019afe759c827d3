"""Groups of words that share a few rows: whole words, endings that are never cut, the longest gives way first."""

from dataclasses import dataclass

from rich.cells import cell_len

from insights_tui.tui.lines import Line, cut, width, wrap


@dataclass(frozen=True, slots=True)
class Group:
    """Text that wants rows of its own, and an ending that is never cut."""

    words: str
    token: str
    room: int
    ending: Line = ()

    def rows(self, count: int, dots: str) -> list[Line]:
        """Write it in so many rows."""
        kept = wrap(self.words, self.room)
        if self.wanted() > count:
            last = cut(" ".join(kept[count - 1 :]), self.room - self._size(), dots)
            kept = [*kept[: count - 1], last]
        elif self.wanted() > len(kept):
            return [*(((row, self.token),) for row in kept), self.ending]
        return [*(((row, self.token),) for row in kept[:-1]), self._last(kept[-1] if kept else "")]

    def wanted(self) -> int:
        """Count the rows that it would fill."""
        kept = wrap(self.words, self.room)
        if not kept:
            return 1 if self.ending else 0
        return len(kept) + (cell_len(kept[-1]) + self._size() > self.room)

    def _size(self) -> int:
        return width(self.ending) + 2 if self.ending else 0

    def _last(self, row: str) -> Line:
        gap: Line = (("  ", "text"),) if row and self.ending else ()
        return ((row, self.token), *gap, *self.ending)


def at_most(groups: list[Group], *, limit: int, dots: str) -> list[Line]:
    """Give every group its rows; where there are too many, the longest gives way first."""
    groups = [group for group in groups if group.wanted()]
    return [row for group, count in zip(groups, shares(groups, limit), strict=True) for row in group.rows(count, dots)]


def shares(groups: list[Group], limit: int) -> list[int]:
    """Tell how many rows each group gets."""
    allowed = [group.wanted() for group in groups]
    while sum(allowed) > max(limit, sum(map(bool, allowed))):
        allowed[max(range(len(allowed)), key=lambda index: allowed[index])] -= 1
    return allowed
