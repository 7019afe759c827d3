"""An agent of another version: what it adds is ignored, what it names anew is shown as the nearest, and told."""

import json
from typing import Any

import msgspec
import pytest

from insights_tui import __version__
from insights_tui.client.decode import decode, decode_snapshot
from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.answers import LostPayload
from insights_tui.domain.snapshot import SCHEMA, Event, State
from insights_tui.domain.trouble import Code
from tests.tui.driving import desk
from tests.tui.fake_agent import FakeAgent
from tests.tui.samples import STATES


def spoken(**changed: Any) -> bytes:
    """Give a snapshot as a newer agent would say it."""
    said = json.loads(msgspec.json.encode(STATES["degraded"]))
    said["agent"]["version"] = "0.9.0"
    for path, value in changed.items():
        *way, last = path.split("__")
        place = said
        for step in way:
            place = place[int(step) if step.isdigit() else step]
        place[int(last) if last.isdigit() else last] = value
    return json.dumps(said).encode()


def test_added_fields_are_ignored() -> None:
    read = decode_snapshot(spoken(weather="fine", agent__mood=7, counts__teleported=3, brokers__0__rack="a"))
    assert read.counts == STATES["degraded"].counts
    assert [problem.code for problem in read.problems] == [one.code for one in STATES["degraded"].problems]


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"state": "paused"}, "paused"),
        ({"problems__0__code": "quota"}, "quota"),
        ({"problems__0__severity": "fatal"}, "fatal"),
        ({"agent__mode": "cluster"}, "cluster"),
        ({"brokers__0__state": "fenced"}, "fenced"),
        ({"partitions__0__state": "moving"}, "moving"),
        ({"events__0__level": "notice"}, "notice"),
        ({"capacity__durability": "replicated"}, "replicated"),
        ({"refused__too_odd": 3}, "too_odd"),
        ({"refusing": "too_odd"}, "too_odd"),
    ],
)
async def test_a_word_that_is_not_known_is_told_and_the_rest_is_shown(changed: dict[str, Any], word: str) -> None:
    read = decode_snapshot(spoken(**changed))
    assert read.counts == STATES["degraded"].counts
    told = read.problems[-1]
    assert (told.code, told.subject) == (Code.OTHER, "0.9.0")
    assert f"“{word}”" in told.what
    assert __version__ in told.what
    assert "0.9.0" in told.act


def test_no_unknown_state_is_ever_shown_as_calm() -> None:
    assert decode_snapshot(spoken(state="paused")).state is State.DEGRADED
    assert decode_snapshot(spoken(problems__0__severity="fatal")).problems[0].severity == "critical"


def test_other_answers_are_read_too_and_what_is_no_word_stays_an_error() -> None:
    event = json.loads(msgspec.json.encode(STATES["degraded"].events[0])) | {"level": "notice"}
    assert decode(json.dumps(event).encode(), Event).level == "warning"
    with pytest.raises(AgentUnavailableError):
        decode(b'{"seq": "many"}', Event)
    with pytest.raises(AgentUnavailableError, match="reason"):  # whether a payload may be in the topic is not guessed
        decode(b'{"seq":1,"id":"a","reason":"evaporated"}', LostPayload)
    with pytest.raises(AgentUnavailableError):
        decode_snapshot(spoken(counts__accepted="many"))


@pytest.mark.parametrize(("schema", "act"), [(SCHEMA + 1, "Install insights-tui 0.9.0 here"), (0, "restart it")])
def test_another_schema_says_which_of_the_two_to_upgrade(schema: int, act: str) -> None:
    with pytest.raises(AgentUnavailableError) as refusal:
        decode_snapshot(spoken(schema=schema, counts=[]))
    assert f"speaks schema {schema}" in str(refusal.value)
    assert act in refusal.value.hint


async def test_an_agent_that_was_upgraded_under_the_screen_is_not_said_to_fail() -> None:
    agent = FakeAgent(STATES["degraded"])
    async with desk(agent.now, agent=agent) as seated:
        with pytest.raises(AgentUnavailableError) as refusal:
            decode_snapshot(spoken(schema=SCHEMA + 1))
        agent.down = refusal.value
        await seated.until_shown(f"speaks schema {SCHEMA + 1}")
        assert "It works on; this page is of before." in seated.text()
        assert "Reports may fail" not in seated.text()


@pytest.mark.parametrize("size", [(50, 14), (80, 24), (120, 40)])
async def test_the_screen_of_a_newer_agent_is_drawn(size: tuple[int, int]) -> None:
    read = decode_snapshot(spoken(state="paused", problems=[], events__0__level="notice"))
    async with desk(read, size, agent=FakeAgent(read)) as seated:
        await seated.until_shown("The agent (0.9.0)" if size[0] >= 80 else "DEGRADED")
        for key in "23456":
            await seated.press(key)
            assert "DEGRADED" in seated.text()
