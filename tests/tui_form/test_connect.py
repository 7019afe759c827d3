"""Connect, and what comes back: beside the field, at the bottom, or nothing because it worked."""

from insights_tui.domain.refused import FieldError
from insights_tui.tui.connection_form.words import Field
from tests.tui_form.filling import fill_plain, refused
from tests.tui_form.host import FakeAgent, Host, focused, row_of, snapshot_of, text, type_in, until


async def test_connect_checks_saves_and_gives_back_what_was_saved() -> None:
    agent = FakeAgent()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)
        assert agent.calls[0][1] == "require"
        assert app.given == [agent.saved]
        assert app.screen is not app.form


async def test_enter_on_the_button_connects() -> None:
    agent = FakeAgent()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("enter", "enter")
        assert focused(app) == "connect"
        assert agent.calls == []
        await pilot.press("enter")
        await until(pilot, lambda: app.given)


async def test_all_errors_at_once_and_the_first_wrong_field_has_the_focus() -> None:
    agent = FakeAgent()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(120, 40)) as pilot:
        await fill_plain(pilot, "insights!", "kafka-1:9093,kafka-2,kafka-3:99999")
        await pilot.press("down", "right", "down", "down", "down", "down")
        await type_in(pilot, "/nowhere/ca.pem")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "6 problems to fix" in text(app))
        shown = text(app)
        assert "letters, digits, . _ and -" in shown
        assert "2nd: no port. Did you mean kafka-2:9093?" in shown
        assert "3rd: a port is 1 to 65535" in shown
        assert "A user name is needed" in shown
        assert "A password is needed" in shown
        assert "No such file on this host" in shown
        assert focused(app) == Field.TOPIC
        assert agent.calls == []
        await pilot.press("backspace")
        assert "5 problems to fix" in text(app)
        assert "letters, digits" not in text(app)


async def test_a_field_is_checked_when_left_and_then_with_every_key() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot, "insights", "kafka-1")
        assert "no port" not in text(app).lower()
        await pilot.press("tab")
        assert "No port" in text(app)
        await pilot.press("shift+tab")
        await type_in(pilot, ":9092")
        assert "No port" not in text(app)
        await pilot.press("backspace", "backspace", "backspace", "backspace", "backspace")
        assert "No port" in text(app)


async def test_an_empty_field_is_not_blamed_before_connect() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("tab", "tab", "tab", "tab")
        assert "problem" not in text(app)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "2 problems to fix" in text(app))


async def test_one_server_earns_a_hint_and_no_error() -> None:
    agent = FakeAgent()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot, "insights", "kafka-1:9092")
        await pilot.press("tab")
        assert "One server only" in text(app)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)


async def test_errors_of_the_agent_stand_beside_their_fields_until_these_change() -> None:
    agent = FakeAgent()
    agent.answers = [refused(FieldError("topic_missing", "There is no topic insights.", "Create it.", "topic"))]
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "There is no topic insights. Create it." in text(app))
        assert focused(app) == Field.TOPIC
        assert "1 problem to fix" in text(app)
        await type_in(pilot, "2")
        assert "There is no topic" not in text(app)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)
        assert agent.calls[1][0].topic == "insights2"


async def test_an_error_for_a_field_that_is_not_shown_is_told_at_the_bottom() -> None:
    agent = FakeAgent()
    agent.answers = [refused(FieldError("odd", "Something hidden is wrong.", "Mend it.", "broker_password"))]
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Something hidden is wrong." in text(app))
        assert "Mend it." in text(app)
        assert not row_of(app, "Save anyway")
