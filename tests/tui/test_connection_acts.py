"""From the page: check the connection, go back to an earlier one, see where a test payload is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.answers import PastConnection, Receipt
from insights_tui.domain.check import CheckStep, CheckVerdict, Role, Step, StepState
from insights_tui.domain.refused import FieldError, RefusedError
from tests.tui import samples
from tests.tui.driving import Desk, desk

STEP = CheckStep("kafka-1:9093", Role.BOOTSTRAP, Step.DNS, StepState.OK, 1.0)
FINE = CheckVerdict("ok", 0, 1, "Every server answers.")
PAST = [
    PastConnection(3, samples.NOW, "alice", in_use=True, topic="insights", broker_url="k1:9093,k2:9093",
                   connection_type="kafka_sasl_ssl", broker_username="u", why_not="It is the one in use."),
    PastConnection(2, samples.NOW - timedelta(days=1), "bob", topic="older", broker_url="k1:9093",
                   connection_type="kafka_unauthenticated_plaintext"),
]  # fmt: skip


async def opened(seated: Desk) -> None:
    seated.agent.past = PAST
    await seated.press("b")
    await seated.until_shown("older     k1:9093")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_check_runs_and_can_be_read_again_and_copied(size: tuple[int, int]) -> None:
    async with desk(samples.CONNECTED, size=size) as seated:
        seated.agent.checked = [STEP, FINE]
        await seated.press("k")
        await seated.until_shown("✓ Every server answers.")
        await seated.press("y")
        await seated.until(lambda: "Every server answers." in seated.app.clipboard, "it is copied")
        seated.agent.checked = [STEP, replace(FINE, sentence="Still.")]
        await seated.press("r")
        await seated.until_shown("✓ Still.")
        await seated.press("escape")
        await seated.until_shown("Delivered")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_check_that_is_over_at_once_is_shown_whole(size: tuple[int, int]) -> None:
    async with desk(samples.CONNECTED, size=size) as seated:
        members = [replace(STEP, server=f"m{number}:9093", role=Role.MEMBER, node_id=number) for number in range(6)]
        seated.agent.checked = [STEP, *members, FINE]
        await seated.press("k")
        await seated.until_shown("m5:9093")
        await seated.until_shown("cannot be told")


async def test_what_keeps_the_check_from_a_verdict_is_told() -> None:
    async with desk(samples.CONNECTED) as seated:
        seated.agent.refusal = AgentUnavailableError("The agent is gone.", "Start it.")
        await seated.press("k")
        await seated.until_shown("The agent is gone. Start it.")


async def test_without_a_connection_there_is_nothing_to_check() -> None:
    async with desk(samples.NONE) as seated:
        await seated.press("k")
        await seated.until_shown("There is no connection to check.")


async def test_going_back_asks_first_and_says_where_payloads_go() -> None:
    async with desk(samples.DEGRADED) as seated:
        await opened(seated)
        assert "in use  insights  k1:9093 +1 more" in seated.text()
        assert "saved by" in seated.text()
        await seated.press("enter")
        await seated.until_shown("Go back to revision 2?")
        assert "Payloads go to topic older at k1:9093." in seated.text()
        await seated.press("enter")  # the focus is on Cancel
        await seated.until(lambda: "Go back to revision 2?" not in seated.text(), "the question goes")
        assert seated.agent.went_back == []
        await seated.press("enter")
        await seated.until_shown("Go back to revision 2?")
        await seated.press("tab", "enter")
        await seated.until_shown("Back to an earlier connection: topic insights")
        assert seated.agent.went_back == [2]


async def test_a_refusal_is_told_and_using_it_unchecked_is_offered() -> None:
    async with desk(samples.CONNECTED) as seated:
        await opened(seated)
        seated.agent.refusal = RefusedError((FieldError("auth_failed", "Kafka refuses the login.", "Look."),))
        await seated.press("enter")
        await seated.until_shown("Go back to revision 2?")
        await seated.press("tab", "enter")
        await seated.until_shown("The connection stays as it is. Kafka refuses the login.")
        seated.agent.refusal = None
        await seated.press("u")
        await seated.until_shown("It is used without a try")
        await seated.press("tab", "enter")
        await seated.until_shown("Back to an earlier connection")
        assert seated.agent.went_back == [2]


async def test_no_earlier_connection_is_said() -> None:
    async with desk(samples.CONNECTED) as seated:
        seated.agent.past = PAST[:1]
        await seated.press("b")
        await seated.until_shown("There is no earlier connection to go back to.")
        await seated.press("enter", "escape")
        await seated.until_shown("Delivered")


async def test_a_test_payload_says_where_to_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test_payload() -> Receipt:
        return Receipt("0193", "insights", 3, 81_223, 0.012, ("kcat -C -b k1:9093 -t insights -p 3",), "A file.")

    async with desk(samples.CONNECTED) as seated:
        monkeypatch.setattr(seated.agent, "test_payload", test_payload)
        await seated.press("t")
        await seated.until_shown("kcat -C -b k1:9093 -t insights -p 3")
        assert "Topic insights, partition 3, offset 81,223." in seated.text()
        await seated.press("y")
        await seated.until(lambda: seated.app.clipboard.startswith("kcat -C"), "it is copied")
