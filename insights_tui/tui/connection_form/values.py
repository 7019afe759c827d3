"""What stands in the form, apart from the widgets, and the form of the API that it makes."""

from dataclasses import dataclass

from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.connection import ConnectionType, Mechanism, Secret
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.snapshot import ConnectionView
from insights_tui.domain.text import sanitize


@dataclass(frozen=True, slots=True)
class Values:
    """The content of every field, hidden ones included."""

    topic: str = ""
    servers: str = ""
    type: ConnectionType = ConnectionType.PLAINTEXT
    mechanism: Mechanism = Mechanism.SCRAM_SHA_256
    username: str = ""
    password: Secret | None = None
    """What was typed now, a reference included; `None` where nothing was."""
    ca: str = ""
    """A path, or PEM text."""

    @property
    def sasl(self) -> bool:
        """Whether the SASL fields are shown."""
        return self.type is ConnectionType.SASL_SSL


def to_form(values: Values, *, password: Secret | None, ca_pem: str | None) -> ConnectionForm:
    """Make the API's form: visible fields only, with the password and the certificate as they were resolved."""
    if not values.sasl:
        return ConnectionForm(topic=values.topic, broker_url=values.servers, connection_type=values.type.value)
    return ConnectionForm(
        topic=values.topic,
        broker_url=values.servers,
        connection_type=values.type.value,
        sasl_mechanism=values.mechanism.value,
        broker_username=values.username,
        broker_password=password,
        ca_certificate=ca_pem,
    )


def from_view(view: ConnectionView) -> Values:
    """Fill the form from the snapshot: everything but the password and the certificate."""
    return Values(
        topic=_line(view.topic),
        servers=_line(",".join(view.bootstrap_servers)),
        type=_type(view.connection_type),
        mechanism=_mechanism(view.sasl_mechanism),
        username=_line(view.username or ""),
    )


def from_saved(saved: SavedConnection) -> Values:
    """Fill the form from the saved connection: everything but the password."""
    return Values(
        topic=_line(saved.topic),
        servers=_line(saved.broker_url),
        type=_type(saved.connection_type),
        mechanism=_mechanism(saved.sasl_mechanism),
        username=_line(saved.broker_username or ""),
        ca="".join(f"{_line(line)}\n" for line in (saved.ca_certificate or "").splitlines()),
    )


def _line(text: str) -> str:
    # A field draws what it holds as it is: an agent, or whoever wrote its store, must not steer the terminal.
    return sanitize(text, limit=20_000)


def _type(text: str) -> ConnectionType:
    # An agent newer than this screen may know more types: anything but plaintext carries secrets.
    return ConnectionType.PLAINTEXT if text == ConnectionType.PLAINTEXT else ConnectionType.SASL_SSL


def _mechanism(text: str | None) -> Mechanism:
    try:
        return Mechanism(text or Mechanism.SCRAM_SHA_256)
    except ValueError:
        return Mechanism.SCRAM_SHA_256
