"""The view Payloads: what goes by, what is hidden, what is counted, and that it follows only while it is shown."""

import unicodedata
from dataclasses import replace

import pytest

from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.tui.rows import Rows
from insights_tui.tui.views.payloads.sweep import PER_TICK, Sweep
from insights_tui.tui.views.payloads.view import PayloadsView
from tests.tui.driving import Desk, desk
from tests.tui.samples import CONNECTED, HOSTILE, HOSTILE_SNAPSHOT
from tests.tui_views.agents import MEGABYTE, ViewsAgent, tailed

SIZES = ((80, 24), (120, 40), (200, 60))


def an_agent(before: int = 5, base: Snapshot = CONNECTED) -> ViewsAgent:
    agent = ViewsAgent(base)
    agent.before = [tailed(number, partition=number % 12, offset=81_000 + number) for number in range(before)]
    return agent


async def opened(seated: Desk) -> None:
    await seated.press("4")
    await seated.until_shown("algorithm")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_payloads_go_by_without_their_values(size: tuple[int, int]) -> None:
    agent = an_agent()
    async with desk(agent.now, size, agent=agent) as seated:
        await opened(seated)
        assert "What is accepted" in seated.text()
        assert "1,024/s" in seated.text()
        agent.flow.put_nowait(tailed(77))
        await seated.until_shown(tailed(77).id[-8:])
        assert seated.text().count("acme/cats") + seated.text().count("acme/fraud") > 2
        assert "risk_score" not in seated.text()
        assert (agent.tails[0].source, agent.tails[0].follow, agent.tails[0].per_s) == ("accepted", True, 2 * PER_TICK)


async def test_a_hostile_name_is_spelled_as_the_list_of_algorithms_does() -> None:
    agent = an_agent()
    async with desk(agent.now, (120, 40), agent=agent) as seated:
        await opened(seated)
        agent.flow.put_nowait(tailed(78, algorithm="acme/ev\x1bil/1.0"))
        await seated.until_shown(r"acme/ev\x1bil/1.0")


async def test_what_is_not_shown_is_counted() -> None:
    agent = an_agent(50)
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        await seated.until_shown("more not shown")
        agent.flow.put_nowait(tailed(200, skipped=100_000))
        await seated.until_shown("100,0")


async def test_the_other_source_is_followed_instead() -> None:
    agent = an_agent()
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        await seated.press("s")
        await seated.until_shown("81,004")
        assert "What is in the topic" in seated.text()
        assert [asked.source for asked in agent.tails] == ["accepted", "topic"]
        assert agent.following == 1


async def test_it_follows_only_while_it_is_shown() -> None:
    agent = an_agent()
    async with desk(agent.now, agent=agent) as seated:
        assert agent.following == 0
        await opened(seated)
        assert agent.following == 1
        await seated.press("1")
        await seated.until(lambda: agent.following == 0, "it has hung up")
        await seated.press("4")
        await seated.until(lambda: agent.following == 1, "it follows again")


async def test_space_holds_the_rows_and_delivery_goes_on() -> None:
    agent = an_agent()
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        await seated.press("space")
        await seated.until_shown("values hidden   FROZEN")
        before = seated.lines()[3:-2]
        for number in range(300, 350):
            agent.flow.put_nowait(tailed(number))
        await seated.until(agent.flow.empty, "all were taken")
        assert seated.lines()[3:-2] == before
        await seated.press("space")
        await seated.until_shown(tailed(349).id[-8:])
        await seated.until_shown("47 more not shown")


async def test_a_value_is_shown_when_it_is_asked_for() -> None:
    agent = an_agent()
    async with desk(agent.now, (120, 40), agent=agent) as seated:
        await opened(seated)
        await seated.press("down", "enter")
        await seated.until_shown("hidden; v shows it")
        assert "risk_score" not in seated.text()
        await seated.press("v")
        await seated.until_shown("risk_score: 0.2")


async def test_a_refusal_names_the_fix_and_is_tried_again_when_the_state_changes() -> None:
    agent = an_agent(0)
    async with desk(agent.now, agent=agent) as seated:
        await seated.press("4")
        await seated.until(lambda: agent.following == 1, "it follows")
        hint = "Grant it: kafka-acls --add --allow-principal User:insights --operation Read --topic insights"
        agent.flow.put_nowait(RefusedError((FieldError("not_authorized", "It may not read.", hint),), status=403))
        await seated.until_shown("tries again")
        assert "--operation Read" in seated.text()
        assert len(agent.tails) == 1
        agent.before = [tailed(1)]
        await seated.press("u")
        await seated.until_shown("acme/fraud")
        agent.flow.put_nowait(None)
        await seated.until_shown("The agent has stopped.")
        agent.now = replace(agent.now, agent=replace(agent.now.agent, id="another"))
        await seated.until(lambda: len(agent.tails) == 3, "the new agent is followed")


async def test_words_choose_among_payloads_and_escape_shows_all_again() -> None:
    agent = an_agent()
    async with desk(agent.now, agent=agent) as seated:
        await opened(seated)
        await seated.press("slash", *tailed(2).id[-8:], "enter")
        await seated.until_shown("filter")
        await seated.until(lambda: tailed(2).id[-8:] in "\n".join(seated.lines()[4:]), "the one that was meant")
        assert tailed(3).id[-8:] not in seated.text()
        await seated.press("slash", *"dt no such", "enter")  # keys of acts elsewhere
        await seated.until_shown("Nothing that went by holds these words.")
        await seated.press("escape")
        await seated.until_shown(tailed(3).id[-8:])
        assert "filter" not in seated.text().casefold().replace("/ filter", "")


async def test_nothing_yet_says_since_when() -> None:
    agent = an_agent(0)
    async with desk(agent.now, agent=agent) as seated:
        await seated.press("4")
        await seated.until_shown("Waiting for payloads. The last payload came in at 2026-11-22 12:04:30Z.")


async def test_a_wall_screen_shows_the_chosen_payload_beside_the_list_and_never_its_value() -> None:
    agent = an_agent()
    async with desk(agent.now, agent=agent, size=(200, 60)) as seated:
        await opened(seated)
        await seated.until_shown("What stands here is accepted")
        one, other = (one for _, one in seated.app.query_one(PayloadsView)._sweep.rows[:2])
        await seated.until(lambda: seated.text().count(one.id) == 2, "in its row and beside")
        await seated.press("down")
        await seated.until(lambda: (seated.text().count(one.id), seated.text().count(other.id)) == (1, 2), "the other")
        assert other.value
        assert other.value not in seated.text()


@pytest.mark.parametrize("size", [(50, 14), *SIZES], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_no_foreign_text_reaches_the_terminal_raw(size: tuple[int, int], ascii_only: bool) -> None:
    agent = an_agent(base=HOSTILE_SNAPSHOT)
    agent.before = [
        tailed(number, algorithm=HOSTILE if number % 2 else MEGABYTE, id=HOSTILE, key=MEGABYTE, value=MEGABYTE)
        for number in range(9)
    ]
    async with desk(agent.now, size, agent=agent, ascii_only=ascii_only) as seated:
        await seated.press("4")
        await seated.until(lambda: seated.app.query_one(Rows).chosen is not None, "rows are there")
        for keys in ((), ("enter",), ("v",)):
            await seated.press(*keys)
            await seated.pilot.pause()
            shown = seated.text().replace("\n", "")
            assert not ascii_only or shown.isascii()
            assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Zl", "Zp"}


def shown(sweep: Sweep) -> list[int]:
    return [one.size - 214 for _, one in sweep.rows]


def test_the_newest_takes_the_place_of_the_oldest_and_nothing_else_moves() -> None:
    sweep = Sweep()
    for number in range(5):
        sweep.take(tailed(number))
    assert sweep.tick(5) == 5
    assert shown(sweep) == [0, 1, 2, 3, 4]
    for number in (5, 6):
        sweep.take(tailed(number))
    sweep.tick(5)
    assert shown(sweep) == [5, 6, 2, 3, 4]
    assert sweep.newest == sweep.rows[1][0]
    sweep.tick(3)
    assert shown(sweep) == [4, 5, 6]
    sweep.take(tailed(7))
    sweep.tick(6)
    assert shown(sweep) == [4, 5, 6, 7]
    assert sweep.left_out == 0


def test_more_than_can_be_read_is_left_out_and_counted() -> None:
    sweep = Sweep()
    for number in range(3):
        sweep.take(tailed(number))
    sweep.tick(3)
    for number in range(3, 50):
        sweep.take(tailed(number, skipped=10))
    sweep.hold()
    assert sweep.tick(3) == 47 * 11
    assert shown(sweep) == [47, 48, 49]
    assert sweep.left_out == 47 * 10 + 47 - 3
