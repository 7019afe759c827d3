"""The line above a list in which words are typed that its rows must hold."""

from collections.abc import Iterable

from textual.widgets import Input


class FilterLine(Input):
    """Hidden until it is asked for; says what is typed by `Input.Changed`, and that it is done by `Input.Submitted`."""

    def __init__(self, *, id: str, placeholder: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, placeholder=placeholder, compact=True)
        self.cursor_blink = False
        self.display = False

    def open(self) -> None:
        """Let words be typed."""
        self.display = True
        self.focus()

    def close(self) -> None:
        """Hide it; its words go on choosing."""
        self.display = False


def holds(text: str, words: Iterable[str]) -> bool:
    """Tell whether every word occurs in a text, capital or small."""
    folded = text.casefold()
    return all(word.casefold() in folded for word in words)
