"""What a person is told when the agent was restarted or upgraded under the screen."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from insights_tui.domain.snapshot import Snapshot
from insights_tui.tui.screens.changes import changes
from tests.tui.driving import desk
from tests.tui.samples import CONNECTED, HOSTILE, NOW, STATES

BEFORE = STATES["degraded"]


def restarted(*, agent: dict[str, Any] | None = None, **counts: int) -> Snapshot:
    """Give the same agent, 12 s after its restart."""
    began = replace(BEFORE.agent, id="after", uptime_s=12.0, **(agent or {}))
    return replace(BEFORE, as_of=NOW + timedelta(seconds=30), agent=began, counts=replace(BEFORE.counts, **counts))


def test_a_restart_says_when_and_that_nothing_was_lost() -> None:
    said = changes(BEFORE, restarted(queued=500, in_flight=0, retrying=0))
    assert said == "The agent was restarted at 12:04:49Z; 500 payloads wait, none lost meanwhile."


def test_what_was_lost_meanwhile_is_counted() -> None:
    lost = BEFORE.counts.expired_unsent + 1_200
    assert "1,200 lost meanwhile" in changes(BEFORE, restarted(expired_unsent=lost))


def test_a_memory_that_is_gone_is_not_called_kept() -> None:
    said = changes(BEFORE, restarted(accepted=3, queued=3, in_flight=0, retrying=0, delivered=0))
    assert "begin anew" in said
    assert f"{BEFORE.counts.pending:,} payloads that waited may be gone" in said


def test_an_upgrade_names_both_versions() -> None:
    assert changes(BEFORE, restarted(agent={"version": "0.2.0"})).endswith("It was 0.1.0 and is 0.2.0 now.")


@pytest.mark.parametrize("agent", [{"installation": "prod-us"}, {"host": "elsewhere", "installation": None}])
def test_another_agent_on_the_same_socket_is_named(agent: dict[str, Any]) -> None:
    said = changes(BEFORE, restarted(agent=agent))
    assert said.startswith("Another agent answers here now: ")
    assert "restarted" not in said


def test_foreign_text_is_harmless() -> None:
    said = changes(BEFORE, restarted(agent={"version": HOSTILE}))
    assert said.isprintable()
    assert changes(BEFORE, BEFORE) == changes(None, BEFORE) == ""


async def test_the_screen_says_it_once_the_agent_is_back() -> None:
    async with desk(CONNECTED, (120, 40)) as seated:
        began = replace(CONNECTED.agent, id="after", version="0.2.0", uptime_s=2.0)
        seated.agent.now = replace(CONNECTED, as_of=NOW + timedelta(seconds=9), agent=began)
        await seated.until_shown("The agent was restarted at 12:04:38Z")
        assert "is 0.2.0 now" in seated.text()


@pytest.mark.parametrize(("begin", "end"), [("question_mark", "escape"), ("space", "space")], ids=["dialog", "freeze"])
async def test_what_changed_while_nobody_could_see_it_is_told_afterwards(begin: str, end: str) -> None:
    async with desk(CONNECTED, (120, 40)) as seated:
        await seated.press(begin)
        await seated.until_shown("Words" if begin == "question_mark" else "FROZEN")
        began = replace(CONNECTED.agent, id="after", uptime_s=2.0)
        seated.agent.now = replace(CONNECTED, as_of=NOW + timedelta(seconds=9), agent=began)
        shown = seated.app.frame
        await seated.until(lambda: seated.app.frame.restarted_at is not None, "the news are here")
        assert shown.restarted_at is None
        await seated.press(end)
        await seated.until_shown("The agent was restarted at 12:04:38Z")
