"""ASGI middleware: one payload a request, with its duration and its status."""

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from insights_tui.sdk.executions import Execution, enter, known, leave

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

STATUS = "status"
"""Name of the metric that holds the response's status."""
FAILED = 500
_KEY = "insights_tui.execution"
"""In the request's scope: a middleware inside a middleware leaves the request to the outer one."""


class AsgiMiddleware:
    """Makes each HTTP request one execution; handlers add metrics with `report()`.

    `status` names the metric of the status, `None` leaves it out; `skip` holds paths that are no executions, such as
    `/healthz`. The answer passes unchanged, and an exception of the application, too. Websockets are no executions.
    """

    def __init__(
        self, app: App, algorithm: str | None = None, *, status: str | None = STATUS, skip: Collection[str] = ()
    ) -> None:
        self._app = app
        self._names = known(algorithm)
        self._status = status
        self._skip = frozenset(skip)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application for one connection."""
        if scope["type"] != "http" or _KEY in scope or scope.get("path") in self._skip:
            await self._app(scope, receive, send)
            return
        execution = Execution(self._names)
        scope[_KEY] = execution
        token = enter(execution)
        status: int | None = None

        async def noted(message: Message) -> None:
            nonlocal status
            await send(message)
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not message.get("more_body", False):
                execution.stop()

        try:
            await self._app(scope, receive, noted)
        except Exception:  # a cancellation is none: then nobody is answered
            status = status or FAILED  # what the server answers now
            raise
        finally:
            leave(token)
            if self._status is not None and status is not None:
                execution.report({self._status: status})
            execution.end()
