"""Lines of styled text, as plain data: what panels produce and `Sheet` paints.

A run is a text and the name of a token (`styles/tokens.tcss` gives it its colour), never markup. Widths are in
terminal cells.
"""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from insights_tui.domain.text import duration

Run = tuple[str, str]
Line = tuple[Run, ...]

BLANK: Line = ()
_ASCII = str.maketrans({"—": "-", "…": "~", "\N{MULTIPLICATION SIGN}": "x", "·": "-", "→": ">"})


def text(value: str, style: str = "text") -> Line:
    """Make a line of one run."""
    return ((value, style),)


def width(line: Line) -> int:
    """Measure a line, in cells."""
    return sum(cell_len(part) for part, _ in line)


def plain(line: Line) -> str:
    """Give the characters without their tokens."""
    return "".join(part for part, _ in line)


def cut(value: str, cells: int, ellipsis: str) -> str:
    """Shorten a text to at most so many cells, marking the cut."""
    if cell_len(value) <= cells:
        return value
    if cells <= cell_len(ellipsis):
        return set_cell_size(value, max(0, cells))
    return set_cell_size(value, cells - cell_len(ellipsis)).rstrip() + ellipsis


def crop(line: Line, cells: int, ellipsis: str = "") -> Line:
    """Shorten a line to at most so many cells."""
    if width(line) <= cells:
        return line
    kept: list[Run] = []
    left = cells
    for part, token in line:
        size = cell_len(part)
        if size >= left:
            kept.append((cut(part, left, ellipsis) if size > left or ellipsis else part, token))
            break
        kept.append((part, token))
        left -= size
    return tuple(kept)


def fit(line: Line, cells: int, *, right: bool = False, ellipsis: str = "") -> Line:
    """Give a line exactly so many cells: cut, or filled on the right (or on the left)."""
    line = crop(line, cells, ellipsis)
    fill = cells - width(line)
    if fill <= 0:
        return line
    return ((" " * fill, "text"), *line) if right else (*line, (" " * fill, "text"))


def ends(left: Line, right: Line, cells: int, ellipsis: str = "") -> Line:
    """Set one line at the left edge and one at the right; the left one gives way."""
    room = max(0, cells - width(right) - 1)
    return (*fit(left, room, ellipsis=ellipsis), (" ", "text"), *right)


def ruled(name: str, cells: int, rule: str, ellipsis: str = "") -> Line:
    """Head what stands below a list: a rule with a name in it."""
    title = crop(((f" {rule} ", "rule"), (f"{name} ", "strong")), cells - 2, ellipsis)
    return (*title, (rule * max(0, cells - width(title) - 1), "rule"))


def columns(cells: Sequence[Line], size: int, ellipsis: str = "") -> Line:
    """Set lines side by side, each `size` cells wide with one cell of air; the last has what is left of the row."""
    fitted = (run for cell in cells[:-1] for run in (*fit(cell, size - 1, ellipsis=ellipsis), (" ", "text")))
    return (*fitted, *cells[-1])


def table(rows: Sequence[Sequence[Line]], *, right: frozenset[int] = frozenset(), gap: int = 2) -> list[Line]:
    """Align rows in columns as wide as their widest cell; columns in `right` align at their right edge."""
    if not rows:
        return []
    last = len(rows[0]) - 1
    sizes = [max(width(row[index]) for row in rows) for index in range(last + 1)]
    if last not in right:
        sizes[last] = 0  # nothing stands behind it: no blanks that a narrow terminal would mark as cut
    space: Run = (" " * gap, "text")
    return [
        tuple(
            run
            for index, cell in enumerate(row)
            for run in (*_cell(cell, sizes[index], right=index in right), *((space,) if index < last else ()))
        )
        for row in rows
    ]


def _cell(cell: Line, size: int, *, right: bool) -> Line:
    return fit(cell, size, right=right) if size else cell


def wrap(value: str, cells: int) -> list[str]:
    """Break a text at spaces into rows of at most so many cells; longer words are broken. No cells are no rows."""
    if cells < 1:
        return []
    rows: list[str] = []
    row = ""
    for word in value.split():
        candidate = f"{row} {word}" if row else word
        if cell_len(candidate) <= cells:
            row = candidate
            continue
        if row:
            rows.append(row)
        rest = word
        while cell_len(rest) > cells:
            head = set_cell_size(rest, cells).rstrip()
            rows.append(head)
            rest = rest[len(head) :] if head else ""
        row = rest
    return [*rows, row] if row else rows


def ascii_line(line: Line) -> Line:
    """Spell a line in ASCII, foreign text included: `?` stands for each cell of what has no spelling."""
    return tuple((_ascii(part.translate(_ASCII)), token) for part, token in line)


def _ascii(value: str) -> str:
    if value.isascii():
        return value
    return "".join(letter if letter.isascii() else "?" * cell_len(letter) for letter in value)


def whole_seconds(seconds: float) -> str:
    """Write a span that is counted in whole seconds: `3 s`, not `3.0 s`."""
    return duration(int(max(0.0, seconds))).replace(".0 s", " s")
