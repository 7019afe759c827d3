"""From settings to what each part wants; and every way in which a start fails, as one error with an exit code."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from insights_tui.agent.algorithms.file import AlgorithmsFile
from insights_tui.agent.algorithms.registry import Registry
from insights_tui.agent.control import Ingest
from insights_tui.agent.executions.keeper import Executions, Notes
from insights_tui.agent.executions.store import Store
from insights_tui.agent.executions.words import damaged
from insights_tui.agent.http.listen import ListenError
from insights_tui.agent.http.server import HttpSettings
from insights_tui.agent.ingest import Intake
from insights_tui.agent.lock import StateDirectoryHeldError
from insights_tui.agent.store import StateDirectoryError
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.domain.clock import Clock
from insights_tui.domain.connection import Secret
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.refused import RefusedError
from insights_tui.kafka.records import cloud_event
from insights_tui.places import GROUP, SYSTEM_SOCKET, Places
from insights_tui.settings import Settings, SettingsError
from insights_tui.spool.base import Spool, SpoolPlaceError
from insights_tui.spool.durable import DurableSpool, SpoolLimits
from insights_tui.spool.memory import MemorySpool

EXIT_FAILED = 1
EXIT_CONFIGURATION = 78
_MAX_TOKEN = 4096
_DEAD_SHARE = 4
"""Dead letters take at most one part in so many of the spool (`interface.md`: 512 MiB of 2 GiB)."""


class AgentStartError(Exception):
    """The agent cannot start; says what to do, and how a command should exit."""

    def __init__(self, message: str, hint: str = "", *, exit_code: int = EXIT_FAILED) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = exit_code


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """Turn what can go wrong at a start into `AgentStartError`."""
    try:
        yield
    except StateDirectoryHeldError as held:
        raise AgentStartError(str(held), held.hint) from held
    except StateDirectoryError as error:
        raise AgentStartError(str(error), error.hint, exit_code=EXIT_CONFIGURATION) from error
    except (ListenError, SpoolPlaceError) as error:
        raise AgentStartError(str(error), error.hint, exit_code=EXIT_CONFIGURATION) from error
    except SettingsError as error:
        raise AgentStartError(str(error), exit_code=EXIT_CONFIGURATION) from error
    except RefusedError as refused:
        text = "\n".join(f"{error.message} {error.hint}".rstrip() for error in refused.errors)
        raise AgentStartError(text, exit_code=EXIT_CONFIGURATION) from refused


def delivery_settings(settings: Settings) -> DeliverySettings:
    """Give the engine what is set about delivery."""
    return DeliverySettings(
        deadline_s=settings.delivery.deadline_s,
        compression=settings.delivery.compression,
        cloud_event=_event(settings),
        max_payloads=settings.queue.max_payloads,
        max_bytes=settings.queue.max_bytes,
        window_payloads=settings.queue.window_payloads,
    )


def _event(settings: Settings) -> bytes:
    if settings.record.cloudevents == "off":
        return b""
    return cloud_event("/insights/" + quote(settings.installation or socket.gethostname(), safe=""))


def make_spool(settings: Settings, places: Places, clock: Clock) -> Spool:
    """Make the spool that the durability asks for; opening it may raise `SpoolPlaceError`."""
    if settings.delivery.durability == "memory":
        return MemorySpool(clock)
    limits = SpoolLimits(
        max_bytes=settings.spool.max_bytes,
        dead_bytes=settings.spool.max_bytes // _DEAD_SHARE,
        window_payloads=settings.queue.window_payloads,
    )
    return DurableSpool(places.state_dir, clock, limits)


def make_registry(settings: Settings, places: Places, clock: Clock, note: Callable[[Occurrence], None]) -> Registry:
    """Make who watches the algorithms; switches are kept whatever the durability is."""
    file = AlgorithmsFile(places.state_dir / "algorithms.db")
    return Registry(file, clock, note, default_on=settings.algorithms.default == "on")


def make_executions(
    settings: Settings, places: Places, intake: Intake, ingest: Ingest, notes: Notes, clock: Clock
) -> Executions:
    """Make who keeps the executions: on disk where what is accepted survives, else in memory."""
    path = places.state_dir / "executions.db" if settings.delivery.durability == "full" else None
    store = Store(path, clock, damaged=lambda what: ingest.note(damaged(what)))
    return Executions(store, intake, ingest, notes, clock)


def http_settings(settings: Settings, places: Places) -> HttpSettings:
    """Give the HTTP server where to listen and whom to let in; reads the token files, raises `AgentStartError`."""
    shared = places.socket == SYSTEM_SOCKET
    return HttpSettings(
        socket_path=places.socket,
        listen=str(settings.listen) if settings.listen is not None else None,
        socket_mode=0o660 if shared else 0o600,
        socket_group=GROUP if shared else None,
        token=_token(settings.token_file, "INSIGHTS_TOKEN_FILE"),
        ingest_token=_token(settings.ingest.token_file, "INSIGHTS_INGEST__TOKEN_FILE"),
        allowed_hosts=settings.allowed_hosts,
        owner=settings.ingest.owner,
        name=settings.ingest.name,
        version=settings.ingest.version,
        record_key=settings.record.key,
    )


def _token(path: Path | None, setting: str) -> Secret | None:
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise AgentStartError(
            f"{setting}: {path} cannot be read: {reason}.",
            "Put one line with the token into it, readable for the agent only.",
            exit_code=EXIT_CONFIGURATION,
        ) from None
    if not text or len(text) > _MAX_TOKEN or any(c.isspace() for c in text):
        raise AgentStartError(
            f"{setting}: {path} holds no token.",
            "Put one line with the token into it, for example from `openssl rand -hex 32`.",
            exit_code=EXIT_CONFIGURATION,
        )
    return Secret(text)
