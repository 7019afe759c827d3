"""Executions: what is reported between a beginning and an end is one payload."""

import functools
import inspect
import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Self, TypeVar

from insights_tui.sdk.address import Names, names_of
from insights_tui.sdk.line import new_id, payload, write
from insights_tui.sdk.process import client
from insights_tui.sdk.values import MAX_METRICS, Value, readable, value_of

log = logging.getLogger("insights_tui.sdk")

F = TypeVar("F", bound=Callable[..., Any])

_MAX_ID = 256
_current: ContextVar["Execution | None"] = ContextVar("insights_tui_execution", default=None)


class Execution:
    """One execution of an algorithm: collects metrics, and becomes one payload when it ends.

    Threads and tasks that were started within it report to it, too. Nothing here raises.
    """

    __slots__ = ("_began", "_dropped", "_metrics", "_names", "_pid", "_stopped", "ended", "outer", "request_id",
                 "session_id")  # fmt: skip

    def __init__(self, names: Names | None = None, session_id: str | None = None) -> None:
        self._names = names
        self._metrics: dict[str, Value] = {}
        self._dropped = 0
        self._stopped: float | None = None
        self.ended = False
        self._pid = os.getpid()
        self.outer: Execution | None = _current.get()
        self.request_id = new_id("req-", self._pid)
        """Of its payload. The same on every attempt to send it, so that consumers can tell a repeated one."""
        self.session_id: str = session_id or (
            self.outer.session_id if self.outer is not None else new_id("rses-", self._pid)
        )
        """Shared by executions within one another."""
        self._began = time.perf_counter()

    def report(self, mapping: Mapping[str, Any] | None = None, /, **metrics: Any) -> None:
        """Add metrics; of a repeated name the last value counts."""
        if self.ended:
            client().note_late(len(metrics) + (len(mapping) if isinstance(mapping, Mapping) else 0))
            return
        self._dropped += merge(self._metrics, mapping, metrics)

    def stop(self) -> None:
        """Take the time: its duration ends here, also where it goes on collecting metrics."""
        self._stopped = time.perf_counter()

    def end(self) -> None:
        """Make the payload; a second time does nothing."""
        if self.ended or self._pid != os.getpid():  # a fork's child leaves it to its parent
            return
        self.ended = True
        try:
            took = (self._stopped or time.perf_counter()) - self._began
            own = client()
            inside, cut = write(dict(self._metrics))  # a thread that began before the end may still report
            line = payload(inside, self.request_id, self.session_id, self._names or own.names, round(took * 1e3, 3))
            own.put(own.payloads_path, line, self._dropped + cut)
        except Exception:
            log.debug("An execution could not be published", exc_info=True)


class Scope:
    """What `execution` gives: a context manager, and a decorator for functions and coroutine functions."""

    def __init__(self, algorithm: str | None, *, failed: str | None, session_id: str | None) -> None:
        self._names = known(algorithm)
        self._failed = failed
        self._session_id = session_id if _is_id(session_id) else None
        self._open: list[Execution] = []

    def __enter__(self) -> Execution:
        execution = Execution(self._names, self._session_id)
        self._open.append(execution)
        _current.set(execution)
        return execution

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        execution = _current.get()
        if execution in self._open:
            _current.set(execution.outer)
        elif self._open:  # left in another context than it was entered in
            execution = self._open[-1]
        else:
            return
        self._open.remove(execution)
        if self._failed is not None:
            execution.report({self._failed: kind is not None})
        execution.end()

    async def __aenter__(self) -> Execution:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        """Make every call of a function one execution."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            log.warning("Insights: %r is a generator, which is no execution; use `with execution()` in it", function)
            return function
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def later(*arguments: Any, **named: Any) -> Any:
                with self._another():
                    return await function(*arguments, **named)

            return later  # type: ignore[return-value]  # called and awaited like F

        @functools.wraps(function)
        def now(*arguments: Any, **named: Any) -> Any:
            with self._another():
                return function(*arguments, **named)

        return now  # type: ignore[return-value]  # called like F

    def _another(self) -> Self:
        scope = object.__new__(type(self))
        scope._names, scope._failed, scope._session_id, scope._open = self._names, self._failed, self._session_id, []
        return scope


def execution(algorithm: str | None = None, *, failed: str | None = None, session_id: str | None = None) -> Scope:
    """Make one execution of a `with` block, or of every call of the function below `@execution(…)`.

    `algorithm` is `OWNER/NAME/VERSION`; without it `configure`'s, else the agent's default names. `failed` names a
    metric that is 1 where it ends with an exception and 0 where not. An execution within another is a payload of
    its own under the same session id.
    """
    return Scope(algorithm, failed=failed, session_id=session_id)


def current() -> Execution | None:
    """Give the execution that this code runs in."""
    return _current.get()


def report(mapping: Mapping[str, Any] | None = None, /, **metrics: Any) -> None:
    """Add metrics to the current execution; outside of any they are one payload of their own, without a duration.

    Numbers and booleans (1 and 0). Whatever is none is left out and counted. Waits for nothing and never raises.
    """
    execution = _current.get()
    if execution is not None:
        execution.report(mapping, **metrics)
        return
    try:
        _bare(mapping, metrics)
    except Exception:
        log.debug("A report could not be published", exc_info=True)


def _bare(mapping: Mapping[str, Any] | None, metrics: dict[str, Any]) -> None:
    own = client()
    merged: dict[str, Value] = {}
    dropped = merge(merged, mapping, metrics)
    inside, cut = write(merged)
    if own.run_path is not None:  # `insights-tui run` began an execution for this process, and ends it
        own.put(own.run_path, f"{{{inside}}}".encode(), dropped + cut)
    else:
        pid = os.getpid()
        line = payload(inside, new_id("req-", pid), new_id("rses-", pid), own.names, None)
        own.put(own.payloads_path, line, dropped + cut)


def merge(into: dict[str, Value], mapping: Mapping[str, Any] | None, metrics: Mapping[str, Any]) -> int:
    """Take over what can be published; gives how many metrics were left out. Never raises."""
    dropped = 0
    try:
        given = metrics if mapping is None else {**mapping, **metrics}
        for name, raw in given.items():
            try:
                value = value_of(raw) if readable(name) else None
            except Exception:  # noqa: BLE001 - a foreign number's own code
                value = None
            if value is None or (name not in into and len(into) >= MAX_METRICS):
                dropped += 1
            else:
                into[name] = value
    except Exception:  # noqa: BLE001 - a foreign mapping's own code, or no mapping at all
        return dropped + 1
    return dropped


def known(algorithm: str | None) -> Names | None:
    """Read an algorithm's names; what is none is told once and ignored."""
    if algorithm is None:
        return None
    try:
        return names_of(algorithm)
    except (ValueError, AttributeError) as error:
        log.warning("Insights: %s; the default names are used", error)
        return None


def enter(execution: Execution) -> Token["Execution | None"]:
    """Make an execution the current one of this context."""
    return _current.set(execution)


def leave(token: Token["Execution | None"]) -> None:
    """Undo `enter`; an abandoned coroutine is closed in another context, where there is nothing to undo."""
    with suppress(ValueError):
        _current.reset(token)


def _is_id(given: object) -> bool:
    return isinstance(given, str) and 0 < len(given) <= _MAX_ID and given.isprintable()
