"""What a person can do about the connection in use: check it, go back to an earlier one, look at a test payload."""

from typing import TYPE_CHECKING, cast

from textual.screen import Screen

from insights_tui.tui.glyphs import ASCII
from insights_tui.tui.panels.notice_row import NoticeRow
from insights_tui.tui.told_keys import told_in

if TYPE_CHECKING:
    from insights_tui.domain.answers import Receipt, SavedConnection
    from insights_tui.tui.app import InsightsApp


class ConnectionActs(Screen[None]):
    """Opens the screens about the connection."""

    def action_check(self) -> None:
        """Check every server of the connection in use."""
        from insights_tui.tui.checking.screen import CheckScreen

        app = cast("InsightsApp", self.app)
        snapshot = app.frame.snapshot
        if snapshot is None or snapshot.connection is None:
            words = "There is no connection to check. Press {c} to connect: the form can test one."
            self._tell(told_in(self).words(words))
            return
        self.app.push_screen(CheckScreen(app.client, snapshot, ascii_only=app.glyphs is ASCII))

    def action_revisions(self) -> None:
        """List the earlier connections, and go back to one."""
        from insights_tui.tui.screens.revisions import Revisions

        app = cast("InsightsApp", self.app)
        snapshot = app.frame.snapshot
        pending = snapshot.counts.pending if snapshot is not None else 0
        self.app.push_screen(Revisions(app.client, pending=pending), self._went_back)

    def _went_back(self, saved: "SavedConnection | None") -> None:
        if saved is not None:
            self._tell(f"Back to an earlier connection: topic {saved.topic} at {saved.broker_url}.", "good")
            cast("InsightsApp", self.app).feed.nudge()

    def show_receipt(self, receipt: "Receipt") -> None:
        """Say where a test payload can be seen, unless something else is looked at by now."""
        from insights_tui.tui.screens.receipt import ReceiptReader

        if not receipt.see or not self.is_active:
            return
        self.app.push_screen(ReceiptReader(receipt))

    def _tell(self, words: str, kind: str = "plain") -> None:
        self.query_one(NoticeRow).say(words, kind)
