"""Digits three rows high, for a screen on a wall."""

from insights_tui.tui.lines import Line

_ROWS = {
    "0": ("█▀█", "█ █", "▀▀▀"),
    "1": ("▀█ ", " █ ", "▀▀▀"),
    "2": ("▀▀█", "█▀▀", "▀▀▀"),
    "3": ("▀▀█", " ▀█", "▀▀▀"),
    "4": ("█ █", "▀▀█", "  ▀"),
    "5": ("█▀▀", "▀▀█", "▀▀▀"),
    "6": ("█▀▀", "█▀█", "▀▀▀"),
    "7": ("▀▀█", "  █", "  ▀"),
    "8": ("█▀█", "█▀█", "▀▀▀"),
    "9": ("█▀█", "▀▀█", "▀▀▀"),
    ",": (" ", " ", "▄"),
}
HEIGHT = 3


def can_be_big(number: str) -> bool:
    """Tell whether all of it has a big form: `1,204k` has none."""
    return set(number) <= _ROWS.keys()


def big(number: str, style: str) -> tuple[Line, Line, Line]:
    """Write a number of digits and commas."""
    rows = (" ".join(_ROWS[character][row] for character in number) for row in range(HEIGHT))
    pad = " " if style == "loud" else ""
    first, second, third = (((f"{pad}{row}{pad}", style),) for row in rows)
    return first, second, third
