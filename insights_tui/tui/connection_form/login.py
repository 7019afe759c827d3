"""The fields of the login: built once the connection type has asked for them, hidden but kept from then on."""

from dataclasses import replace

from textual.widget import Widget

from insights_tui.domain.connection import Mechanism
from insights_tui.tui.connection_form.ca_field import CaField
from insights_tui.tui.connection_form.choice import Choice
from insights_tui.tui.connection_form.password_field import PasswordField, ShowButton
from insights_tui.tui.connection_form.values import Values
from insights_tui.tui.connection_form.words import MECHANISMS, Field
from insights_tui.tui.text_field import TextField


class Login:
    """What proves who we are, and who they are."""

    def __init__(self, values: Values, *, ascii_only: bool, password: str, ca: str) -> None:
        """Build the fields; `password` and `ca` stand in these two where they are empty."""
        self.mechanism: Choice[Mechanism] = Choice(
            MECHANISMS, values.mechanism, id=Field.MECHANISM, ascii_only=ascii_only
        )
        self.username = TextField(values.username, id=Field.USERNAME)
        self.password = PasswordField(id=Field.PASSWORD, placeholder=password, ascii_only=ascii_only)
        self.ca = CaField(values.ca, id=Field.CA, placeholder=ca)
        self._show: ShowButton | None = None

    @property
    def widgets(self) -> dict[Field, Widget]:
        """The fields in their order."""
        return {
            Field.MECHANISM: self.mechanism,
            Field.USERNAME: self.username,
            Field.PASSWORD: self.password,
            Field.CA: self.ca,
        }

    def over(self, values: Values) -> Values:
        """Put what stands here into values that hold the rest."""
        return replace(
            values,
            mechanism=self.mechanism.value,
            username=self.username.value,
            password=self.password.secret,
            ca=self.ca.text,
        )

    def fill(self, values: Values, *, over: Values) -> None:
        """Put values into the fields that still hold what `over` says."""
        if self.mechanism.value == over.mechanism:
            self.mechanism.value = values.mechanism
        if self.username.value == over.username:
            self.username.value = values.username
        if self.ca.text == over.ca:
            self.ca.text = values.ca

    @property
    def may_reveal(self) -> bool:
        """Whether a password stands here that can be shown: typed now, no reference."""
        return bool(self.password.value) and not self.password.is_reference

    def show_reveal(self, offered: bool) -> bool:
        """Show the button that shows the password, or hide it; whether that changed anything."""
        if self._show is None:
            row = self.password.parent
            if not offered or not isinstance(row, Widget):
                return False
            self._show = ShowButton()
            row.mount(self._show)
            changed = True
        else:
            changed = self._show.display != offered
            self._show.display = offered
        self._show.label = "Hide" if self.password.revealed else "Show"
        return changed
