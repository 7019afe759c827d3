"""The filter line is the same in every view that has a list: keys land in it at once, and escape takes it back."""

import pytest
from textual import events

from insights_tui.tui.views.filter_line import FilterLine, holds
from tests.tui.driving import Desk, desk
from tests.tui.samples import DEGRADED
from tests.tui_views.agents import AlgorithmsAgent, lost_payload, tailed

KEYS = ("3", "4", "5", "6")


def an_agent() -> AlgorithmsAgent:
    agent = AlgorithmsAgent(DEGRADED)
    agent.kept = [lost_payload(seq) for seq in range(1, 20)]
    agent.before = [tailed(number) for number in range(5)]
    return agent


def burst(seated: Desk, *keys: str) -> None:
    """Type faster than anything is drawn, as a slow line or a pasted word does."""
    for key in keys:
        seated.app.post_message(events.Key(key, key if len(key) == 1 else None))


@pytest.mark.parametrize("key", KEYS)
async def test_what_is_typed_ahead_is_never_an_act_on_the_list(key: str) -> None:
    agent = an_agent()
    async with desk(agent.now, agent=agent) as seated:
        await seated.press(key)
        await seated.until(lambda: seated.app.screen.query(FilterLine), "the view is there")
        await seated.until(lambda: seated.app.focused is not None, "the list has the focus")
        burst(seated, "slash", *"tOodtx")  # test payload, switches, delete, export
        line = seated.app.screen.query_one(FilterLine)
        await seated.until(lambda: line.value.endswith("tOodtx"), "all of it is in the line")
        assert (agent.tested, agent.switched, agent.disconnected) == (0, [], 0)
        assert len(seated.app.screen_stack) == 1
        await seated.press("escape")
        await seated.until(lambda: not line.display, "the line is closed")
        assert seated.app.focused is not line


@pytest.mark.parametrize("key", KEYS)
async def test_a_pasted_filter_is_one_line_of_what_can_be_seen(key: str) -> None:
    agent = an_agent()
    async with desk(agent.now, agent=agent) as seated:
        await seated.press(key)
        await seated.until(lambda: seated.app.screen.query(FilterLine), "the view is there")
        await seated.press("slash")
        line = seated.app.screen.query_one(FilterLine)
        seated.app.post_message(events.Paste("rejec\x1b[31mted\n2h"))
        await seated.until(lambda: line.value.endswith("2h"), "it is pasted")
        assert line.value.isprintable()


def test_every_word_must_occur_in_any_case_and_order() -> None:
    assert holds("acme/Fraud/2.1.0", " FRAUD  acme ")
    assert not holds("acme/Fraud/2.1.0", "fraud 2.2")
    assert holds("anything", "")
