"""Every list is walked by the same keys, and the help names them."""

from dataclasses import replace

import pytest
from textual.containers import VerticalScroll

from insights_tui.domain.algorithms import Algorithm
from insights_tui.tui.rows import Rows
from tests.tui.driving import Desk, desk
from tests.tui.samples import CONNECTED, DEGRADED, NOW
from tests.tui_views.agents import AlgorithmsAgent, an_algorithm, lost_payload, tailed


def many() -> tuple[Algorithm, ...]:
    return tuple(an_algorithm(f"name_{number:02}", "1.0.0") for number in range(60))


def an_agent() -> AlgorithmsAgent:
    events = tuple(
        replace(DEGRADED.events[0], seq=number, subject=f"kafka-{number}:9093", at=NOW) for number in range(60, 0, -1)
    )
    agent = AlgorithmsAgent(replace(DEGRADED, events=events), many())
    agent.kept = [lost_payload(seq) for seq in range(1, 60)]
    agent.before = [tailed(number) for number in range(50)]
    return agent


@pytest.mark.parametrize("key", ["3", "4", "5", "6"])
async def test_a_list_is_walked_by_rows_by_pages_and_to_its_ends(key: str) -> None:
    agent = an_agent()
    async with desk(agent.now, agent=agent) as seated:
        await seated.press(key)
        await seated.until(lambda: seated.app.screen.query(Rows), "the list is there")
        rows = seated.app.screen.query(Rows).last()
        await seated.until(lambda: rows.filled > 10, "it is filled")
        last = rows.filled - 2
        for keys, at in (
            (("down", "down", "up"), 1),
            (("G",), last),
            (("g",), 0),
            (("end",), last),
            (("home",), 0),
        ):
            await seated.press(*keys)
            await seated.until(lambda at=at: rows.at == at, f"row {at} after {keys}")  # type: ignore[misc]
        await seated.press("pagedown")
        await seated.until(lambda: 5 < rows.at <= last, "a page further")
        await seated.press("pageup")
        await seated.until(lambda: rows.at == 0, "the first row")


@pytest.mark.parametrize("key", ["3", "4", "5", "6"])
async def test_the_help_names_the_keys_that_move(key: str) -> None:
    agent = an_agent()
    async with desk(agent.now, (120, 60), agent=agent, keys={"rows.last": "f9"}) as seated:
        await seated.press(key)
        await seated.until(lambda: seated.app.screen.query(Rows), "the list is there")
        await seated.press("question_mark")
        await seated.until_shown("esc Close")
        for words in ("up down", "pgup pgdn", "home/g f9"):
            assert words in seated.text()


async def scrolled(seated: Desk, scroll: VerticalScroll) -> None:
    await seated.until(lambda: scroll.max_scroll_y > 0, "it is higher than the terminal")
    await seated.press("G")
    await seated.until(lambda: scroll.scroll_offset.y == scroll.max_scroll_y, "the end is shown")
    await seated.press("g")
    await seated.until(lambda: scroll.scroll_offset.y == 0, "the top is shown")


async def test_a_view_that_is_no_list_scrolls_by_the_same_letters() -> None:
    async with desk(DEGRADED, (80, 24)) as seated:
        await seated.press("2")
        await seated.until_shown("partition")
        await scrolled(seated, seated.app.screen.query_one("DeliveryView", VerticalScroll))


async def test_a_text_scrolls_by_the_same_letters() -> None:
    async with desk(CONNECTED, (80, 24)) as seated:
        await seated.press("question_mark")
        await seated.until_shown("esc Close")
        await scrolled(seated, seated.app.screen.query_one(VerticalScroll))
