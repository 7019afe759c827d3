"""The way back to an earlier connection: a list, a question, one act."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from insights_tui.client.protocol import AgentApi, AgentUnavailableError
from insights_tui.domain.answers import PastConnection, SavedConnection
from insights_tui.domain.connection import ConnectionType
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.text import counted, date_time, sanitize
from insights_tui.tui.lines import Line, table, text
from insights_tui.tui.rows import Rows
from insights_tui.tui.screens.confirm import Confirm
from insights_tui.tui.screens.list_dialog import ListDialog, wrapped
from insights_tui.tui.screens.questions import Question
from insights_tui.tui.told_keys import told_in


class Revisions(ListDialog[SavedConnection | None]):
    """Lists the connections kept; dismissed with the one that was gone back to, `None` where nothing was done."""

    TITLE = "Go back to an earlier connection"
    BELOW = 6
    WORDS: ClassVar[Mapping[str, str]] = {"open": "Go back to it"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "unchecked", "Use unchecked", id="revisions.unchecked"),
        Binding("escape,q", "close", "Close", id="revisions.close"),
    ]

    def __init__(self, client: AgentApi, *, pending: int = 0) -> None:
        super().__init__()
        self._client = client
        self._pending = pending
        self._past: dict[int, PastConnection] = {}
        self._refused: int | None = None
        self._busy = False
        self._said = "Asking the agent."

    def on_mount(self) -> None:
        """Ask for the list."""
        self._load()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what was refused unchecked."""
        if action == "unchecked" and self._refused is None:
            return False
        return super().check_action(action, parameters)

    @work(exclusive=True, group="list", exit_on_error=False)
    async def _load(self) -> None:
        try:
            past = await self._client.revisions()
        except (AgentUnavailableError, RefusedError) as error:
            self._say(_reason(error))
            return
        self._past = {one.revision: one for one in past}
        usable = [one.revision for one in past if not one.why_not]
        self._say("" if usable else "There is no earlier connection to go back to.")
        if past:
            heading, *rows = table_of(past)
            self.show(heading, rows, list(self._past))
            self.listed.choose(usable[0] if usable else past[0].revision)
            self.tell()

    def below(self, cells: int) -> list[Line]:
        """Say everything of the chosen one but its secrets, then what came of an act."""
        one = self._chosen
        said = wrapped(self._said, cells)
        if one is None:
            return said
        return [*(line for words in details(one) for line in wrapped(words, cells, "label")), *said]

    @property
    def _chosen(self) -> PastConnection | None:
        return next((one for one in self._past.values() if one.revision == self.chosen), None)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Forget what was said of another one."""
        if not self._busy:
            self._said = ""
        super().on_rows_moved(event)
        event.prevent_default()

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Ask first: what waits goes to another topic from then on."""
        event.stop()
        one = self._chosen
        if one is None or self._busy:
            return
        if one.why_not:
            self._say(f"There is no way back to it. {sanitize(one.why_not, limit=200)}")
            return
        self.app.push_screen(Confirm(question(one, self._pending)), lambda yes: self._go(one, "require", yes))

    def action_unchecked(self) -> None:
        """Use the one that the check refused all the same, after a question."""
        one = self._past.get(self._refused or 0)
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
            offer = told_in(self).words(" {u} uses it unchecked.") if self._refused is not None else ""
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
        self._said = sanitize(words, limit=1_000)
        self.refresh_bindings()
        self.tell()


def table_of(past: Sequence[PastConnection]) -> list[Line]:
    """Write a heading and a line a revision, without its secrets."""
    names = ("rev", "saved at", "", "topic", "servers")
    return table([[text(name, "label") for name in names], *map(_row, past)], right=frozenset({0}))


def _row(one: PastConnection) -> list[Line]:
    first, *more = one.broker_url.split(",")
    where = f"{first} +{len(more)} more" if more else first
    token = "label" if one.why_not and not one.in_use else "text"
    note = "in use" if one.in_use else "deleted" if one.deletion else ""
    cells = (f"{one.revision}", date_time(one.changed_at), note, sanitize(one.topic, limit=60), where)
    return [text(sanitize(words, limit=120), token) for words in cells]


def details(one: PastConnection) -> list[str]:
    """Say who saved it, where it leads, and how it logs in."""
    who = sanitize(one.changed_by, limit=60)
    if one.deletion:
        return [f"deleted by {who}"]
    plain = one.connection_type == ConnectionType.PLAINTEXT
    login = "not encrypted" if plain else f"as {one.broker_username} with {one.sasl_mechanism}"
    servers = sanitize(one.broker_url.replace(",", ", "), limit=300)
    return [f"saved by {who}, {sanitize(login, limit=120)}", f"at {servers}"]


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
