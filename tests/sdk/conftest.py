"""A fake agent, and an SDK that begins anew with each test."""

import atexit
from collections.abc import Callable, Iterator

import pytest

from insights_tui.sdk import configure, process
from insights_tui.sdk.address import VARIABLES
from tests.sdk.fake_agent import FakeAgent, fake_agent

Configure = Callable[..., None]


@pytest.fixture(autouse=True)
def own_sdk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test finds another's queue, and none the agent of this machine."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("INSIGHTS_URL", "none")
    monkeypatch.setattr(process, "_client", None)
    yield
    if process._client is not None:
        atexit.unregister(process._client.end)
        process._client._sender.abandon()


@pytest.fixture
def agent() -> Iterator[FakeAgent]:
    with fake_agent() as fake:
        yield fake


@pytest.fixture
def sdk(agent: FakeAgent) -> Configure:
    """Configure the SDK for the fake agent, quick where it waits."""

    def use(**options: object) -> None:
        configure(agent.url, **({"linger_s": 0.0, "timeout_s": 5.0} | options))  # type: ignore[arg-type]  # checked there

    use()
    return use
