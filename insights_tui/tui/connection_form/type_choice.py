"""The connection type; it also catches the rest of a server list that comes as keys."""

from collections.abc import Callable

from textual import events

from insights_tui.domain.connection import ConnectionType
from insights_tui.tui.connection_form.choice import Choice
from insights_tui.tui.connection_form.words import TYPES


class TypeChoice(Choice[ConnectionType]):
    """Gives what is typed here back to the server list, where Enter has just ended a line of that.

    A terminal without bracketed paste sends a list, one server a line, as keys. Enter goes on to this field, which
    takes no characters itself: those that come here next are the next line.
    """

    def __init__(
        self,
        append: Callable[[str], None],
        value: ConnectionType,
        *,
        id: str,  # noqa: A002 - Textual's name
        ascii_only: bool,
    ) -> None:
        super().__init__(TYPES, value, id=id, ascii_only=ascii_only)
        self._append = append
        self._expecting = False
        self._begun = False

    def expect_more(self) -> None:
        """Enter has come here from the list."""
        self._expecting, self._begun = True, False

    def end_line(self) -> bool:
        """End a line of the list; whether there was one."""
        begun, self._begun = self._begun, False
        return begun

    async def on_key(self, event: events.Key) -> None:
        """Take a character of the list; anything else ends it."""
        if self._expecting and event.character is not None and event.is_printable and event.character != " ":
            event.stop()
            event.prevent_default()
            self._append(event.character if self._begun else f",{event.character}")
            self._begun = True
        elif event.key != "ctrl+j" or not self.end_line():
            self._expecting = False

    def on_blur(self) -> None:
        """Expect no more: the list has ended."""
        self._expecting = self._begun = False
