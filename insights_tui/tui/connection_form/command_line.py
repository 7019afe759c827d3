"""The line at the bottom: the form as a command."""

from textual.content import Content
from textual.widgets import Static

from insights_tui.tui.connection_form.command import advice, command_line
from insights_tui.tui.connection_form.values import Values


class CommandLine(Static):
    """Shows the command; the screen copies it."""

    def __init__(self) -> None:
        super().__init__(id="command", markup=False)
        self.text = ""
        """The whole command, also where it is cut on the screen."""
        self.advice = ""
        """What to do before it runs."""

    def show(self, values: Values, *, ca_unseen: bool = False) -> None:
        """Show the command for what stands in the fields."""
        text = command_line(values, ca_unseen=ca_unseen and not values.ca.strip())
        self.advice = advice(values)
        if text != self.text:
            self.text = text
            self.update(Content(f"$ {text}"), layout=False)  # its height is fixed: a key costs one line, not a page
