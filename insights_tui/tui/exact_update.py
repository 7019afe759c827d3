"""Send just the cells that changed: Textual's own partial update starts each row at the widget's left edge.

`ChopsUpdate.render_segments` of Textual 8.2.8 crops a changed span at its right end only (its source says "TODO:
crop to x extents"), so one digit at column 70 costs the 70 cells before it. `tests/tui/test_exact_update.py`
holds both against each other.
"""

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate  # private: there is no public hook between compositor and driver


class ExactUpdate(ChopsUpdate):
    """A partial update that is cropped at both ends."""

    def render_segments(self, console: Console) -> str:
        """Render the changed cells as terminal sequences."""
        sequences: list[str] = []
        for y, left, right in self.spans:
            for end, (start, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or start >= right or end <= left:
                    continue
                first = max(left, start)
                sequences.append(Control.move_to(first, y).segment.text)
                sequences.append(strip.crop(first - start, min(end, right) - start).render(console))
        return "".join(sequences)


def exact(update: object) -> object:
    """Replace a stock partial update; anything else passes."""
    if type(update) is ChopsUpdate:
        return ExactUpdate(update.chops, update.spans, update.chop_ends)
    return update
