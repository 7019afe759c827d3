"""A connection and its store, for the tests of what is kept."""

from pathlib import Path

from insights_tui.agent.store import ConnectionStore, Stored
from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from tests.connection.pki import NOW, make

MARKER = "Marker-pw-1414"


CA = make().pem


CONNECTION = Connection(
    "insights",
    (Server("h1", 9093), Server("::1", 9093)),
    ConnectionType.SASL_SSL,
    Mechanism.SCRAM_SHA_512,
    "user",
    Secret(MARKER),
    CA,
)


PLAINTEXT = Connection("other", (Server("h1", 9092),))


def save(store: ConnectionStore, connection: Connection = CONNECTION) -> Stored:
    return store.save(connection, changed_at=NOW, changed_by="alice")


def files(state: Path) -> list[str]:
    return sorted(str(path.relative_to(state)) for path in state.rglob("*") if path.is_file())


def reloaded(state: Path) -> tuple[Stored | None, list[str]]:
    store = ConnectionStore(state)
    stored = store.load()
    return stored, [report.text for report in store.reports]
