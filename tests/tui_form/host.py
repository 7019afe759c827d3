"""A small app that opens the form, and an agent that answers as it is told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static

from insights_tui.client.protocol import AgentApi, AgentUnavailableError
from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.connection import ConnectionType
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.snapshot import (
    SCHEMA,
    Agent,
    Capacity,
    ConnectionView,
    Counts,
    Latency,
    Rates,
    Snapshot,
    State,
)
from insights_tui.tui.connection_form import ConnectionFormScreen
from insights_tui.tui.styles_path import style
from insights_tui.tui.theme import DARK

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MARKER = "Zq7-marker-pa55word"
"""A password that must show nowhere."""


def saved_connection(**changes: Any) -> SavedConnection:
    values: dict[str, Any] = {
        "id": "0199", "revision": 3, "connection_type": ConnectionType.SASL_SSL.value,
        "broker_url": "kafka-1:9093,kafka-2:9093", "topic": "insights", "broker_username": "insights-p",
        "sasl_mechanism": "SCRAM-SHA-512", "ca_certificate": None,
    }  # fmt: skip
    return SavedConnection(**(values | changes))


def view_of(saved: SavedConnection) -> ConnectionView:
    return ConnectionView(
        revision=saved.revision, topic=saved.topic, bootstrap_servers=tuple(saved.broker_url.split(",")),
        connection_type=saved.connection_type, sasl_mechanism=saved.sasl_mechanism, username=saved.broker_username,
        password_source="stored", ca=None, changed_at=NOW - timedelta(days=2), changed_by="alice",
    )  # fmt: skip


def snapshot_of(saved: SavedConnection | None = None, *, pending: int = 0) -> Snapshot:
    return Snapshot(
        schema=SCHEMA, seq=1, as_of=NOW, state=State.CONNECTED if saved else State.NOT_CONNECTED,
        agent=Agent("a", "0.1.0", "service", "prod-1", 42, 7262.1, "prod-eu"), problems=(),
        connection=view_of(saved) if saved else None, counts=Counts(accepted=pending, queued=pending), balanced=True,
        refused={}, lost_open=0, late_acks=0, redriven=0, oldest_age_s=None, next_loss_s=None, last_accepted_at=None,
        last_delivered_at=None, rates=Rates(), latency=Latency(), capacity=Capacity("memory", 0, 2_000_000),
        brokers=(), partitions=(),
    )  # fmt: skip


class FakeAgent:
    """The part of `AgentApi` that the form uses. `answers` are raised in turn; `hold` keeps `connect` waiting."""

    def __init__(self, saved: SavedConnection | None = None) -> None:
        self.saved = saved
        self.calls: list[tuple[ConnectionForm, str]] = []
        self.answers: list[Exception] = []
        self.hold: asyncio.Event | None = None
        self.cancelled = False
        self.load_errors: list[AgentUnavailableError | RefusedError] = []
        self.tested: list[ConnectionForm | None] = []
        self.over: list[int | None] = []
        """The revisions that were to be replaced."""
        self.steps: asyncio.Queue[CheckStep | CheckVerdict | Exception] = asyncio.Queue()
        """What a test tells, as it is put in; an exception ends it."""
        self.tests_under_way = 0

    async def snapshot(self, history: int = 0) -> Snapshot:
        return snapshot_of(self.saved)

    async def connection(self) -> SavedConnection | None:
        if self.load_errors:
            raise self.load_errors.pop(0)
        return self.saved

    async def connect(
        self, form: ConnectionForm, *, check: Literal["require", "skip"] = "require", over: int | None = None
    ) -> SavedConnection:
        self.over.append(over)
        self.calls.append((form, check))
        if self.hold is not None:
            try:
                await self.hold.wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        if self.answers:
            raise self.answers.pop(0)
        self.saved = SavedConnection(
            "0199", 4, form.connection_type, form.broker_url, form.topic, form.broker_username, form.sasl_mechanism
        )
        return self.saved

    async def check(self, form: ConnectionForm | None = None) -> AsyncIterator[CheckStep | CheckVerdict]:
        self.tested.append(form)
        self.tests_under_way += 1
        try:
            while True:
                item = await self.steps.get()
                if isinstance(item, Exception):
                    raise item
                yield item
                if isinstance(item, CheckVerdict):
                    return
        finally:
            self.tests_under_way -= 1


class Host(App[None]):
    """Opens the form over a plain page and keeps its answer."""

    def __init__(self, agent: FakeAgent, snapshot: Snapshot, *, ascii_only: bool = False) -> None:
        super().__init__(css_path=[style("tokens")])
        self.animation_level = "none"
        self.agent = agent
        self.form = ConnectionFormScreen(cast("AgentApi", agent), snapshot, ascii_only=ascii_only, now=lambda: NOW)
        self.page = " ○ NOT CONNECTED  prod-eu"
        self.keys: dict[str, str] = {}
        self.given: list[SavedConnection | None] = []
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> Any:
        yield Static(self.page, id="page", markup=False)

    def on_mount(self) -> None:
        self.push_screen(self.form, self.given.append)


def lines(app: App[Any]) -> list[str]:
    """What the terminal would show, row by row."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    rows = ["".join(segment.text for segment in strip) for strip in strips]
    return [row[:width].rstrip() for row in rows[:height]]


def text(app: App[Any]) -> str:
    return "\n".join(lines(app))


def row_of(app: App[Any], what: str) -> str:
    """The row where something stands, empty where nowhere."""
    return next((line for line in lines(app) if what in line), "")


def focused(app: App[Any]) -> str:
    return (app.focused.id if app.focused else None) or ""


async def until(pilot: Pilot[Any], condition: Any) -> None:
    """Wait for a condition, not for a time; what never comes fails with what the screen shows."""
    try:
        async with asyncio.timeout(20):
            while not condition():
                await pilot.pause()
    except TimeoutError:
        raise AssertionError(f"It never came. The screen:\n{text(pilot.app)}") from None


async def type_in(pilot: Pilot[Any], text: str) -> None:
    await pilot.press(*[{" ": "space"}.get(character, character) for character in text])


async def paste(pilot: Pilot[Any], app: App[Any], text: str) -> None:
    """Paste as a terminal does: one event, lines and all."""
    app.post_message(events.Paste(text))
    await pilot.pause()
    await pilot.pause()
