"""A read-only screen: refused beneath the views, hidden in them, and said."""

import inspect

import pytest

from insights_tui.client import protocol
from insights_tui.client.api import AgentClient
from insights_tui.client.read_only import LOOKING, read_only
from insights_tui.domain.refused import RefusedError
from tests.tui.fake_agent import FakeAgent
from tests.tui.samples import CONNECTED

CHANGING = {"connect", "disconnect", "go_back", "test_payload", "send", "report", "redrive", "drop", "switch"}


def calls() -> set[str]:
    kinds = (protocol.AgentApi, protocol.LostApi, protocol.TailApi, protocol.AlgorithmsApi)
    return {name for kind in kinds for name, _ in inspect.getmembers(kind, inspect.isfunction) if name[0] != "_"}


def test_every_call_of_the_protocol_either_looks_or_changes() -> None:
    assert calls() == LOOKING | CHANGING
    assert not LOOKING & CHANGING


@pytest.mark.parametrize("name", sorted(CHANGING))
async def test_what_changes_is_refused_and_never_reaches_the_agent(name: str) -> None:
    class Silent:
        """An agent that fails where it is asked at all."""

    setattr(Silent, name, lambda *_: pytest.fail("it was asked"))
    with pytest.raises(RefusedError) as refusal:
        await getattr(read_only(Silent()), name)(1, two=3)  # type: ignore[arg-type]
    assert "read-only" in str(refusal.value)
    assert "without --read-only" in refusal.value.errors[0].hint


async def test_what_looks_goes_through() -> None:
    agent = FakeAgent(CONNECTED)
    looking = read_only(agent)
    assert (await looking.snapshot(history=7)).state is CONNECTED.state
    assert agent.asked == [7]


def test_a_call_that_is_not_known_yet_is_none() -> None:
    with pytest.raises(AttributeError):
        read_only(FakeAgent(CONNECTED)).no_such_call  # type: ignore[attr-defined] # noqa: B018
    assert all(hasattr(AgentClient, name) for name in LOOKING | CHANGING)
