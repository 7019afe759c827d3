"""The same little service in FastAPI, Starlette and Flask, with and without the middleware, on a real server."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask
import uvicorn
from fastapi import FastAPI, HTTPException
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route
from werkzeug.serving import make_server

from insights_tui.sdk import AsgiMiddleware, WsgiMiddleware, report
from tests.support import wait_for

NAMES = "acme/credit_score/1.0.6"
PATHS = (
    "/score/3",
    "/sync/4",
    "/stream",
    "/file",
    "/redirect",
    "/missing",
    "/refused",
    "/broken",
    "/empty",
    "/skipped",
)
FRAMEWORKS = ("fastapi", "starlette", "flask")
_FILE = Path(__file__)


def build(framework: str, *, wrapped: bool) -> Any:
    """Make the service."""
    return {"fastapi": _fastapi, "starlette": _starlette, "flask": _flask}[framework](wrapped)


@contextmanager
def serving(app: Any) -> Iterator[int]:
    """Serve on loopback; gives the port."""
    with _wsgi(app) if isinstance(app, flask.Flask) else _asgi(app) as port:
        yield port


@contextmanager
def _asgi(app: Any) -> Iterator[int]:
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # it tells of /broken
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for(lambda: server.started, "the service listens")
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def _wsgi(app: Any) -> Iterator[int]:
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _fastapi(wrapped: bool) -> FastAPI:
    app = FastAPI()
    if wrapped:
        app.add_middleware(AsgiMiddleware, algorithm=NAMES, skip=["/skipped"])

    @app.get("/score/{number}")
    async def score(number: int) -> dict[str, int]:
        report(number=number, during=1)
        return {"number": number}

    @app.get("/sync/{number}")
    def sync(number: int) -> dict[str, int]:  # FastAPI runs it in a thread
        report(number=number)
        return {"number": number}

    @app.get("/refused")
    async def refused() -> None:
        raise HTTPException(403, "no")

    app.router.routes.extend(_routes())
    return app


def _starlette(wrapped: bool) -> Starlette:
    async def score(request: Request) -> Response:
        report(number=int(request.path_params["number"]), during=1)
        return JSONResponse({"number": request.path_params["number"]})

    def sync(request: Request) -> Response:
        report(number=int(request.path_params["number"]))
        return JSONResponse({"number": request.path_params["number"]})

    async def refused(_request: Request) -> Response:
        return PlainTextResponse("no", 403)

    routes = [Route("/score/{number:int}", score), Route("/sync/{number:int}", sync), Route("/refused", refused)]
    middleware = [Middleware(AsgiMiddleware, algorithm=NAMES, skip=["/skipped"])] if wrapped else []
    return Starlette(routes=[*routes, *_routes()], middleware=middleware)


def _routes() -> list[Route]:
    async def stream(_request: Request) -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            for number in range(3):
                report(chunks=number + 1)
                yield b"chunk %d\n" % number
                await asyncio.sleep(0)

        return StreamingResponse(chunks(), background=BackgroundTask(report, after=1))

    async def file(_request: Request) -> Response:
        return FileResponse(_FILE)

    async def redirect(_request: Request) -> Response:
        return RedirectResponse("/empty")

    async def broken(_request: Request) -> Response:
        report(before=1)
        raise RuntimeError("broken on purpose")

    async def empty(_request: Request) -> Response:
        return Response(status_code=204)

    return [
        Route("/stream", stream), Route("/file", file), Route("/redirect", redirect), Route("/broken", broken),
        Route("/empty", empty), Route("/skipped", empty),
    ]  # fmt: skip


def _flask(wrapped: bool) -> flask.Flask:
    app = flask.Flask("service")
    app.logger.setLevel(logging.CRITICAL)
    if wrapped:
        app.wsgi_app = WsgiMiddleware(app.wsgi_app, NAMES, skip=["/skipped"])  # type: ignore[method-assign]  # as Flask's documentation says

    @app.get("/score/<int:number>")
    def score(number: int) -> dict[str, int]:
        report(number=number, during=1)
        return {"number": number}

    @app.get("/sync/<int:number>")
    def sync(number: int) -> dict[str, int]:
        report(number=number)
        return {"number": number}

    _flask_bodies(app)
    app.add_url_rule("/empty", view_func=lambda: ("", 204), endpoint="empty")
    app.add_url_rule("/skipped", view_func=lambda: ("", 204), endpoint="skipped")
    return app


def _flask_bodies(app: flask.Flask) -> None:
    @app.get("/stream")
    def stream() -> flask.Response:
        def chunks() -> Iterator[bytes]:
            for number in range(3):
                report(chunks=number + 1)
                yield b"chunk %d\n" % number

        answer = flask.Response(chunks())
        answer.call_on_close(lambda: report(after=1))
        return answer

    @app.get("/file")
    def file() -> flask.Response:
        return flask.send_file(_FILE)

    @app.get("/redirect")
    def redirect() -> Any:
        return flask.redirect("/empty")

    @app.get("/refused")
    def refused() -> Any:
        flask.abort(403)

    @app.get("/broken")
    def broken() -> Any:
        report(before=1)
        raise RuntimeError("broken on purpose")
