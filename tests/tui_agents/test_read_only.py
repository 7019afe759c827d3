"""A client that may look only: every call of the protocol is known to look or to change, and no change gets through."""

import inspect
from pathlib import Path
from typing import Any

import pytest

from insights_tui.client import protocol
from insights_tui.client.api import READ_ONLY, AgentClient
from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.algorithms import Which
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.lost import LostFilter
from insights_tui.domain.refused import RefusedError

FORM = ConnectionForm(topic="insights", broker_url="kafka-1:9093", connection_type="plaintext")
CHANGING: dict[str, Any] = {
    "connect": lambda client: client.connect(FORM),
    "disconnect": lambda client: client.disconnect(),
    "go_back": lambda client: client.go_back(1),
    "test_payload": lambda client: client.test_payload(),
    "send": lambda client: client.send(b"{}", ndjson=False),
    "report": lambda client: client.report(b"{}", owner="a", name="b", version="1"),
    "redrive": lambda client: client.redrive(LostFilter()),
    "drop": lambda client: client.drop(LostFilter(), everything=True),
    "switch": lambda client: client.switch(Which("a", "b"), on=False),
}
LOOKING = {
    "snapshot", "connection", "check", "revisions", "events", "follow_events", "close",
    "lost", "newest_lost", "lost_payload", "tail", "algorithms", "algorithm",
}  # fmt: skip


def test_every_call_of_the_protocol_either_looks_or_changes() -> None:
    kinds = (protocol.AgentApi, protocol.LostApi, protocol.TailApi, protocol.AlgorithmsApi)
    calls = {name for kind in kinds for name, _ in inspect.getmembers(kind, inspect.isfunction) if name[0] != "_"}
    assert calls == LOOKING | CHANGING.keys()


@pytest.mark.parametrize("name", sorted(CHANGING))
async def test_what_changes_is_refused_before_anybody_is_asked(name: str, tmp_path: Path) -> None:
    client = AgentClient(tmp_path / "none.sock", read_only=True)
    try:
        with pytest.raises(RefusedError) as refusal:
            await CHANGING[name](client)
    finally:
        await client.close()
    assert refusal.value.errors == (READ_ONLY,)


async def test_what_looks_goes_through(tmp_path: Path) -> None:
    client = AgentClient(tmp_path / "none.sock", read_only=True)
    try:
        with pytest.raises(AgentUnavailableError):  # it was asked: nobody is there
            await client.algorithms()
    finally:
        await client.close()
