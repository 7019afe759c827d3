"""The order of algorithms: by a key, kept until a person asks again, and the cursor on its row."""

from dataclasses import replace
from datetime import timedelta

import pytest

from insights_tui.tui.app import InsightsApp
from insights_tui.tui.views.algorithms.order import ORDERS, Order
from insights_tui.tui.views.algorithms.view import EVERY_S
from tests.tui.driving import desk
from tests.tui.samples import CONNECTED, NOW
from tests.tui.test_painting import painted, paintings, settled
from tests.tui_views.agents import AlgorithmsAgent, an_algorithm
from tests.tui_views.test_algorithms import Seat, seat


def names(seated: Seat) -> list[str]:
    """The names that are listed, from the top."""
    rows = [line for line in seated.lines() if "acme/" in line and "/s " in line]
    return [row.split("acme/")[1].split("/")[0][:5] for row in rows]


def chosen(seated: Seat) -> str:
    return next(line for line in seated.lines() if "▌" in line)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_key_goes_through_the_orders_and_an_arrow_marks_the_column(size: tuple[int, int]) -> None:
    async with seat(AlgorithmsAgent(CONNECTED), size) as seated:
        await seated.until_shown("algorithm↑")
        seen = []
        for heading in ("rate↓", "last↑", "insights↑", "algorithm↑"):
            await seated.press("s")
            await seated.until_shown(heading)
            assert sum(line.count("↑") + line.count("↓") for line in seated.lines()) == 1
            seen.append(names(seated))
        assert seen == [
            ["fraud", "fraud", "credi", "cats_", "never"],  # the fastest first
            ["cats_", "credi", "fraud", "fraud", "never"],  # the longest silent first, who never spoke last
            ["fraud", "cats_", "credi", "fraud", "never"],  # off first
            ["cats_", "credi", "fraud", "fraud", "never"],
        ]


async def test_the_cursor_stays_on_its_row_unless_nobody_has_moved_it() -> None:
    async with seat(AlgorithmsAgent(CONNECTED)) as seated:
        await seated.until_shown("acme/cats")
        await seated.press("s")
        await seated.until(lambda: "fraud/2.1.0" in chosen(seated), "the fastest is chosen")
        await seated.press("down", "s")
        await seated.until_shown("longest silent first")
        assert "fraud/2.0.4" in chosen(seated)
        await seated.press("s")
        await seated.until_shown("off first")
        assert "fraud/2.0.4" in chosen(seated)


async def test_no_row_moves_by_itself_and_the_order_is_taken_again_on_request() -> None:
    agent = AlgorithmsAgent(CONNECTED)
    async with seat(agent) as seated:
        await seated.until_shown("acme/cats")
        await seated.press("s")
        await seated.until_shown("fastest first")
        before = names(seated)
        agent.known = [replace(one, rate_per_s=999.0 if one.name.startswith("cats") else 1.0) for one in agent.known]
        agent.known.append(an_algorithm("zebra", "1", rate_per_s=5000.0))
        seated.host.now += EVERY_S
        seated.host.tick()
        await seated.until_shown("6 versions of algorithms, fastest first; u anew")
        assert names(seated) == [*before, "zebra"]
        await seated.press("u")
        await seated.until(lambda: names(seated)[:2] == ["zebra", "cats_"], "they are in order again")
        assert "u anew" not in seated.text()


async def test_an_order_without_glyphs_is_marked_in_ascii() -> None:
    async with seat(AlgorithmsAgent(CONNECTED), ascii_only=True) as seated:
        await seated.until_shown("algorithm^")
        await seated.press("s")
        await seated.until_shown("ratev")


async def test_the_key_of_the_order_can_be_another_one_and_is_told_as_that() -> None:
    agent = AlgorithmsAgent(CONNECTED)
    async with desk(agent.now, agent=agent, keys={"algorithms.order": "f8"}) as seated:
        await seated.press("6")
        await seated.until_shown("f8 Order")
        await seated.press("s")
        await seated.press("f8")
        await seated.until_shown("rate↓")
        await seated.press("question_mark")
        await seated.until_shown("Next order: name, rate, last payload, state")


def test_rates_that_differ_by_less_than_is_seen_keep_the_order_of_names() -> None:
    order = Order()
    order.next()
    rows = order.put([an_algorithm("b", "1", rate_per_s=410.4), an_algorithm("a", "1", rate_per_s=410.1)], anew=True)
    assert [name.name for name in rows] == ["a", "b"]
    order.put([an_algorithm("b", "1", rate_per_s=411.9), an_algorithm("a", "1", rate_per_s=410.1)], anew=False)
    assert not order.old


def test_every_order_marks_a_column_of_its_own() -> None:
    assert len({by.column for by in ORDERS}) == len(ORDERS)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_rates_that_change_under_an_order_by_rate_repaint_their_cells_alone(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    agent = AlgorithmsAgent(CONNECTED, [an_algorithm(f"name_{number}", "1.0.0") for number in range(40)])
    moments = iter(range(10_000))

    async with desk(agent.now, size, agent=agent) as seated:
        with paintings(monkeypatch, size) as shares:
            seated.app.feed._interval_s = 3600.0
            await painted(seated, shares, "6")
            await painted(seated, shares, "s")
            await painted(seated, shares, "end")
            view = seated.app.screen.query_one("AlgorithmsView")
            for _ in range(2):
                step = next(moments)
                agent.known = [
                    replace(one, rate_per_s=(number * 37 + step) % 101 + 1.0, last_at=NOW + timedelta(seconds=step))
                    for number, one in enumerate(agent.known)
                ]
                shares.clear()
                view._look()  # type: ignore[attr-defined]  # as it does every few seconds
                share = await settled(seated, shares, "a look")
            assert isinstance(seated.app, InsightsApp)
            assert share < 0.25, shares
