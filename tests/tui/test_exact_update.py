from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from insights_tui.tui.exact_update import ExactUpdate, exact


def update() -> ChopsUpdate:
    """A row of 80 cells, of which cell 70 has changed."""
    return ChopsUpdate([{0: Strip([Segment("x" * 70 + "7" + "y" * 9)])}], [(0, 70, 71)], [[80]])


def test_one_changed_cell_is_all_that_is_sent() -> None:
    console = Console(color_system="truecolor")
    ours, stock = exact(update()), update()
    assert isinstance(ours, ExactUpdate)
    assert ours.render_segments(console) == "\x1b[1;71H7"
    assert stock.render_segments(console) == "\x1b[1;1H" + "x" * 70 + "7", "Textual crops at both ends now: drop ours"


def test_anything_else_passes() -> None:
    assert exact("whole screen") == "whole screen"
