"""Stopped and continued (`ctrl+z`, the shell's `fg`): the terminal is given back meanwhile, then painted whole."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from insights_tui.tui.frame import Frame
from insights_tui.tui.quiet import Quiet
from insights_tui.tui.remote import ends_with_us
from insights_tui.tui.told_keys import told_in
from insights_tui.tui.views.view import View

STOPS_TOO = "The agent of this screen would stop, too: nothing would be accepted or delivered. Leave with {q} instead."


class Suspending(Quiet):
    """An application that can be put into the background."""

    frame: Frame
    """The newest news."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", "Stop, until the shell's fg", id="app.suspend", show=False)
    ]

    def on_mount(self) -> None:
        """Paint everything once we are back: Textual's driver opens an empty screen and believes it to be ours."""
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh())

    def action_suspend_process(self) -> None:
        """Stop this process, unless an agent lives in it."""
        snapshot = self.frame.snapshot
        if snapshot is not None and ends_with_us(snapshot):
            self.screen_stack[0].post_message(View.Said(told_in(self).words(STOPS_TOO), "bad"))
        else:
            super().action_suspend_process()
