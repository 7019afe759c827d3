"""The classes that a screen's breakpoints give it, before Textual sets them: it does after the first painting."""

from collections.abc import Sequence

from textual.geometry import Size

Breakpoints = Sequence[tuple[int, str]]
"""Cells, and the class from there on; ascending."""


def classes(size: Size, horizontal: Breakpoints, vertical: Breakpoints) -> str:
    """Name the classes at a size, as `Screen(classes=…)` takes them."""
    reached = [
        [name for least, name in breakpoints if cells >= least][-1:]
        for cells, breakpoints in ((size.width, horizontal), (size.height, vertical))
    ]
    return " ".join(name for names in reached for name in names)
