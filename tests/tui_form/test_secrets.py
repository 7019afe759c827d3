"""A password is typed, used, and nowhere to be seen: not on the screen, the clipboard, nor in any `repr`."""

import asyncio
import os
from pathlib import Path

import pytest
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input

from insights_tui.domain.connection import Secret
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.tui.connection_form.command_line import CommandLine
from insights_tui.tui.connection_form.password_field import PasswordField
from insights_tui.tui.connection_form.words import Field
from tests.tui_form.host import (
    MARKER,
    FakeAgent,
    Host,
    focused,
    paste,
    row_of,
    snapshot_of,
    text,
    type_in,
    until,
)


async def fill_sasl(pilot: Pilot[None], password: str) -> None:
    await pilot.pause()
    await type_in(pilot, "insights")
    await pilot.press("down")
    await paste(pilot, pilot.app, "kafka-1:9093,kafka-2:9093")
    await pilot.press("down", "right", "down", "down")
    await type_in(pilot, "svc")
    await pilot.press("down")
    await type_in(pilot, password)


async def test_a_typed_password_shows_nowhere() -> None:
    seen: list[str] = []
    messages: list[Message] = []
    agent = FakeAgent()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(120, 40), message_hook=messages.append) as pilot:
        await fill_sasl(pilot, MARKER)
        for key in ("home", "shift+end", "ctrl+c", "ctrl+x", "ctrl+shift+a", "ctrl+c", "ctrl+y", "super+c"):
            await pilot.press(key)
            seen += [text(app), app.clipboard, app.export_screenshot()]
        field = app.form.query_one(PasswordField)
        assert field.value == MARKER
        assert "insights-tui connect" in app.clipboard
        nodes = list(app.form.walk_children(with_self=True))
        await pilot.press("tab", "tab", "ctrl+s")
        await until(pilot, lambda: app.given)
        seen += [text(app), repr(app.form), repr(agent.calls), repr(app.given)]
    typed = [message for message in messages if isinstance(message, Input.Changed | Input.Blurred)]
    assert any(message.value == MARKER for message in typed)
    seen += [repr(one) for one in (*nodes, *messages)]
    seen += [repr(list(message.__rich_repr__())) for message in messages]
    assert not [one for one in seen if MARKER in one]
    assert agent.calls[0][0].broker_password == Secret(MARKER)
    assert field.value == ""


async def test_show_reveals_what_was_typed_and_copies_none_of_it() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_sasl(pilot, "")
        assert "Show" not in text(app)
        await type_in(pilot, MARKER)
        assert "•" * len(MARKER) in row_of(app, "Kafka broker password")
        assert "^r Show/hide" in text(app)
        await pilot.press("ctrl+r")
        assert MARKER in row_of(app, "Kafka broker password")
        assert "Hide" in text(app)
        assert focused(app) == Field.PASSWORD
        await pilot.press("ctrl+shift+a", "ctrl+c", "ctrl+x")
        assert app.clipboard == ""
        assert app.screen.query_one(PasswordField).value == MARKER
        await pilot.press("ctrl+u")
        await type_in(pilot, "other")
        assert "other" not in text(app)


async def test_a_reference_is_shown_may_be_copied_and_is_part_of_the_command() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(120, 40)) as pilot:
        await fill_sasl(pilot, "env:KAFKA_PASSWORD")
        assert "env:KAFKA_PASSWORD" in row_of(app, "Kafka broker password")
        assert "Show" not in text(app)
        assert "--password-from env:KAFKA_PASSWORD" in app.screen.query_one(CommandLine).text
        await pilot.press("ctrl+shift+a", "ctrl+c")
        assert app.clipboard == "env:KAFKA_PASSWORD"
        await pilot.press("home", "delete")
        assert "nv:KAFKA" not in text(app)


async def test_a_variable_is_missed_when_it_is_left_and_read_when_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORM_TEST_PASSWORD", raising=False)
    agent = FakeAgent()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_sasl(pilot, "env:FORM_TEST_PASSWORD")
        await pilot.press("tab")
        await until(pilot, lambda: "! FORM_TEST_PASSWORD is not set" in text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: focused(app) == Field.PASSWORD)
        assert "is not set" in text(app)
        assert agent.calls == []
        os.environ["FORM_TEST_PASSWORD"] = MARKER
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)
        assert agent.calls[0][0].broker_password == Secret(MARKER)


async def test_a_file_is_read_without_its_line_break(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text(f"{MARKER}\n", "utf-8")
    agent = FakeAgent()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_sasl(pilot, "")
        await paste(pilot, app, f"file:{path}\n")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)
        assert agent.calls[0][0].broker_password == Secret(MARKER)
        assert MARKER not in text(app)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("keyring:", "The reference names nothing. For example keyring:kafka."),
        ("env:", "The reference names nothing. For example env:KAFKA_PASSWORD."),
        ("env:NOT A NAME", "That is no name of an environment variable."),
        ("file:", "The reference names nothing."),
    ],
)
async def test_a_reference_that_leads_nowhere_is_told_when_left(typed: str, told: str) -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(120, 40)) as pilot:
        await fill_sasl(pilot, typed)
        await pilot.press("tab")
        assert told in " ".join(text(app).split())


async def test_a_pasted_password_is_one_line() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(120, 40)) as pilot:
        await fill_sasl(pilot, "")
        await paste(pilot, app, f"{MARKER}\nsecond")
        assert app.screen.query_one(PasswordField).value == ""
        assert "has 2 lines; a password has one. Nothing was pasted." in text(app)
        await paste(pilot, app, f" {MARKER} \r\n")
        assert app.screen.query_one(PasswordField).value == f" {MARKER} "


async def test_leaving_forgets_the_password() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_sasl(pilot, MARKER)
        field = app.form.query_one(PasswordField)
        await pilot.press("escape", "right", "enter")
        await until(pilot, lambda: app.given == [None])
        assert field.value == ""


async def test_a_password_that_was_sent_shows_in_no_state_of_an_attempt() -> None:
    agent = FakeAgent()
    agent.hold = asyncio.Event()
    agent.answers = [RefusedError((FieldError("auth_failed", "Refused.", "Check it.", "broker_password"),))]
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(120, 40)) as pilot:
        await fill_sasl(pilot, MARKER)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Connecting…" in text(app))
        seen = [app.export_screenshot()]
        agent.hold.set()
        await until(pilot, lambda: "Refused." in text(app))
        seen.append(app.export_screenshot())
        while focused(app) != "skip":
            await pilot.press("tab")
        await pilot.press("enter")
        await until(pilot, lambda: "Save unchecked" in text(app))
        seen += [app.export_screenshot(), repr(agent.calls), app.clipboard]
        assert agent.calls[0][0].broker_password == Secret(MARKER)
        assert not [one for one in seen if MARKER in one]
