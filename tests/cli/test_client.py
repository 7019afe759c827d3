"""The API's client: what it asks, what it makes of answers, and its words when nobody answers."""

import asyncio
import json
import os
import socket as socket_module
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from insights_tui.client import unavailable
from insights_tui.client.api import AgentClient
from insights_tui.client.decode import decode_snapshot
from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.refused import RefusedError
from tests.cli.fake_agent import CONNECTED, SAVED, FakeAgent


@asynccontextmanager
async def client_of(socket: Path, timeout_s: float = 5.0) -> AsyncIterator[AgentClient]:
    client = AgentClient(socket, timeout_s=timeout_s)
    try:
        yield client
    finally:
        await client.close()


async def test_a_snapshot_comes_back_as_it_was(agent: FakeAgent) -> None:
    agent.shows()
    async with client_of(agent.socket) as client:
        assert await client.snapshot(history=300) == CONNECTED
    assert agent.requests[0].path == "/v1/snapshot?history=300"


async def test_the_saved_connection_or_none(agent: FakeAgent) -> None:
    async with client_of(agent.socket) as client:
        assert await client.connection() is None
        agent.says("GET /v1/admin/insights-connection", SAVED)
        saved = await client.connection()
    assert saved is not None
    assert saved.topic == "insights"
    assert saved.ca_certificate is None


async def test_refusals_carry_every_reason(agent: FakeAgent) -> None:
    agent.refuses("POST /v1/payloads", "a", "b", status=422)
    async with client_of(agent.socket) as client:
        with pytest.raises(RefusedError) as refusal:
            await client.send(b"{}", ndjson=False)
    assert refusal.value.status == 422
    assert [error.code for error in refusal.value.errors] == ["a", "b"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": "text"}'])
async def test_a_refusal_without_reasons_still_says_something(agent: FakeAgent, body: bytes) -> None:
    agent.answers["GET /v1/snapshot"] = (500, body)
    async with client_of(agent.socket) as client:
        with pytest.raises(RefusedError, match="500"):
            await client.snapshot()


@pytest.mark.parametrize("body", [b"", b"no json", b"{}", b'{"schema": 1}', b"[]"])
async def test_an_answer_of_another_shape(agent: FakeAgent, body: bytes) -> None:
    agent.answers["GET /v1/snapshot"] = (200, body)
    async with client_of(agent.socket) as client:
        with pytest.raises(AgentUnavailableError) as error:
            await client.snapshot()
    assert "version" in error.value.hint


async def test_events_end_lines_at_newlines_alone(agent: FakeAgent) -> None:
    events = [
        {"seq": n, "at": "2026-11-22T12:00:00Z", "level": "info", "code": "c", "subject": "s", "actor": None, "text": t}
        for n, t in enumerate(["one", "two\u2028three\u0085four"], start=1)
    ]
    body = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events).encode()
    agent.answers["GET /v1/events"] = (200, body)
    async with client_of(agent.socket) as client:
        asked = await client.events(after=4)
        followed = [event async for event in client.follow_events()]
    assert [event.text for event in asked] == ["one", "two\u2028three\u0085four"]
    assert followed == asked
    assert [request.path for request in agent.requests] == ["/v1/events?after=4", "/v1/events?after=0&follow=1"]


async def test_following_is_refused_like_anything_else(agent: FakeAgent) -> None:
    agent.refuses("GET /v1/events", "unauthorized", status=401)
    async with client_of(agent.socket) as client:
        with pytest.raises(RefusedError):
            await anext(client.follow_events())


async def test_silence_ends_at_the_timeout_and_says_that_it_may_have_happened(tmp_path: Path) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()

    path = tmp_path / "silent.sock"
    async with await asyncio.start_unix_server(silent, path), client_of(path, timeout_s=0.05) as client:
        with pytest.raises(AgentUnavailableError, match=r"within 0\.05 s\.$"):
            await client.snapshot()
        with pytest.raises(AgentUnavailableError, match="carried out what was asked"):
            await client.disconnect()


async def test_hanging_up_is_told(tmp_path: Path) -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    path = tmp_path / "rude.sock"
    async with await asyncio.start_unix_server(rude, path), client_of(path) as client:
        with pytest.raises(AgentUnavailableError, match="hung up"):
            await client.snapshot()


async def words(socket: Path) -> str:
    async with client_of(socket) as client:
        with pytest.raises(AgentUnavailableError) as error:
            await client.snapshot()
    return f"{error.value} {error.value.hint}"


async def test_nobody_there(tmp_path: Path) -> None:
    assert "there is no socket" in await words(tmp_path / "none")


async def test_nobody_listens_any_more(tmp_path: Path) -> None:
    path = tmp_path / "left.sock"
    with socket_module.socket(socket_module.AF_UNIX) as left:
        left.bind(str(path))
    said = await words(path)
    assert "was stopped" in said
    assert "insights-tui agent" in said


async def test_no_socket_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    assert "is not a socket" in await words(path)


async def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    path = folder / "a.sock"
    here = Path.cwd()
    os.chdir(folder)  # the only way to make a socket whose whole path is too long
    try:
        with socket_module.socket(socket_module.AF_UNIX) as made:
            made.bind("a.sock")
    finally:
        os.chdir(here)
    assert "longer than" in await words(path)


def test_permission_names_the_group(agent: FakeAgent) -> None:
    """Root may do everything, so the operating system's answer is handed in."""
    refused = PermissionError(13, "Permission denied")
    agent.socket.chmod(0o660)
    error = unavailable.explain(agent.socket, refused)
    assert "belongs to the group" in str(error)
    assert "usermod -aG" in error.hint
    agent.socket.chmod(0o600)
    error = unavailable.explain(agent.socket, refused)
    assert str(error).endswith(f"it is for {agent.socket.owner()} alone.")
    assert f"sudo -u {agent.socket.owner()} insights-tui" in error.hint, "joining a group would not help"


def test_an_answer_nested_too_deep_is_told() -> None:
    with pytest.raises(AgentUnavailableError, match="cannot be read"):
        decode_snapshot(b"[" * 100_000 + b"]" * 100_000)
    with pytest.raises(AgentUnavailableError, match="cannot be read"):
        decode_snapshot(b'{"x":' * 100_000 + b"1" + b"}" * 100_000)


def test_the_client_loads_no_command_line_of_httpx() -> None:
    code = "import sys, insights_tui.client.wire; print('httpx._main' in sys.modules or 'pygments' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
