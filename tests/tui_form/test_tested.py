"""Test connection: steps that fill, what follows from the verdict, and that nothing is saved."""

from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.check import CheckStep, CheckVerdict, Finding, Role, Step, StepState
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.trouble import About, Code
from insights_tui.tui.connection_form.words import FIELDS
from tests.tui_form.host import (
    MARKER,
    FakeAgent,
    Host,
    focused,
    row_of,
    saved_connection,
    snapshot_of,
    text,
    type_in,
    until,
)

DNS = CheckStep("kafka-1:9093", Role.BOOTSTRAP, Step.DNS, StepState.OK, 1.0)
LOGIN = CheckStep(
    "kafka-1:9093", Role.BOOTSTRAP, Step.SASL, StepState.FAILED, 2.0, code=Code.AUTH_FAILED,
    cause="kafka-1:9093 refuses the login.", fix="Type it again.", raw="said\x1b[31m so",
)  # fmt: skip
REACHED = CheckStep("10.9.9.9:9093", Role.MEMBER, Step.TCP, StepState.OK, 1.0, node_id=3)
BAD = CheckVerdict(
    "failed", 1, 2, "Kafka refuses the login of insights-p.", "Type the password again.", Code.AUTH_FAILED,
    about=About.PASSWORD, findings=(Finding("same", "All servers say the same.", "Look at the user."),),
)  # fmt: skip
GOOD = CheckVerdict("ok", 0, 2, "Every server answers.", hints=(Finding("one", "Replication is 1.", "Make it 3."),))
SIZES = [(80, 24), (120, 40)]


def editing() -> tuple[FakeAgent, Host]:
    agent = FakeAgent(saved_connection())
    return agent, Host(agent, snapshot_of(agent.saved))


async def begun(pilot: Pilot[Any], agent: FakeAgent) -> None:
    await until(pilot, lambda: pilot.app.focused is not None and "kafka-2:9093" in text(pilot.app))
    await pilot.press("ctrl+t")
    await until(pilot, lambda: agent.tests_under_way == 1 and focused(pilot.app) == "stop")


async def ended(pilot: Pilot[Any], agent: FakeAgent, *items: CheckStep | CheckVerdict | Exception) -> None:
    for item in items:
        agent.steps.put_nowait(item)
    await until(pilot, lambda: agent.tests_under_way == 0 and focused(pilot.app) not in {"stop", ""})


@pytest.mark.parametrize("size", SIZES)
async def test_rows_fill_as_steps_end_and_members_join(size: tuple[int, int]) -> None:
    agent, app = editing()
    async with app.run_test(size=size) as pilot:
        await begun(pilot, agent)
        assert "Checking every server at once." in text(app)
        assert "dns ..." in row_of(app, "kafka-2:9093 ")
        agent.steps.put_nowait(DNS)
        await until(pilot, lambda: "tcp ..." in row_of(app, "kafka-1:9093 "))
        agent.steps.put_nowait(REACHED)
        await until(pilot, lambda: "Members that the cluster reports" in text(app))
        assert "10.9.9.9:9093, broker 3" in text(app)
        await ended(pilot, agent, LOGIN, BAD)
        assert "sasl failed" in row_of(app, "kafka-1:9093 ")
        assert "✖ Kafka refuses the login of insights-p." in text(app)
        assert agent.calls == []
        (form,) = agent.tested
        assert form is not None
        assert (form.topic, form.broker_password) == ("insights", None)


async def test_at_80_columns_the_results_cover_the_fields_and_esc_leads_to_the_repair() -> None:
    agent, app = editing()
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, agent)
        await ended(pilot, agent, DNS, LOGIN, BAD)
        assert focused(app) == "fields"
        assert "Topic name" not in text(app)
        await pilot.press("pagedown", "pagedown")
        await until(pilot, lambda: "All servers say the same." in text(app))
        assert "\x1b" not in text(app)
        await pilot.press("escape")
        await until(pilot, lambda: focused(app) == "broker_password")
        assert "Topic name" in text(app)
        assert "Kafka refuses the login of insights-p." in text(app)
        assert app.given == []


async def test_at_120_columns_fields_and_results_stand_side_by_side() -> None:
    agent, app = editing()
    async with app.run_test(size=(120, 40)) as pilot:
        await begun(pilot, agent)
        await ended(pilot, agent, DNS, LOGIN, BAD)
        assert focused(app) == "broker_password"
        assert "Topic name" in text(app)
        assert all(choice in text(app) for choice in ("SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"))
        assert "changed since this test" not in text(app)
        await type_in(pilot, MARKER)
        await until(pilot, lambda: "The fields have changed since this test." in text(app))
        assert MARKER not in text(app)
        await pilot.press("ctrl+t")
        await until(pilot, lambda: len(agent.tested) == 2)
        assert agent.tested[1] is not None
        assert agent.tested[1].broker_password is not None
        await ended(pilot, agent, DNS, GOOD)
        assert "✓ Every server answers." in text(app)
        assert "Replication is 1." in text(app)


async def test_the_focus_goes_to_the_field_that_mends_it() -> None:
    agent, app = editing()
    async with app.run_test(size=(120, 40)) as pilot:
        await begun(pilot, agent)
        await ended(pilot, agent, replace(BAD, about=About.TYPE))
        assert focused(app) == "connection_type"
        for tests, about in enumerate(FIELDS, 2):
            await pilot.press("ctrl+t")
            await until(pilot, lambda tests=tests: len(agent.tested) == tests)
            await ended(pilot, agent, replace(BAD, about=about))
            assert focused(app) == FIELDS[about]


async def test_what_no_field_mends_leads_to_the_buttons() -> None:
    agent, app = editing()
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, agent)
        await ended(pilot, agent, replace(BAD, code=Code.BROKER_UNREACHABLE, about=None))
        await pilot.press("escape")
        await until(pilot, lambda: focused(app) == "connect")


async def test_connecting_after_a_failed_test_asks_once() -> None:
    agent, app = editing()
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, agent)
        await ended(pilot, agent, LOGIN, BAD)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "The test of these fields has failed." in text(app))
        assert focused(app) == "back"
        await pilot.press("enter")
        await until(pilot, lambda: "The test of these fields has failed." not in text(app))
        assert agent.calls == []
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(app.given))
        assert [check for _, check in agent.calls] == ["require"]


async def test_saying_yes_to_the_question_connects() -> None:
    agent, app = editing()
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, agent)
        await ended(pilot, agent, LOGIN, BAD)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: focused(app) == "back")
        await pilot.press("right", "enter")
        await until(pilot, lambda: bool(app.given))


@pytest.mark.parametrize("size", SIZES)
async def test_connecting_after_a_good_test_or_another_edit_asks_nothing(size: tuple[int, int]) -> None:
    agent, app = editing()
    async with app.run_test(size=size) as pilot:
        await begun(pilot, agent)
        await ended(pilot, agent, DNS, GOOD)
        assert focused(app) == "connect"
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.given))


@pytest.mark.parametrize("size", SIZES)
async def test_stop_ends_the_test_and_keeps_what_was_seen(size: tuple[int, int]) -> None:
    agent, app = editing()
    async with app.run_test(size=size) as pilot:
        await begun(pilot, agent)
        agent.steps.put_nowait(LOGIN)
        await until(pilot, lambda: "sasl failed" in text(app))
        await pilot.press("escape")
        await until(
            pilot, lambda: agent.tests_under_way == 0 and "Stopped. 1 server with a failure so far." in text(app)
        )
        assert app.given == []
        await pilot.press("ctrl+t")  # and again
        await until(pilot, lambda: len(agent.tested) == 2)


async def test_a_field_that_does_not_hold_is_told_and_nothing_is_tried() -> None:
    agent = FakeAgent()
    app = Host(agent, snapshot_of())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+t")
        await until(pilot, lambda: "A topic is needed." in text(app))
        assert focused(app) == "topic"
        assert agent.tested == []


@pytest.mark.parametrize(
    "error",
    [
        AgentUnavailableError("The agent hung up.", "Look at its log."),
        RefusedError((FieldError("checks_busy", "The agent hung up.", "Look at its log."),), status=429),
    ],
)
async def test_no_verdict_is_told_as_such(error: Exception) -> None:
    agent, app = editing()
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, agent)
        await ended(pilot, agent, DNS, error)
        assert "The agent hung up." in text(app)
        assert "Look at its log." in text(app)
        assert "Topic name" in text(app)


async def test_leaving_the_form_is_not_possible_before_the_test_was_stopped() -> None:
    agent, app = editing()
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, agent)
        await pilot.press("ctrl+s")  # does nothing now
        assert agent.calls == []
        await pilot.press("escape")
        await until(pilot, lambda: agent.tests_under_way == 0 and focused(app) == "fields")
        await pilot.press("escape")
        await until(pilot, lambda: "Topic name" in text(app))
        assert app.given == []
        await pilot.press("escape")
        await until(pilot, lambda: app.given == [None])


async def test_after_a_refusal_the_test_is_offered() -> None:
    agent, app = editing()
    agent.answers = [RefusedError((FieldError("kafka_unreachable", "Nothing answers.", "Look."),))]
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "kafka-2:9093" in text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "ctrl+t tests every server and every member, step by step." in text(app))


async def test_ascii_is_enough() -> None:
    agent = FakeAgent(saved_connection())
    app = Host(agent, snapshot_of(agent.saved), ascii_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        app.page = ""
        await begun(pilot, agent)
        await ended(pilot, agent, DNS, replace(LOGIN, cause="Größe, naïve"), BAD)
        shown = text(app).split("\n", 1)[1]
        assert shown.isascii(), shown


async def test_a_burst_of_steps_loses_none() -> None:
    agent, app = editing()
    async with app.run_test(size=(120, 40)) as pilot:
        await begun(pilot, agent)
        for server in range(30):
            for step in Step:
                agent.steps.put_nowait(CheckStep(f"m{server:02}:9093", Role.MEMBER, step, StepState.OK, 1.0, server))
        await ended(pilot, agent, GOOD)
        panel = app.form.query_one("#check")
        assert all(f"m{server:02}:9093" in panel.text for server in range(30))  # type: ignore[attr-defined]  # ours
        assert panel.text.count("ok 8 ms") == 30  # type: ignore[attr-defined]  # likewise
