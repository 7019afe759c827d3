"""What servers and applications may do to the middleware, one by one, without a server."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.util import FileWrapper

import pytest

from insights_tui.sdk import AsgiMiddleware, WsgiMiddleware, current, flush, report, stats
from tests.sdk.conftest import Configure
from tests.sdk.fake_agent import FakeAgent

HTTP = {"type": "http", "path": "/", "method": "GET"}
Message = Any


def only(agent: FakeAgent) -> dict[str, Any]:
    assert flush(20)
    (payload,) = agent.payloads
    return payload


async def call(app: Any, scope: dict[str, Any] | None = None) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await AsgiMiddleware(app)(dict(HTTP if scope is None else scope), receive, send)
    return sent


async def fine(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": b"x", "more_body": True})
    await send({"type": "http.response.body", "body": b"y"})


async def test_every_message_passes_unchanged(agent: FakeAgent, sdk: Configure) -> None:
    assert [message.get("body") for message in await call(fine)] == [None, b"x", b"y"]
    assert (await asyncio.to_thread(only, agent))["status"] == 201
    assert current() is None


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
async def test_other_connections_are_no_executions(sdk: Configure, kind: str) -> None:
    seen = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append((scope, current()))

    await call(app, {"type": kind})
    assert seen == [({"type": kind}, None)]
    assert stats().taken == 0


async def test_the_outer_of_two_middlewares_counts(agent: FakeAgent, sdk: Configure) -> None:
    await call(AsgiMiddleware(fine))
    await asyncio.to_thread(only, agent)


@pytest.mark.parametrize(
    ("started", "error", "status"),
    [
        (False, ValueError, 500),
        (True, ValueError, 202),
        (False, asyncio.CancelledError, None),
        (True, asyncio.CancelledError, 202),
    ],
)
async def test_how_it_ends(
    agent: FakeAgent, sdk: Configure, started: bool, error: type[BaseException], status: int | None
) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        if started:
            await send({"type": "http.response.start", "status": 202, "headers": []})
        raise error

    with pytest.raises(error):
        await call(app)
    assert (await asyncio.to_thread(only, agent)).get("status") == status


async def test_a_client_that_went_away_raises_as_without_us(agent: FakeAgent, sdk: Configure) -> None:
    async def gone(_message: Message) -> None:
        raise OSError("the client has gone")

    with pytest.raises(OSError, match="the client has gone"):
        await AsgiMiddleware(fine)(dict(HTTP), None, gone)  # type: ignore[arg-type]  # never asked
    await asyncio.to_thread(only, agent)


async def test_the_duration_ends_with_the_answer_not_with_what_comes_after(agent: FakeAgent, sdk: Configure) -> None:
    released = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await fine(scope, receive, send)
        execution = current()
        assert execution is not None
        assert execution._stopped is not None
        await released.wait()
        report(background=1)

    calling = asyncio.ensure_future(call(app))
    await asyncio.sleep(0)
    assert stats().taken == 0
    released.set()
    await calling
    assert (await asyncio.to_thread(only, agent))["background"] == 1


def test_a_broken_host_object_never_reaches_the_handler(agent: FakeAgent, sdk: Configure) -> None:
    report(5)  # type: ignore[arg-type]  # what an author may do all the same
    report({1: 2, "ok": 1})  # type: ignore[dict-item]  # the same
    assert flush(20)
    assert [payload.get("ok") for payload in agent.payloads] == [None, 1]
    assert stats().metrics_dropped == 2


Start = Callable[..., Callable[[bytes], object]]


def wsgi(app: Any, environ: dict[str, Any] | None = None) -> tuple[Any, list[str]]:
    statuses: list[str] = []

    def start(status: str, _headers: Any, *_more: Any) -> Callable[[bytes], object]:
        statuses.append(status)
        return lambda _chunk: None

    return WsgiMiddleware(app)({"PATH_INFO": "/"} if environ is None else environ, start), statuses


def test_a_list_stays_the_list_that_servers_measure(agent: FakeAgent, sdk: Configure) -> None:
    body = [b"x"]

    def app(_environ: Any, start: Start) -> Iterable[bytes]:
        start("200 OK", [])
        return body

    chunks, statuses = wsgi(app)
    assert chunks is body
    assert statuses == ["200 OK"]
    assert only(agent)["status"] == 200


def test_a_file_stays_the_file_that_servers_send_by_the_kernel(agent: FakeAgent, sdk: Configure) -> None:
    with open(__file__, "rb") as file:  # noqa: PTH123 - a plain file is what an application hands over
        wrapper = FileWrapper(file)

        def app(_environ: Any, start: Start) -> Iterable[bytes]:
            start("200 OK", [])
            return wrapper

        chunks, _ = wsgi(app, {"PATH_INFO": "/", "wsgi.file_wrapper": FileWrapper})
        assert chunks is wrapper
    only(agent)


def test_a_generator_reports_while_it_is_read_and_ends_when_it_is_closed(agent: FakeAgent, sdk: Configure) -> None:
    closed = []

    def app(_environ: Any, start: Start) -> Iterator[bytes]:
        try:
            start("200 OK", [])
            report(first=1)
            yield b"x"
            report(second=2)
            yield b"y"
        finally:
            closed.append(True)

    chunks, statuses = wsgi(app)
    assert statuses == []  # a generator has not run yet
    assert next(chunks) == b"x"
    assert current() is None
    assert stats().taken == 0
    assert list(chunks) == [b"y"]
    chunks.close()
    chunks.close()
    assert closed == [True]
    payload = only(agent)
    assert (payload["first"], payload["second"], payload["status"]) == (1, 2, 200)


def test_a_client_that_leaves_midway_closes_it(agent: FakeAgent, sdk: Configure) -> None:
    def app(_environ: Any, start: Start) -> Iterator[bytes]:
        start("200 OK", [])
        yield b"x"
        yield b"y"

    chunks, _ = wsgi(app)
    next(chunks)
    chunks.close()
    assert only(agent)["status"] == 200


@pytest.mark.parametrize("late", [False, True])
def test_wsgi_exceptions_pass(agent: FakeAgent, sdk: Configure, late: bool) -> None:
    def broken(_environ: Any, _start: Start) -> Iterable[bytes]:
        raise ValueError("broken")

    def later(_environ: Any, _start: Start) -> Iterator[bytes]:
        yield from ()
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(wsgi(later if late else broken)[0])
    assert only(agent)["status"] == 500
    assert current() is None


def test_a_body_with_a_length_keeps_it(agent: FakeAgent, sdk: Configure) -> None:
    class Body:
        def __len__(self) -> int:
            return 1

        def __iter__(self) -> Iterator[bytes]:
            return iter([b"x"])

    chunks, _ = wsgi(lambda _environ, _start: Body())
    assert len(chunks) == 1
    assert list(chunks) == [b"x"]
    chunks.close()
    assert "status" not in only(agent)


def test_the_outer_of_two_wsgi_middlewares_counts(agent: FakeAgent, sdk: Configure) -> None:
    def app(_environ: Any, start: Start) -> Iterable[bytes]:
        start("404 Not Found", [])
        return []

    wsgi(WsgiMiddleware(app))
    assert only(agent)["status"] == 404
