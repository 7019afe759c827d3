"""What a person can do from any view: connect, delete, test, copy, read on."""

from typing import TYPE_CHECKING, cast

from textual import work

from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.text import latency, thousands
from insights_tui.tui.glyphs import ASCII
from insights_tui.tui.notices import problems
from insights_tui.tui.panels.notice_row import NoticeRow
from insights_tui.tui.screens.confirm import Confirm
from insights_tui.tui.screens.connection_acts import ConnectionActs
from insights_tui.tui.screens.problems import Problems
from insights_tui.tui.screens.questions import before_deleting

if TYPE_CHECKING:
    from insights_tui.domain.answers import SavedConnection
    from insights_tui.tui.app import InsightsApp
    from insights_tui.tui.screens.agents import Place


class Acts(ConnectionActs):
    """The acts that need the agent, each ending in a sentence in the notice row."""

    @property
    def _interface(self) -> "InsightsApp":
        return cast("InsightsApp", self.app)

    def _say(self, words: str, kind: str = "plain") -> None:
        self.query_one(NoticeRow).say(words, kind)

    def say_read_only(self) -> None:
        """Say why a key does nothing."""
        self._say("Nothing can be changed here: it is read-only. Start insights-tui without --read-only.")

    def action_agents(self) -> None:
        """List the agents that were named, and show another one."""
        app = self._interface
        if app.place is None or len(app.places) == 1:
            self._say("There is one agent here. Name more: insights-tui --socket A --socket B.")
            return
        from insights_tui.tui.screens.agents import Agents

        self.app.push_screen(Agents(app.places, app.place, app.looks), self._chose_agent)

    def _chose_agent(self, place: "Place | None") -> None:
        if place is not None and place is not self._interface.place:
            self.show_agent(place)

    def show_agent(self, place: "Place") -> None:
        """Show another agent."""
        self.app.run_worker(self._interface.attach(place), name="attach")

    def action_connect(self) -> None:
        """Open the connection form."""
        snapshot = self._interface.frame.snapshot
        if snapshot is None:
            self._say("There is no agent to connect yet.", "bad")
            return
        from insights_tui.tui.connection_form import ConnectionFormScreen

        plain = self._interface.glyphs is ASCII
        form = ConnectionFormScreen(self._interface.client, snapshot, ascii_only=plain)
        self.app.push_screen(form, self._connected)

    def _connected(self, saved: "SavedConnection | None") -> None:
        if saved is not None:
            self._say(f"Connection saved: topic {saved.topic} at {saved.broker_url}.", "good")
            self._interface.feed.nudge()

    def action_delete(self) -> None:
        """Delete the connection, after asking."""
        snapshot = self._interface.frame.snapshot
        if snapshot is None or snapshot.connection is None:
            self._say("There is no connection to delete.")
            return
        self.app.push_screen(Confirm(before_deleting(snapshot)), self._deletion_answered)

    def _deletion_answered(self, agreed: bool | None) -> None:
        if agreed:
            self._delete()

    @work(exclusive=True, group="act")
    async def _delete(self) -> None:
        try:
            await self._interface.client.disconnect()
        except (AgentUnavailableError, RefusedError) as error:
            self._say(f"The connection was not deleted. {_reason(error)}", "bad")
            return
        self._say("Connection deleted. New payloads wait until there is another one.", "good")
        self._interface.feed.nudge()

    @work(exclusive=True, group="act")
    async def action_test_payload(self) -> None:
        """Send one marked payload and say where it went."""
        self._say("Test payload under way.")
        try:
            receipt = await self._interface.client.test_payload()
        except (AgentUnavailableError, RefusedError, TimeoutError) as error:
            self._say(f"The test payload was not delivered. {_reason(error)}", "bad")
            return
        self._say(
            f"Test payload delivered: topic {receipt.topic}, partition {receipt.partition},"
            f" offset {thousands(receipt.offset)}, {latency(receipt.latency_s)}.",
            "good",
        )
        self.show_receipt(receipt)

    def action_problems(self) -> None:
        """Show every problem in full."""
        self.app.push_screen(Problems(problems(self._interface.frame)))

    def action_dismiss_notice(self) -> None:
        """Clear the notice."""
        self.query_one(NoticeRow).clear()


def _reason(error: Exception) -> str:
    """Give cause and repair of a refusal."""
    if isinstance(error, RefusedError):
        return " ".join(f"{one.message} {one.hint}".strip() for one in error.errors)
    if isinstance(error, AgentUnavailableError):
        return f"{error} {error.hint}".strip()
    return "No answer came in time."
