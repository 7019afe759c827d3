"""The way back to an earlier connection: a list, a question, one act."""

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from insights_tui.client.protocol import AgentApi, AgentUnavailableError
from insights_tui.domain.answers import PastConnection, SavedConnection
from insights_tui.domain.connection import ConnectionType
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.text import counted, date_time, sanitize
from insights_tui.tui.screens.confirm import Confirm
from insights_tui.tui.screens.questions import Question
from insights_tui.tui.styles_path import style


class Revisions(ModalScreen[SavedConnection | None]):
    """Lists the connections kept; dismissed with the one that was gone back to, `None` where nothing was done."""

    CSS_PATH = style("checking")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close", id="revisions.close"),
        Binding("u", "unchecked", "Use unchecked", id="revisions.unchecked"),
    ]

    def __init__(self, client: AgentApi, *, pending: int = 0) -> None:
        super().__init__()
        self._client = client
        self._pending = pending
        self._past: dict[str, PastConnection] = {}
        self._refused: int | None = None
        self._busy = False

    def compose(self) -> ComposeResult:
        """Title, the list, what came of it, the keys."""
        with Vertical(classes="dialog reader", id="revisions"):
            yield Static("Go back to an earlier connection", classes="title", markup=False)
            yield OptionList(id="past", markup=False)
            yield Static("Asking the agent.", id="said", markup=False)
            yield Static("enter goes back to it, its password with it; esc closes", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Ask for the list."""
        self._load()

    @work(exclusive=True, group="list", exit_on_error=False)
    async def _load(self) -> None:
        try:
            past = await self._client.revisions()
        except (AgentUnavailableError, RefusedError) as error:
            self._say(_reason(error))
            return
        self._show(past)

    def _show(self, past: Sequence[PastConnection]) -> None:
        self._past = {str(one.revision): one for one in past}
        listed = self.query_one(OptionList)
        listed.clear_options()
        listed.add_options(
            Option(Content(row_of(one)), id=name, disabled=bool(one.why_not)) for name, one in self._past.items()
        )
        usable = [index for index, one in enumerate(past) if not one.why_not]
        listed.highlighted = usable[0] if usable else None
        listed.focus()
        self._say("" if usable else "There is no earlier connection to go back to.")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Ask first: what waits goes to another topic from then on."""
        event.stop()
        one = self._past.get(event.option_id or "")
        if one is not None and not self._busy:
            self.app.push_screen(Confirm(question(one, self._pending)), lambda yes: self._go(one, "require", yes))

    def action_unchecked(self) -> None:
        """Use the one that the check refused all the same, after a question."""
        one = self._past.get(str(self._refused))
        if one is not None and not self._busy:
            self.app.push_screen(
                Confirm(question(one, self._pending, checked=False)), lambda yes: self._go(one, "skip", yes)
            )

    def _go(self, one: PastConnection, check: str, agreed: bool | None) -> None:
        if agreed:
            self._busy = True
            self._say("The agent tries it; the one in use delivers meanwhile." if check == "require" else "Saving.")
            self._go_back(one.revision, checked=check == "require")

    @work(exclusive=True, group="act", exit_on_error=False)
    async def _go_back(self, revision: int, *, checked: bool) -> None:
        try:
            saved = await self._client.go_back(revision, check="require" if checked else "skip")
        except (AgentUnavailableError, RefusedError) as error:
            self._refused = revision if checked and isinstance(error, RefusedError) else None
            offer = " Press u to use it unchecked." if self._refused is not None else ""
            self._say(f"The connection stays as it is. {_reason(error)}{offer}")
            return
        finally:
            self._busy = False
        if self.is_active:  # `dismiss` takes away whatever is on top
            self.dismiss(saved)

    def action_close(self) -> None:
        """Change nothing more."""
        if self.is_active:
            self.dismiss(None)

    def _say(self, words: str) -> None:
        self.query_one("#said", Static).update(Content(sanitize(words, limit=1_000)))


def row_of(one: PastConnection) -> str:
    """Write a revision on one line, without its secrets."""
    head = f"{one.revision:>3}  {date_time(one.changed_at)}  "
    if one.deletion:
        return sanitize(f"{head}deleted by {one.changed_by}", limit=300)
    first, *more = one.broker_url.split(",")
    where = f"{first} +{len(more)} more" if more else first
    kind = "not encrypted" if one.connection_type == ConnectionType.PLAINTEXT else f"as {one.broker_username}"
    note = "in use: " if one.in_use else ""
    why = f" ({one.why_not})" if one.why_not and not one.in_use else ""
    return sanitize(f"{head}{note}{one.topic} at {where}, {kind}{why}", limit=300)


def question(one: PastConnection, pending: int, *, checked: bool = True) -> Question:
    """Name what it changes."""
    topic, servers = sanitize(one.topic, limit=60), sanitize(one.broker_url, limit=120)
    waiting = f"{counted(pending, 'payload that waits goes', 'payloads that wait go')} there." if pending else ""
    tried = (
        "The agent tries it first, and keeps the connection in use where it does not work."
        if checked
        else "It is used without a try: payloads wait for it, and each is lost when its deadline passes."
    )
    body = (f"Payloads go to topic {topic} at {servers}. {waiting}".strip(), tried)
    return Question(title=f"Go back to revision {one.revision}?", body=body, agree="Go back")


def _reason(error: Exception) -> str:
    if isinstance(error, RefusedError):
        return " ".join(one.text for one in error.errors)
    hint = error.hint if isinstance(error, AgentUnavailableError) else ""
    return f"{error} {hint}".strip()
