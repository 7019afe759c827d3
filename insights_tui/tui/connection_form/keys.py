"""The keys that move the focus, in the order in which they were typed."""

from contextlib import suppress
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button

from insights_tui.domain.answers import SavedConnection
from insights_tui.tui.breakpoints import classes
from insights_tui.tui.checking.panel import CheckPanel
from insights_tui.tui.connection_form.ca_field import CaField
from insights_tui.tui.connection_form.stops import next_stop
from insights_tui.tui.connection_form.type_choice import TypeChoice
from insights_tui.tui.connection_form.verdict import Verdict
from insights_tui.tui.in_order import settle
from insights_tui.tui.told_keys import Told, told_in


class FormKeys(ModalScreen[SavedConnection | None]):
    """Moves the focus once all that was typed before has reached its field (`in_order.py`)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next", "Next field", show=False, priority=True, id="form.next"),
        Binding("shift+tab", "previous", "Previous field", show=False, priority=True, id="form.previous"),
        Binding("down", "down", "Field below", show=False, priority=True, id="form.down"),
        Binding("up", "up", "Field above", show=False, priority=True, id="form.up"),
        Binding("pagedown", "page(1)", "Next page", show=False, id="form.page-down"),
        Binding("pageup", "page(-1)", "Previous page", show=False, id="form.page-up"),
        Binding("enter", "enter", "Next field, or press", show=False, priority=True, id="form.enter"),
    ]

    def __init__(self) -> None:
        super().__init__()
        with suppress(RuntimeError):  # there may be no application yet: then it learns its size later, as ever
            # Else it is painted as for a narrow terminal first, then styled and painted once more.
            reached = classes(self.app.size, self.HORIZONTAL_BREAKPOINTS or (), self.VERTICAL_BREAKPOINTS or ())
            self.add_class(*reached.split(), update=False)

    @property
    def told(self) -> Told:
        """Spell keys as they are now."""
        return told_in(self, CaField)

    @property
    def results(self) -> CheckPanel | None:
        """Give the results of a test, `None` where there was none."""
        return next(iter(self.query(CheckPanel)), None)

    async def action_next(self) -> None:
        """Go to the next field or button."""
        await settle(self)
        self._go(1)

    async def action_previous(self) -> None:
        """Go to the previous field or button."""
        await settle(self)
        self._go(-1)

    async def action_down(self) -> None:
        """Go to the field below; in a long text, to the line below."""
        await settle(self)
        if isinstance(self.focused, CaField) and not self.focused.cursor_at_last_line:
            self.focused.action_cursor_down()
        elif (text := self._text_to_scroll()) is not None and text.scroll_y < text.max_scroll_y:
            text.scroll_down(animate=False)
        else:
            self._leave_row(1)

    async def action_up(self) -> None:
        """Go to the field above; in a long text, to the line above."""
        await settle(self)
        if isinstance(self.focused, CaField) and not self.focused.cursor_at_first_line:
            self.focused.action_cursor_up()
        elif (text := self._text_to_scroll()) is not None and text.scroll_y > 0:
            text.scroll_up(animate=False)
        else:
            self._leave_row(-1)

    async def action_enter(self) -> None:
        """Press the button, begin a line of PEM, or go to the next field."""
        await settle(self)
        focused = self.focused
        if isinstance(focused, Button):
            focused.press()
            await settle(self)  # a key behind it meets what the button has done
        elif isinstance(focused, CaField) and focused.is_pem:
            focused.end_line()
        elif isinstance(focused, TypeChoice) and focused.end_line():
            return
        else:
            self._go(1)
            if isinstance(self.focused, TypeChoice):
                self.focused.expect_more()

    async def action_page(self, by: int) -> None:
        """Turn a page of the test's results."""
        panel = self.results
        if panel is not None and by > 0:
            panel.scroll_page_down(animate=False)
        elif panel is not None:
            panel.scroll_page_up(animate=False)

    def _text_to_scroll(self) -> VerticalScroll | None:
        """Give the text that up and down scroll: the one in focus, or the results while they cover the fields."""
        if isinstance(self.focused, Verdict | CheckPanel):
            return self.focused
        return self.results if isinstance(self.focused, Button) and self.query(".-covered #check") else None

    def _leave_row(self, by: int) -> None:
        start = self.focused
        self._go(by)
        if isinstance(start, Button):  # buttons stand side by side: left and right move between them
            while isinstance(self.focused, Button) and self.focused is not start:
                self._go(by)

    def _go(self, by: int) -> None:
        self.set_focus(next_stop(self, by))
