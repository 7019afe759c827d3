"""ctrl+g and a letter lead to any field; typing meets none of the letters."""

import pytest
from textual.binding import Binding

from insights_tui.domain.connection import Secret
from insights_tui.tui.connection_form.jump import FormJump
from insights_tui.tui.connection_form.words import LETTERS, Field
from tests.tui_form.filling import burst
from tests.tui_form.host import FakeAgent, Host, focused, row_of, saved_connection, snapshot_of, text, until


def editing() -> Host:
    agent = FakeAgent(saved_connection())
    return Host(agent, snapshot_of(agent.saved))


@pytest.mark.parametrize("size", [(50, 14), (80, 24), (120, 40)])
async def test_every_field_is_two_keys_away(size: tuple[int, int]) -> None:
    app = editing()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: focused(app) == Field.TOPIC)
        for field, letter in LETTERS.items():
            await pilot.press("ctrl+g", letter)
            assert focused(app) == field
        await pilot.press("ctrl+g", "b")
        assert focused(app) == "connect"


async def test_the_letters_stand_beside_the_fields_while_one_is_awaited() -> None:
    app = editing()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: focused(app) == Field.TOPIC)
        assert "^g Go to" in text(app)
        await pilot.press("ctrl+g")
        for label in ("t Topic name", "s Kafka broker URL(s)", "u Kafka broker username", "a CA certificate"):
            assert row_of(app, label)
        assert "Press the letter beside a field" in text(app)
        await pilot.press("p")
        assert "p Kafka broker password" not in text(app)
        assert "Press the letter" not in text(app)


@pytest.mark.parametrize("key", ["z", "7", "escape", "tab", "enter", "ctrl+s", "ctrl+g", "down"])
async def test_any_other_key_stays_and_does_nothing(key: str) -> None:
    app = editing()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: focused(app) == Field.TOPIC)
        await pilot.press("tab", "ctrl+g", key)
        await until(pilot, lambda: focused(app) == Field.SERVERS)
        assert "s Kafka" not in text(app)
        assert not app.given
        await pilot.press("end", "x")
        assert app.screen.query_one(f"#{Field.SERVERS}").value.endswith("x")  # type: ignore[attr-defined]


async def test_a_hidden_field_has_no_letter() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: focused(app) == Field.TOPIC)
        await pilot.press("ctrl+g", "p")
        await until(pilot, lambda: focused(app) == Field.TOPIC)
        assert app.screen.query_one(f"#{Field.TOPIC}").value == ""  # type: ignore[attr-defined]


async def test_a_click_ends_it_too() -> None:
    app = editing()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: focused(app) == Field.TOPIC)
        await pilot.press("ctrl+g")
        await pilot.click(f"#{Field.USERNAME}")
        assert focused(app) == Field.USERNAME
        assert "u Kafka broker username" not in text(app)
        await pilot.press("t")
        assert len(app.screen.query_one(f"#{Field.USERNAME}").value) == len("insights-p") + 1  # type: ignore[attr-defined]


async def test_what_is_typed_ahead_lands_where_the_letter_leads() -> None:
    agent = FakeAgent()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: focused(app) == Field.TOPIC)
        await pilot.press(*"insights", "down", *"k:1", "down", "right")
        burst(app, "ctrl+g", "p", *"hunter22", "ctrl+g", "u", *"tsyp", "ctrl+s")
        await until(pilot, lambda: bool(app.given))
    assert agent.calls[0][0].broker_username == "tsyp"
    assert agent.calls[0][0].broker_password == Secret("hunter22")


def test_every_binding_has_an_id_of_its_own() -> None:
    ids = [one.id for one in FormJump.BINDINGS if isinstance(one, Binding)]
    assert all(ids)
    assert len(set(ids)) == len(ids) == len(LETTERS) + 2


async def test_letters_and_words_are_those_of_moved_keys() -> None:
    app = editing()
    app.keys = {"form.jump.p": "w", "form.ca.empty": "f8"}
    async with app.run_test(size=(80, 24)) as pilot:
        app.set_keymap(app.keys)
        await until(pilot, lambda: focused(app) == Field.TOPIC)
        await pilot.press("ctrl+g")
        assert row_of(app, "w Kafka broker password")
        await pilot.press("w")
        assert focused(app) == Field.PASSWORD
        await pilot.press("tab")
        await until(pilot, lambda: "f8 clears." in text(app))
