"""WSGI middleware: one payload a request, with its duration and its status."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from insights_tui.sdk.asgi import FAILED, STATUS
from insights_tui.sdk.executions import Execution, enter, known, leave

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

_KEY = "insights_tui.execution"


class WsgiMiddleware:
    """Makes each request one execution; handlers add metrics with `report()`.

    `status` names the metric of the status, `None` leaves it out; `skip` holds paths that are no executions, such as
    `/healthz`. The answer passes unchanged, and an exception of the application, too.
    """

    def __init__(
        self, app: App, algorithm: str | None = None, *, status: str | None = STATUS, skip: Collection[str] = ()
    ) -> None:
        self._app = app
        self._names = known(algorithm)
        self._status = status
        self._skip = frozenset(skip)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Run the application for one request."""
        if _KEY in environ or environ.get("PATH_INFO") in self._skip:
            return self._app(environ, start_response)
        execution = Execution(self._names)
        environ[_KEY] = execution
        request = _Request(execution, self._status)

        def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
            write = start_response(status, headers, *more)
            request.status = status
            return write

        token = enter(execution)
        try:
            chunks = self._app(environ, started)
        except BaseException:
            request.end(failed=True)
            raise
        finally:
            leave(token)
        # Servers look at what they get: a list of one is sent with its length, a file by the kernel.
        if isinstance(chunks, list | tuple) or _is_file(chunks, environ):
            request.end()
            return chunks
        return _Sized(chunks, request) if hasattr(chunks, "__len__") else _Chunks(chunks, request)


class _Request:
    """One request and its status, ended once."""

    __slots__ = ("_metric", "execution", "status")

    def __init__(self, execution: Execution, metric: str | None) -> None:
        self.execution = execution
        self.status = ""
        self._metric = metric

    def end(self, *, failed: bool = False) -> None:
        """Publish it; a second time does nothing."""
        code = self.status[:3]
        status = int(code) if code.isascii() and code.isdigit() else FAILED if failed else None
        if self._metric is not None and status is not None and not self.execution.ended:
            self.execution.report({self._metric: status})
        self.execution.end()


class _Chunks:
    """The body of a response; code that makes it reports to the request, too."""

    def __init__(self, chunks: Iterable[bytes], request: _Request) -> None:
        self._chunks = chunks
        self._iterator: Iterator[bytes] | None = None
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        token = enter(self._request.execution)
        try:
            if self._iterator is None:
                self._iterator = iter(self._chunks)
            return next(self._iterator)
        except StopIteration:
            self._request.execution.stop()
            raise
        except BaseException:
            self._request.end(failed=True)
            raise
        finally:
            leave(token)

    def close(self) -> None:
        """Close the application's response; the server calls it whatever happened."""
        token = enter(self._request.execution)
        try:
            close = getattr(self._chunks, "close", None)
            if close is not None:
                close()
        finally:
            leave(token)
            self._request.end()


class _Sized(_Chunks):
    """A body whose number of chunks is known."""

    def __len__(self) -> int:
        return len(self._chunks)  # type: ignore[arg-type]  # made only where it has a length


def _is_file(chunks: object, environ: Environ) -> bool:
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(chunks, wrapper)
