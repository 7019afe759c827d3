import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.tui.app import InsightsApp
from insights_tui.tui.screens.confirm import Confirm
from insights_tui.tui.status_text import status_text
from tests.tui import samples
from tests.tui.driving import Desk, desk

LATER = timedelta(seconds=30)


def newest(seated: Desk) -> datetime | None:
    snapshot = seated.app.frame.snapshot
    return snapshot.as_of if snapshot else None


async def test_freezing_stops_the_view_and_nothing_else() -> None:
    async with desk(samples.CONNECTED) as seated:
        await seated.press("space")
        await seated.until_shown("FROZEN since 12:04:31Z")
        before, asked = seated.lines(), len(seated.agent.asked)
        seated.agent.now = replace(samples.DEGRADED, as_of=samples.NOW + LATER)
        await seated.until(lambda: newest(seated) == samples.NOW + LATER, "a newer frame")
        assert seated.lines() == before
        assert len(seated.agent.asked) > asked
        await seated.press("space")
        await seated.until_shown("DEGRADED")
        assert "12:05:01Z" in seated.lines()[0]


async def test_a_test_payload_tells_its_place_or_its_trouble() -> None:
    async with desk(samples.CONNECTED) as seated:
        await seated.press("t")
        await seated.until_shown("Test payload delivered: topic insights, partition 3, offset 81,223, 12 ms.")
        seated.agent.refusal = RefusedError((FieldError("auth_failed", "Kafka refuses the login.", "Press c."),))
        await seated.press("t")
        await seated.until_shown("The test payload was not delivered. Kafka refuses the login. Press c.")
        await seated.press("escape")
        await seated.until(lambda: "test payload" not in seated.text(), "the notice goes")


async def test_deleting_asks_names_what_waits_and_takes_no_for_an_answer() -> None:
    async with desk(samples.DEGRADED) as seated:
        await seated.press("d")
        await seated.until_shown("7,022 payloads are not delivered yet.")
        await seated.press("enter")  # the focus is on Cancel
        await seated.until(lambda: not isinstance(seated.app.screen, Confirm), "the dialog closes")
        assert seated.agent.disconnected == 0
        await seated.press("d", "tab", "enter")
        await seated.until_shown("Connection deleted.")
        assert seated.agent.disconnected == 1


async def test_a_deletion_that_fails_says_so() -> None:
    async with desk(samples.CONNECTED) as seated:
        seated.agent.refusal = AgentUnavailableError("The agent is gone.", "Start it.")
        await seated.press("d", "tab", "enter")
        await seated.until_shown("The connection was not deleted. The agent is gone. Start it.")


async def test_copying_hands_plain_text_to_the_terminal() -> None:
    async with desk(samples.HOSTILE_SNAPSHOT) as seated:
        await seated.press("y")
        await seated.until_shown("State copied")
        assert seated.app.clipboard == status_text(seated.app.frame)
        assert "accepted 1,205,064 = queued 6,310" in seated.app.clipboard
        assert seated.app.clipboard.replace("\n", "").isprintable()


async def test_every_problem_can_be_read_in_full_and_help_explains_the_focus() -> None:
    async with desk(samples.DEGRADED) as seated:
        await seated.press("enter")
        await seated.until_shown("[Errno 110] Connect call failed")
        await seated.press("escape", "tab", "question_mark")
        await seated.until_shown("Opens the connection form.")


async def left(seated: Desk) -> None:
    await seated.until(lambda: seated.app._leaving, "it leaves")


async def test_quitting_an_embedded_agent_with_pending_payloads_asks() -> None:
    stopped = asyncio.Event()

    async def stop() -> None:
        stopped.set()

    async with desk(samples.EMBEDDED, on_stop=stop) as seated:
        await seated.press("q")
        await seated.until_shown("170 payloads are not delivered yet.")
        await seated.press("escape")
        assert not stopped.is_set()
        await seated.press("q", "tab", "enter")
        await asyncio.wait_for(stopped.wait(), 10)


@pytest.mark.parametrize("snapshot", [samples.CONNECTED, samples.with_mode(samples.IDLE, "embedded")])
async def test_quitting_asks_nothing_where_nothing_is_at_stake(snapshot: Snapshot) -> None:
    async with desk(snapshot) as seated:
        await seated.press("q")
        await left(seated)


async def test_a_covered_page_does_no_work_and_catches_up() -> None:
    async with desk(samples.CONNECTED) as seated:
        await seated.press("question_mark")
        seated.agent.now = replace(samples.DEGRADED, as_of=samples.NOW + LATER)
        await seated.until(lambda: newest(seated) == samples.NOW + LATER, "a newer frame")
        assert "kafka-2:9093 cannot be reached" not in seated.text()
        await seated.press("escape")
        await seated.until_shown("DEGRADED")


def test_every_key_can_be_remapped() -> None:
    from insights_tui.tui.screens.insights_screen import InsightsScreen

    for owner in (InsightsApp, InsightsScreen, Confirm):
        ids = [getattr(binding, "id", None) for binding in owner.BINDINGS]
        assert all(ids)
        assert len(set(ids)) == len(ids)


async def test_an_agent_of_another_screen_does_not_stop_with_this_one() -> None:
    async with desk(samples.EMBEDDED_ELSEWHERE, size=(120, 40)) as seated:
        assert "EMBEDDED · stops with its screen" in seated.lines()[0]
        await seated.press("q")
        await left(seated)


async def test_the_form_is_drawn_with_ascii_where_the_page_is() -> None:
    async with desk(samples.NONE, size=(80, 24), ascii_only=True) as seated:
        await seated.press("c")
        await seated.until_shown("Topic name")
        assert seated.text().isascii()


@pytest.mark.parametrize("keys", [("question_mark",), ("d",), ("c",)], ids=["help", "question", "form"])
async def test_row_one_stays_true_behind_a_dialog(keys: tuple[str, ...]) -> None:
    async with desk(samples.CONNECTED, (120, 40)) as seated:
        await seated.press(*keys)
        await seated.until(lambda: len(seated.app.screen_stack) > 1, "the dialog opens")
        seated.agent.now = replace(samples.DEGRADED, as_of=samples.NOW + LATER)
        await seated.until(lambda: "DEGRADED" in seated.lines()[0], "the state in row 1")
        seated.agent.down = AgentUnavailableError("It is gone.")
        await seated.until(lambda: "STALE" in seated.lines()[0], "STALE in row 1")


async def test_a_key_that_was_remapped_by_its_id_does_the_act_and_the_old_one_does_not() -> None:
    async with desk(samples.CONNECTED, keys={"insights.freeze": "f", "view.delivery": "w"}) as seated:
        await seated.press("space")
        await seated.press("w")
        await seated.until_shown("p50 · p99 · max")
        assert "FROZEN" not in seated.text()
        await seated.press("f")
        await seated.until_shown("FROZEN")
