"""The first question of a screen: sent before the program is loaded, and never worse than asking late."""

import subprocess
import sys
from pathlib import Path

import pytest

from insights_tui.client import ahead
from insights_tui.client.ahead import Ahead
from insights_tui.client.api import AgentClient
from insights_tui.client.protocol import AgentUnavailableError
from tests.cli.fake_agent import CONNECTED, FakeAgent, Request
from tests.cli.test_client import client_of

ASKED = "/v1/snapshot?history=300"


def paths(agent: FakeAgent) -> list[str]:
    return [request.path for request in agent.requests]


async def test_the_answer_that_was_asked_for_ahead_is_the_first_snapshot(agent: FakeAgent) -> None:
    agent.shows()
    async with client_of(agent.socket) as client:
        client.ask_ahead(300)
        assert await client.snapshot(300) == CONNECTED
        assert paths(agent) == [ASKED]
        assert await client.snapshot(300) == CONNECTED
    assert paths(agent) == [ASKED, ASKED]


async def test_another_question_is_asked_for_itself(agent: FakeAgent) -> None:
    agent.shows()
    async with client_of(agent.socket) as client:
        client.ask_ahead(300)
        assert await client.snapshot(7) == CONNECTED
    assert "/v1/snapshot?history=7" in paths(agent)


async def test_an_old_answer_is_no_news(agent: FakeAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    agent.shows()
    monkeypatch.setattr(ahead, "_FRESH_S", 0.0)
    async with client_of(agent.socket) as client:
        client.ask_ahead(300)
        agent.shows(seq=813)
        assert (await client.snapshot(300)).seq == 813
    assert paths(agent)[-1] == ASKED


async def test_a_refusal_is_asked_for_again_and_told_as_ever(agent: FakeAgent) -> None:
    def starting(_request: Request) -> tuple[int, bytes]:
        agent.shows()
        return 503, b"{}"

    agent.answers["GET /v1/snapshot"] = starting
    async with client_of(agent.socket) as client:
        client.ask_ahead(300)
        assert await client.snapshot(300) == CONNECTED
    assert paths(agent) == [ASKED, ASKED]


async def test_where_nobody_listens_the_words_are_those_of_ever(tmp_path: Path) -> None:
    async with client_of(tmp_path / "none") as client:
        client.ask_ahead(300)
        with pytest.raises(AgentUnavailableError, match="there is no socket"):
            await client.snapshot(300)


async def test_a_client_that_never_took_its_answer_closes_the_socket(agent: FakeAgent) -> None:
    client = AgentClient(agent.socket)
    client.ask_ahead()
    await client.close()  # an open socket is a ResourceWarning, and that a failure


async def test_an_answer_is_taken_once(agent: FakeAgent) -> None:
    agent.shows()
    asked = Ahead(agent.socket, ASKED)
    assert await asked.answer(ASKED) is not None
    assert await asked.answer(ASKED) is None


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n{}",
        b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 2\r\n\r\n{}",
    ],
)
def test_what_is_not_whole_is_no_answer(answer: bytes) -> None:
    assert ahead._body(answer) is None
    assert ahead._body(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") == b"{}"


def test_the_first_page_loads_neither_the_http_client_nor_the_settings() -> None:
    code = (
        "import sys, insights_tui.cli.interface, insights_tui.client.api, insights_tui.tui.app\n"
        "late = {'httpx', 'anyio', 'pydantic', 'uvicorn', 'starlette', 'cryptography', 'aiokafka'}\n"
        "late |= {'insights_tui.tui.views.delivery', 'insights_tui.tui.connection_form.screen'}\n"
        "print(sorted(late & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]", "each costs a start 20 to 150 ms: import it where it is needed"
