"""The fields: labels, order, what is hidden, what a paste does."""

from typing import Any

import pytest
from textual.binding import Binding
from textual.widgets import Button, Input

from insights_tui.domain.connection import Secret
from insights_tui.domain.form import ConnectionForm
from insights_tui.tui.connection_form import ConnectionFormScreen
from insights_tui.tui.connection_form.actions import Actions
from insights_tui.tui.connection_form.body import FormBody
from insights_tui.tui.connection_form.ca_field import CaField
from insights_tui.tui.connection_form.choice import Choice
from insights_tui.tui.connection_form.keys import FormKeys
from insights_tui.tui.connection_form.password_field import PasswordField
from insights_tui.tui.connection_form.words import Field
from tests.tui_form.filling import open_ca
from tests.tui_form.host import (
    FakeAgent,
    Host,
    focused,
    lines,
    paste,
    row_of,
    saved_connection,
    snapshot_of,
    text,
    type_in,
    until,
)


async def test_labels_and_order_are_those_of_the_original() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        shown = text(app)
        plain = ["Topic name", "Kafka broker URL(s)", "Connection type"]
        sasl = ["SASL mechanism", "Kafka broker username", "Kafka broker password", "CA certificate"]
        assert all(label in shown for label in plain)
        assert not any(label in shown for label in sasl)
        await pilot.press("down", "down", "right")
        shown = text(app)
        assert [shown.index(label) for label in plain + sasl] == sorted(shown.index(label) for label in plain + sasl)
        assert -1 not in [shown.find(label) for label in plain + sasl]


async def test_marks_of_a_choice_differ_by_shape_and_the_plain_one_warns() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "(•) Unencrypted   ( ) SASL/SCRAM, encrypted" in text(app)
        assert "Not encrypted: anybody on the network path can read" in text(app)
        await pilot.press("down", "down", "space")
        assert "( ) Unencrypted   (•) SASL/SCRAM, encrypted" in text(app)
        assert "Not encrypted" not in text(app)
        assert "(•) SCRAM-SHA-256   ( ) SCRAM-SHA-512   ( ) PLAIN" in text(app)


async def test_ascii_draws_ascii_alone() -> None:
    app = Host(FakeAgent(), snapshot_of(), ascii_only=True)
    app.page = ""
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("down", "down", "right", "down", "down", "down")
        await type_in(pilot, "secret")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "problems to fix" in text(app))
        assert "(*) SASL/SCRAM" in text(app)
        assert "******" in text(app)
        strange = {character for line in lines(app)[1:] for character in line if not character.isascii()}
        assert not strange


async def test_switching_the_type_hides_and_never_erases_and_sends_what_is_seen() -> None:
    agent = FakeAgent()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await type_in(pilot, "insights")
        await pilot.press("down")
        await type_in(pilot, "kafka-1:9092")
        await pilot.press("down", "right", "down", "right", "down")
        await type_in(pilot, "svc")
        await pilot.press("down")
        await type_in(pilot, "typed")
        app.screen.query_one(f"#{Field.TYPE}").focus()
        await pilot.press("left")
        assert "Kafka broker username" not in text(app)
        await pilot.press("right")
        assert "svc" in text(app)
        assert app.screen.query_one(FormBody).values.password == Secret("typed")
        await pilot.press("left", "ctrl+s")
        await until(pilot, lambda: app.given)
        plaintext = "kafka_unauthenticated_plaintext"
        assert agent.calls == [(ConnectionForm("insights", "kafka-1:9092", plaintext), "require")]


async def test_arrows_leave_the_certificate_at_its_edges() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await open_ca(pilot, app)
        await pilot.press("up")
        assert focused(app) == Field.PASSWORD
        await pilot.press("down", "down")
        assert focused(app) == "connect"
        await pilot.press("right")
        assert focused(app) == "test"
        await pilot.press("right")
        assert focused(app) == "cancel"
        await pilot.press("up")
        assert focused(app) == Field.CA
        await pilot.press("down", "right", "down")
        assert focused(app) == Field.TOPIC


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (60, 16)])
async def test_every_field_is_reached_by_tab_and_seen_with_its_mark(size: tuple[int, int]) -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("down", "down", "right", "up", "up")
        labels = ["Topic name", "Kafka broker URL(s)", "Connection type", "SASL mechanism"]
        labels += ["Kafka broker username", "Kafka broker password", "CA certificate"]
        for name, label in zip(Field, labels, strict=True):
            assert focused(app) == name
            assert f"▌{label}" in "\n".join(line.strip() for line in lines(app)), label
            assert app.focused is not None
            assert app.screen.query_one(FormBody).region.contains_region(app.focused.region)
            await pilot.press("tab")
        assert focused(app) == "connect"
        for button in app.screen.query(Button):
            if button.display and button.id in ("connect", "test", "cancel"):
                assert app.screen.region.contains_region(button.region)
        await pilot.press("tab", "tab", "tab")
        assert focused(app) == Field.TOPIC
        await pilot.press("shift+tab")
        assert focused(app) == "cancel"
        assert row_of(app, "Connect")


async def test_nothing_blinks() -> None:
    agent = FakeAgent(saved_connection())
    app = Host(agent, snapshot_of(agent.saved))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert not any(widget.cursor_blink for widget in app.screen.query(Input))
        assert not app.screen.query_one(CaField).cursor_blink
        assert app.screen.query_one(PasswordField).password


async def test_every_binding_has_an_id() -> None:
    ours = (ConnectionFormScreen, FormKeys, Actions, Choice, CaField)
    bindings = [one for cls in ours for one in cls.__dict__["BINDINGS"]]
    ids = [one.id for one in bindings if isinstance(one, Binding)]
    assert len(ids) == len(bindings)
    assert all(ids)
    assert len(set(ids)) == len(ids)


async def test_an_idle_form_draws_nothing_and_has_no_timer_that_could() -> None:
    app = Host(FakeAgent(), snapshot_of(pending=3))
    drawn = 0
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await open_ca(pilot, app)
        draw = app._display

        def count(*arguments: Any) -> None:
            nonlocal drawn
            drawn += 1
            draw(*arguments)

        app._display = count  # type: ignore[assignment]  # what goes to the terminal goes through here
        for _ in range(20):
            app.form.show_snapshot(snapshot_of(pending=3))
            await pilot.pause()
        assert drawn == 0
        for name in (Field.TOPIC, Field.PASSWORD, Field.CA):
            app.form.set_focus(app.form.query_one(f"#{name}"))
            await pilot.pause()
            timers = [timer for node in app.form.walk_children(with_self=True) for timer in node._timers]
            assert [timer for timer in timers if timer._repeat is None and timer._active.is_set()] == [], name
        await type_in(pilot, "x")
        assert drawn


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (200, 60)])
async def test_with_every_field_wrong_the_focus_is_in_sight_with_what_is_wrong(size: tuple[int, int]) -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await open_ca(pilot, app)
        await type_in(pilot, "/nowhere")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "5 problems to fix" in text(app))
        wrong = (Field.TOPIC, Field.SERVERS, Field.TYPE, Field.MECHANISM, Field.USERNAME, Field.PASSWORD, Field.CA)
        for name in wrong:
            assert focused(app) == name
            assert app.focused is not None
            row = app.screen.query_one(FormBody).row(name)
            assert row is not None
            assert app.screen.query_one(FormBody).region.contains_region(row.region), name
            assert row.wrong is (name not in (Field.TYPE, Field.MECHANISM))
            await pilot.press("tab")
        assert focused(app) == "connect"


async def test_hostile_text_that_is_saved_is_shown_as_text() -> None:
    hostile = "in\x1b[2J\x1b]52;c;aGk=\x07sights\u202e[red]"
    agent = FakeAgent(
        saved_connection(
            topic=hostile, broker_url=hostile, broker_username=hostile, ca_certificate=f"{hostile}\n{hostile}"
        )
    )
    app = Host(agent, snapshot_of(agent.saved, pending=2))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query_one(FormBody).findings.loaded)
        await type_in(pilot, "x")
        await pilot.press("ctrl+y")
        assert "[red]" in text(app)
        for shown in (text(app), app.clipboard):
            assert not {"\x1b", "\x07", "\u202e"} & set(shown)


async def test_a_resized_form_says_what_is_wrong_where_the_field_is_now() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab", *"a/bx,b", "tab")
        await until(pilot, lambda: row_of(app, "1st:"))
        wide = text(app)
        await pilot.resize_terminal(58, 24)
        await until(pilot, lambda: not row_of(app, "Kafka broker URL(s)").endswith("b"))
        rows = lines(app)
        at = next(index for index, row in enumerate(rows) if "Kafka broker URL(s)" in row)
        assert rows[at + 1].strip() == "a/bx,b"
        assert rows[at + 2].startswith("  ✖ 1st:")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: text(app) == wide)


async def test_the_count_of_problems_gives_way_to_the_buttons() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(40, 24)) as pilot:
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "2 to fix" in text(app) or "2!" in text(app))
        assert row_of(app, "Cancel").endswith(("2 to fix", "2!"))


async def test_a_long_list_is_read_from_its_first_server_once_it_is_left() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab")
        await paste(pilot, app, ",".join(f"kafka-{number}.example:9093" for number in range(9)))
        await until(pilot, lambda: "kafka-8.example" in row_of(app, "Kafka broker URL(s)"))
        await pilot.press("tab")
        await until(pilot, lambda: "kafka-0.example" in row_of(app, "Kafka broker URL(s)"))
        await pilot.press("shift+tab")
        await until(pilot, lambda: "kafka-8.example" in row_of(app, "Kafka broker URL(s)"))


async def test_a_reference_that_leads_nowhere_is_told_when_it_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOPE", raising=False)
    agent = FakeAgent(saved_connection())
    app = Host(agent, snapshot_of(agent.saved))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+g", "p", *"env:NOPE", "tab")
        await until(pilot, lambda: "NOPE is not set" in text(app))
        monkeypatch.setenv("NOPE", "x")
        await pilot.press("shift+tab", "tab")
        await until(pilot, lambda: "Read on this host when you connect." in text(app))
