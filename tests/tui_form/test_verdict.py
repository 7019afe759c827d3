"""What came back is told where it can be mended, in full, and saving anyway asks once."""

import pytest

from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.refused import FieldError
from insights_tui.domain.trouble import Code
from insights_tui.tui.connection_form.actions import Mode
from insights_tui.tui.connection_form.words import Field
from tests.tui_form.filling import UNREACHABLE, fill_plain, mode, refused
from tests.tui_form.host import FakeAgent, Host, focused, snapshot_of, text, type_in, until


async def test_what_kafka_says_is_told_in_full_and_saving_anyway_asks_once() -> None:
    agent = FakeAgent()
    agent.answers = [refused(UNREACHABLE)]
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "refuses the connection." in text(app))
        assert "firewall between" in text(app)
        assert focused(app) == "connect"
        await pilot.press("right", "right")
        assert focused(app) == "skip"
        await pilot.press("enter")
        assert mode(app) is Mode.ASK_SKIP
        assert focused(app) == "back"
        assert "each is lost when its deadline passes" in " ".join(text(app).split())
        assert "refuses the connection." in text(app)
        await pilot.press("escape")
        assert mode(app) is Mode.REFUSED
        assert len(agent.calls) == 1
        assert focused(app) == "skip"
        await pilot.press("enter", "right", "enter")
        await until(pilot, lambda: app.given)
        assert [check for _, check in agent.calls] == ["require", "skip"]


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_a_long_verdict_can_be_read_to_its_end(size: tuple[int, int]) -> None:
    agent = FakeAgent()
    agent.answers = [refused(FieldError("kafka_unreachable", "down " * 150, "THE-END"))]
    app = Host(agent, snapshot_of())
    async with app.run_test(size=size) as pilot:
        await fill_plain(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: mode(app) is Mode.REFUSED)
        assert "THE-END" not in text(app)
        await pilot.press("shift+tab")
        assert focused(app) == "verdict"
        await pilot.press("end")
        await until(pilot, lambda: "THE-END" in text(app))


async def test_an_edit_takes_the_offer_to_save_anyway_back() -> None:
    agent = FakeAgent()
    agent.answers = [refused(UNREACHABLE)]
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: mode(app) is Mode.REFUSED)
        app.form.query_one(f"#{Field.TOPIC}").focus()
        await pilot.pause()
        assert "Save anyway" in text(app)
        await type_in(pilot, "2")
        assert "Save anyway" not in text(app)
        assert "refuses the connection." in text(app)


async def test_an_agent_that_is_gone_is_told_with_what_helps() -> None:
    agent = FakeAgent()
    agent.answers = [AgentUnavailableError("No agent answers.", "Start it: systemctl start insights-tui.")]
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "No agent answers." in text(app))
        assert "systemctl start insights-tui" in text(app)
        assert "Save anyway" not in text(app)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)


async def test_a_bug_in_the_client_leaves_form_and_app_alive() -> None:
    agent = FakeAgent()
    agent.answers = [ValueError("internals")]
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "This screen failed (ValueError)." in text(app))
        assert "internals" not in text(app)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)


async def test_hostile_text_of_a_broker_stays_text() -> None:
    agent = FakeAgent()
    agent.answers = [refused(FieldError("kafka_unreachable", "[red]\x1b[2Jgone[/nope]\u202e", "\x1b]52;c;aGk=\x07 so"))]
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: mode(app) is Mode.REFUSED)
        assert "[red]" in text(app)
        assert "[/nope]" in text(app)
        assert not {"\x1b", "\x07", "\u202e"} & set(text(app))


@pytest.mark.parametrize(
    ("code", "where"),
    [
        (Code.AUTH_FAILED, Field.PASSWORD),
        (Code.TLS_FAILED, Field.CA),
        (Code.MECHANISM_REFUSED, Field.MECHANISM),
        (Code.TOPIC_MISSING, Field.TOPIC),
        (Code.NOT_AUTHORIZED, Field.TOPIC),
        (Code.NAME_NOT_RESOLVED, Field.SERVERS),
        (Code.KAFKA_UNREACHABLE, "connect"),
    ],
)
async def test_the_focus_goes_where_the_repair_most_likely_is(code: Code, where: str) -> None:
    agent = FakeAgent()
    agent.answers = [refused(FieldError(code, "It did not work.", "Mend it."))]
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("tab", "right", "tab", "tab")
        await type_in(pilot, "svc")
        await pilot.press("tab")
        await type_in(pilot, "secret")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "It did not work." in text(app))
        assert focused(app) == where
        assert "Save anyway" in text(app)


async def test_a_field_that_is_hidden_is_never_suspected() -> None:
    agent = FakeAgent()
    agent.answers = [refused(FieldError(Code.AUTH_FAILED, "It wants a login.", "Use SASL."))]
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "It wants a login." in text(app))
        assert focused(app) == "connect"
