"""The one connection's life: restore, check, save, swap, delete."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from insights_tui.agent.store import ConnectionStore, Stored
from insights_tui.delivery.engine import Engine
from insights_tui.domain.answers import PastConnection, SavedConnection
from insights_tui.domain.clock import Clock
from insights_tui.domain.connection import Connection
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.snapshot import ConnectionView
from insights_tui.domain.text import thousands
from insights_tui.domain.trouble import Code
from insights_tui.domain.validate import validate
from insights_tui.kafka.check import explain
from insights_tui.kafka.verify import KafkaTroubleError, verify
from insights_tui.settings import Settings, seed_form

VERIFY_TIMEOUT_S = 20.0
"""Seconds that a new connection has to authenticate and see the topic."""

_NO_SECOND_LOGIN = frozenset({Code.AUTH_FAILED, Code.MECHANISM_REFUSED})
"""Causes that need no comparing of servers: asking again would only be one more wrong login."""
NOTHING_TO_CHECK = FieldError(
    "no_connection", "No connection is configured.", "Connect to Kafka first, or send the connection to check."
)

_OVER = "Read it anew, or send it without `over` to replace it."


class Connecting:
    """Owns the stored connection and tells the engine which one to use."""

    def __init__(
        self, store: ConnectionStore, engine: Engine, clock: Clock, note: Callable[[Occurrence], None]
    ) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._note = note
        self._stored: Stored | None = None
        self._view: ConnectionView | None = None
        self._edit = asyncio.Lock()

    def restore(self, settings: Settings) -> Sequence[Occurrence]:
        """Use what is stored; where nothing is, what the settings seed. Gives what was found damaged."""
        stored = self._store.load()
        if stored is None and not self._store.reports and (form := seed_form(settings)) is not None:
            connection = validate(form, now=self._clock.now().utc).connection
            stored = self._save(connection, actor="settings")
        if stored is not None:
            self._hold(stored)
            self._engine.use(stored.connection)
        return self._store.reports

    def view(self) -> ConnectionView | None:
        """Show the connection without its secrets."""
        return self._view

    def connection(self) -> Connection | None:
        """Give the connection in use, its password with it."""
        return self._stored.connection if self._stored else None

    def saved(self) -> SavedConnection | None:
        """Give the connection as the API answers it."""
        return self._store.saved(self._stored) if self._stored else None

    async def connect(
        self, form: ConnectionForm, *, check: Literal["require", "skip"], actor: str, over: int | None = None
    ) -> SavedConnection:
        """Validate, prove where asked to, save, swap; the old one delivers until then.

        `over` is the revision that the form was filled from, 0 for none: where another one is in use by now, nothing
        is done. Raises `RefusedError` with that (409), with every field that is wrong, or with the one cause that
        Kafka gave.
        """
        async with self._edit:
            self._check_over(over)
            before = self.connection()
            validated = validate(form, now=self._clock.now().utc, saved=before)
            if check == "require":
                await _prove(validated.connection, self._clock.now().utc)
                self._check_over(over)  # a deletion does not wait for a proof
            stored = self._swap(validated.connection, actor=actor)
        self._note(_edited(before, stored.connection, actor, self._engine.status().counts.pending))
        return self._store.saved(stored, validated.hints)

    def to_check(self, form: ConnectionForm | None) -> Connection:
        """Make the connection that a check is asked for: a form's, by the rules of `connect`, or the saved one.

        Raises `RefusedError`: 404 where nothing is saved, else with every field that is wrong.
        """
        saved = self.connection()
        if form is not None:
            return validate(form, now=self._clock.now().utc, saved=saved).connection
        if saved is None:
            raise RefusedError((NOTHING_TO_CHECK,), status=404)
        return saved

    def revisions(self) -> Sequence[PastConnection]:
        """Tell the connections kept, newest first."""
        return self._store.revisions()

    async def go_back(self, revision: int, *, check: Literal["require", "skip"], actor: str) -> SavedConnection:
        """Use an earlier connection again, its password with it; raises `RefusedError` as `connect` does."""
        async with self._edit:
            before = self.connection()
            recalled = self._store.recall(revision).connection
            if check == "require":
                await _prove(recalled, self._clock.now().utc)
            stored = self._swap(recalled, actor=actor)
        edited = _edited(before, recalled, actor, self._engine.status().counts.pending)
        self._note(replace(edited, text=f"Went back to revision {revision}. {edited.text}"))
        return self._store.saved(stored)

    def disconnect(self, *, actor: str) -> bool:
        """Delete the connection; the queue stays."""
        if self._stored is None:
            return False
        topic = self._stored.connection.topic
        self._store.delete(changed_at=self._clock.now().utc, changed_by=actor)
        self._stored = self._view = None
        self._engine.use(None)
        self._note(
            Occurrence(
                level="warning",
                code="connection_deleted",
                subject=topic,
                text=f"Connection to topic {topic} deleted.",
                fix="Connect again before the queued payloads reach their deadline.",
                actor=actor,
            )
        )
        return True

    def _check_over(self, over: int | None) -> None:
        held = self._stored.revision if self._stored else 0
        if over is not None and over != held:
            raise RefusedError((_meanwhile(self._store.revisions()),), status=409)

    def _swap(self, connection: Connection, *, actor: str) -> Stored:
        stored = self._save(connection, actor=actor)
        self._hold(stored)
        self._engine.use(stored.connection)
        return stored

    def _save(self, connection: Connection, *, actor: str) -> Stored:
        return self._store.save(connection, changed_at=self._clock.now().utc, changed_by=actor)

    def _hold(self, stored: Stored) -> None:
        self._stored = stored
        self._view = self._store.view(stored)


async def _prove(connection: Connection, now: datetime) -> None:
    """Log in and see the topic; raises `RefusedError` with the sentence that the connection check would say."""
    try:
        await verify(connection, timeout_s=VERIFY_TIMEOUT_S)
    except KafkaTroubleError as failed:
        trouble = failed.trouble
    else:
        return
    if trouble.code not in _NO_SECOND_LOGIN:
        verdict = await explain(connection, now=now)
        if verdict.verdict != "ok":
            code = verdict.code or trouble.code
            raise RefusedError((FieldError(code.value, verdict.sentence, verdict.fix),))
    raise RefusedError((FieldError(trouble.code.value, trouble.what, trouble.act),))


def _meanwhile(revisions: Sequence[PastConnection]) -> FieldError:
    """Say who changed the connection, and when: the newest revision is that change."""
    if not revisions:
        return FieldError("changed_meanwhile", "There is no connection any more.", _OVER)
    last = revisions[0]
    did = "deleted the connection" if last.deletion else f"saved topic {last.topic}"
    message = f"{last.changed_by} {did} at {last.changed_at:%H:%M:%SZ}, after this form was opened."
    return FieldError("changed_meanwhile", message, _OVER)


def _edited(before: Connection | None, after: Connection, actor: str, pending: int) -> Occurrence:
    if before is None:
        text = f"Connection to topic {after.topic} at {after.bootstrap} saved."
    elif before.topic != after.topic and pending:
        waiting = "1 pending payload goes" if pending == 1 else f"{thousands(pending)} pending payloads go"
        text = f"Connection edited: {waiting} to topic {after.topic} instead of {before.topic}."
    else:
        text = f"Connection edited: topic {after.topic} at {after.bootstrap}."
    return Occurrence(level="info", code="connection_saved", subject=after.topic, text=text, actor=actor)
