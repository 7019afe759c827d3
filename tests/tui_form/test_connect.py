"""Connect, and what comes back: beside the field, at the bottom, or nothing because it worked."""

import asyncio

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Button

from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.trouble import Code
from insights_tui.tui.connection_form.actions import Actions, Mode
from insights_tui.tui.connection_form.words import Field
from tests.tui_form.host import (
    FakeAgent,
    Host,
    focused,
    paste,
    row_of,
    saved_connection,
    snapshot_of,
    text,
    type_in,
    until,
)
from tests.tui_form.pems import pem

UNREACHABLE = FieldError(
    "kafka_unreachable",
    "None of the servers answers: kafka-1:9092 refuses the connection.",
    "Check host and port, and a firewall between this host and Kafka.",
)


async def fill_plain(pilot: Pilot[None], topic: str = "insights", servers: str = "kafka-1:9092,kafka-2:9092") -> None:
    await pilot.pause()
    await type_in(pilot, topic)
    await pilot.press("enter")
    await paste(pilot, pilot.app, servers)


def mode(app: Host) -> Mode:
    return app.form.query_one(Actions).mode


def refused(*errors: FieldError) -> RefusedError:
    return RefusedError(errors, status=422)


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


async def test_connecting_says_so_is_asked_once_and_escape_stops_it() -> None:
    agent = FakeAgent()
    agent.hold = asyncio.Event()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: mode(app) is Mode.CONNECTING)
        assert "Connecting…" in text(app)
        assert focused(app) == "stop"
        await pilot.press("ctrl+s", "x")
        assert len(agent.calls) == 1
        await pilot.press("escape")
        await until(pilot, lambda: agent.cancelled)
        await until(pilot, lambda: mode(app) is Mode.EDIT)
        assert "Stopped waiting." in text(app)
        assert "Connecting…" not in text(app)
        assert app.form.query_one(f"#{Field.TOPIC}").is_attached
        agent.hold = None
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)


async def test_escape_leaves_an_untouched_form_and_asks_about_a_changed_one() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await type_in(pilot, "in")
        await pilot.press("escape")
        assert "Leave without saving?" in text(app)
        assert focused(app) == "keep"
        await pilot.press("ctrl+s", "escape")
        assert "Leave without saving?" not in text(app)
        assert app.given == []
        await pilot.press("escape", "right", "enter")
        await until(pilot, lambda: app.given == [None])

    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("escape")
        await until(pilot, lambda: app.given == [None])


async def test_keeping_editing_goes_back_to_the_field() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("escape", "enter")
        assert focused(app) == Field.SERVERS


async def test_an_answer_under_another_screen_waits_until_that_is_gone() -> None:
    agent = FakeAgent()
    agent.hold = asyncio.Event()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await fill_plain(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: agent.calls)
        top: Screen[None] = Screen()
        await app.push_screen(top)
        agent.hold.set()
        await until(pilot, lambda: agent.saved is not None)
        await pilot.pause()
        assert app.screen is top
        assert app.given == []
        await app.pop_screen()
        await until(pilot, lambda: app.given == [agent.saved])
        assert app.screen is app.screen_stack[0]


async def test_editing_fills_in_what_is_saved_and_leaves_the_password_empty() -> None:
    agent = FakeAgent(saved_connection(ca_certificate=pem("Acme Root CA", days=214)))
    app = Host(agent, snapshot_of(agent.saved))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "Acme Root CA · 1 certificate" in text(app))
        shown = text(app)
        assert "Edit Connection" in shown
        assert "kafka-1:9093,kafka-2:9093" in shown
        assert "(•) SCRAM-SHA-512" in shown
        assert "insights-p" in shown
        assert "unchanged" in row_of(app, "Kafka broker password")
        await pilot.press("escape")
        await until(pilot, lambda: app.given == [None])


async def test_an_unchanged_password_is_not_sent_and_a_new_server_asks_for_it_again() -> None:
    agent = FakeAgent(saved_connection())
    app = Host(agent, snapshot_of(agent.saved))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.form.query_one("#body").findings.loaded)  # type: ignore[attr-defined]
        await pilot.press("down")
        await type_in(pilot, ",kafka-9:9093")
        assert "kafka-9:9093 was not among the servers" in text(app)
        assert "unchanged" not in row_of(app, "Kafka broker password")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "1 problem to fix" in text(app))
        assert focused(app) == Field.PASSWORD
        assert "✖ kafka-9:9093 was not among the servers, so the saved password is not used." in text(app)
        assert agent.calls == []
        await pilot.press("up", "up", "up", "up")
        assert focused(app) == Field.SERVERS
        await pilot.press(*["backspace"] * len(",kafka-9:9093"))
        assert "problem" not in text(app)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)
        assert agent.calls[0][0].broker_password is None


async def test_a_certificate_that_could_not_be_read_is_never_taken_away() -> None:
    agent = FakeAgent(saved_connection(ca_certificate=pem("Acme Root CA", days=214)))
    agent.load_errors = [AgentUnavailableError("No agent answers.", "Wait."), AgentUnavailableError("Still none.")]
    app = Host(agent, snapshot_of(agent.saved))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "No agent answers." in text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Still none." in text(app))
        assert agent.calls == []
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)
        assert agent.calls[0][0].ca_certificate
        assert "BEGIN CERTIFICATE" in agent.calls[0][0].ca_certificate


async def test_what_was_typed_before_the_saved_connection_came_stays() -> None:
    agent = FakeAgent(saved_connection(broker_username="from-agent", ca_certificate=pem("Acme Root CA", days=214)))
    snapshot = snapshot_of(saved_connection())
    app = Host(agent, snapshot)
    async with app.run_test(size=(120, 40)) as pilot:
        form = app.form.query_one("#body")
        await until(pilot, lambda: form.findings.loaded)  # type: ignore[attr-defined]
        await type_in(pilot, "-v2")
        form.take_saved(saved_connection(topic="other", broker_username="newer"))  # type: ignore[attr-defined]
        await pilot.pause()
        assert "insights-v2" in text(app)
        assert "newer" in text(app)


@pytest.mark.parametrize("configured", [True, False])
async def test_payloads_that_wait_are_announced_before_the_topic_changes(configured: bool) -> None:
    agent = FakeAgent(saved_connection() if configured else None)
    app = Host(agent, snapshot_of(agent.saved, pending=1204))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert ("1,204 payloads are waiting" in text(app)) is not configured
        await type_in(pilot, "-v2")
        shown = " ".join(text(app).replace("▌", "").split())
        assert "1,204 payloads are waiting; they will go to " in shown
        assert ("no longer to insights." in shown) is configured
        app.form.show_snapshot(snapshot_of(agent.saved, pending=1))
        await pilot.pause()
        assert "1 payload is waiting; it will go to" in text(app)
        app.form.show_snapshot(snapshot_of(agent.saved, pending=0))
        await pilot.pause()
        assert "waiting" not in text(app)


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


async def test_buttons_that_do_harm_never_have_the_focus_first() -> None:
    app = Host(FakeAgent(), snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        actions = app.form.query_one(Actions)
        for one, safe in ((Mode.ASK_DISCARD, "keep"), (Mode.ASK_SKIP, "back"), (Mode.CONNECTING, "stop")):
            actions.set_mode(one)
            actions.focus_first()
            await pilot.pause()
            assert focused(app) == safe
            assert app.form.query_one(f"#{safe}", Button).display


@pytest.mark.parametrize(
    ("field", "keys", "reason"),
    [
        (Field.MECHANISM, ["right"], "The mechanism was SCRAM-SHA-512"),
        (Field.CA, ["ctrl+u"], "The CA certificate changed"),
    ],
)
async def test_a_password_is_asked_again_where_somebody_else_would_get_it(
    field: Field, keys: list[str], reason: str
) -> None:
    agent = FakeAgent(saved_connection(ca_certificate=pem("Acme Root CA", days=214)))
    app = Host(agent, snapshot_of(agent.saved))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "unchanged" in row_of(app, "Kafka broker password"))
        await until(pilot, lambda: "1 certificate" in text(app))
        app.form.set_focus(app.form.query_one(f"#{field}"))
        await pilot.press(*keys)
        await until(pilot, lambda: reason in text(app))
        assert "unchanged" not in row_of(app, "Kafka broker password")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "1 problem to fix" in text(app))
        assert focused(app) == Field.PASSWORD
        assert agent.calls == []
        await type_in(pilot, "typed")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.given)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)])
async def test_questions_are_read_to_their_end(size: tuple[int, int]) -> None:
    agent = FakeAgent()
    agent.answers = [refused(UNREACHABLE)]
    app = Host(agent, snapshot_of())
    async with app.run_test(size=size) as pilot:
        await fill_plain(pilot)
        await pilot.press("escape")
        assert "forgotten." in text(app)
        await pilot.press("escape", "ctrl+s")
        await until(pilot, lambda: mode(app) is Mode.REFUSED)
        await pilot.press("right", "right", "enter")
        assert "deadline passes." in " ".join(text(app).split())
        assert "Save unchecked" in text(app)


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
