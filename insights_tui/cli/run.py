"""`run`: a command as one execution, with one payload at its end; without an agent it runs all the same."""

import json
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import quote

import click

from insights_tui.cli import child
from insights_tui.cli.options import Common, common_of, common_options
from insights_tui.cli.output import CliError, clean, say, say_error
from insights_tui.cli.stand_in import stand_in
from insights_tui.places import Found, SocketRefusedError, find_socket, places
from insights_tui.sdk.address import Address, Names, names_of, read_address
from insights_tui.sdk.wire import Answer, Wire

BEGIN_S = 1.0
"""For which the start of the command waits for the agent."""
FINISH_S = 2.0
"""For which its end does."""
VARIABLES = ("ALGORITHMIA_API", "ALGORITHM_QUEUE_READER_URL", "INSIGHTS_URL")
"""Where `algorithmia` 2.x, 1.x and our SDK find the agent."""

T = TypeVar("T")


class _Begun(NamedTuple):
    """An execution that the agent has begun."""

    address: Address
    request_id: str
    base_url: str | None


class _NoAgentError(Exception):
    """There is no execution; says why."""


@click.command(
    "run", context_settings={"allow_interspersed_args": False}, options_metavar="[OPTIONS] [--as OWNER/NAME/VERSION] --"
)
@click.option("--as", "names", metavar="OWNER/NAME/VERSION", help="The algorithm that the command is.")
@click.argument("command", metavar="CMD…", nargs=-1, required=True, type=click.UNPROCESSED)
@common_options
@click.pass_context
def command(context: click.Context, names: str | None, command: tuple[str, ...]) -> int:
    """Run a command as one execution: its reports, its duration and its exit code become one payload.

    The clients in it find the execution by themselves. Input, output, signals and the exit code are the command's
    own; where there is no agent it runs without Insights.
    """
    try:
        algorithm = names_of(names) if names is not None else None
    except ValueError:
        raise click.UsageError("--as takes OWNER/NAME/VERSION, for example acme/credit_score/1.0.6.") from None
    common = common_of(context)
    mask = child.hold_signals()
    beginning = _Bounded(lambda: _begin(common, algorithm))
    begun, trouble = beginning.result(BEGIN_S)
    code = child.ending()
    if code is not None:
        _end(beginning, {}, 0.0)
        return code
    with ExitStack() as stack:
        url = begun.base_url if begun is not None else None
        if url is None:
            say(f"insights-tui: {clean(trouble or 'the agent does not listen for reports')}; it runs without Insights.")
            url = stack.enter_context(stand_in())
        environ = {**os.environ, **(dict.fromkeys(VARIABLES, url) if url is not None else {})}
        try:
            ended = child.run(command, environ, mask)
        except child.NotStartedError as error:
            say_error(str(error))
            _end(beginning, {"exit_code": error.code}, 0.0)
            return error.code
    metrics = {"exit_code": ended.code, "cpu_seconds": round(ended.cpu_s, 6), "max_rss_bytes": ended.max_rss_bytes}
    told = _end(beginning, metrics, ended.duration_s)
    if told:
        say(f"insights-tui: {clean(told)}")
    return ended.code


def _begin(common: Common, names: Names | None) -> _Begun:
    """Begin an execution; raises `_NoAgentError`."""
    address = _address(common)
    body = dict(zip(("owner", "name", "version"), names, strict=True)) if names is not None else {}
    answer = _post(address, "/v1/runs", body)
    if not answer.taken:
        raise _NoAgentError(f"the agent begins no execution ({_why(answer)})")
    try:
        said = json.loads(answer.body)
        request_id, base_url = said["request_id"], said.get("base_url")
    except (ValueError, KeyError, TypeError, AttributeError):
        request_id = base_url = None
    if not isinstance(request_id, str) or not isinstance(base_url, str | None):
        raise _NoAgentError("what answers is no Insights agent")
    return _Begun(address, request_id, base_url)


def _end(beginning: "_Bounded[_Begun]", metrics: dict[str, float], duration_s: float) -> str:
    """Finish what was begun, also where the agent answered too late for the command; gives what went wrong."""
    begun, _ = beginning.result(0.0)
    if begun is None:
        return ""
    done, trouble = _Bounded(lambda: _finish(begun, metrics, duration_s)).result(FINISH_S)
    return "" if done else f"{trouble}; it publishes this execution by itself within ten minutes."


def _finish(begun: _Begun, metrics: dict[str, float], duration_s: float) -> bool:
    """Report and finish; raises `_NoAgentError`."""
    request_id = quote(begun.request_id, safe="")
    # The author's own 25 metrics may leave no room for ours: then these are refused, and the execution still ends.
    _post(begun.address, f"/run/{request_id}/v1/insights", metrics)
    answer = _post(
        begun.address, f"/v1/runs/{request_id}/finish", {"duration_milliseconds": round(duration_s * 1000, 3)}
    )
    if not answer.taken:
        raise _NoAgentError(f"the agent did not finish the execution ({_why(answer)})")
    return True


def _post(address: Address, path: str, body: dict[str, float] | dict[str, str]) -> Answer:
    wire = Wire(address)
    try:
        return wire.post(address.prefix + path, json.dumps(body).encode(), "application/json", FINISH_S)
    except OSError as error:
        raise _NoAgentError(f"the agent cannot be reached ({error})") from None
    finally:
        wire.close()


def _address(common: Common) -> Address:
    """Find the agent as every verb does; where its socket is out of reach, `INSIGHTS_URL` says where it listens."""
    url = os.environ.get("INSIGHTS_URL", "").strip()
    try:
        found = _found(common)
    except (SocketRefusedError, CliError) as error:
        if not url:
            raise _NoAgentError(str(error).rstrip(".")) from None
    else:
        if found.alive:
            return Address("unix", str(found.socket.absolute()))
        if not url:
            raise _NoAgentError(f"no agent answers at {found.socket}")
    try:
        return read_address(url)
    except ValueError as error:
        raise _NoAgentError(f"INSIGHTS_URL: {error}") from None


def _found(common: Common) -> Found:
    if common.socket is None and "INSIGHTS_SOCKET" not in os.environ and places().config_file.is_file():
        from insights_tui.cli.reach import find  # what reads settings takes longer than the rest of us

        return find(common)
    return find_socket(common.socket)


def _why(answer: Answer) -> str:
    try:
        return str(json.loads(answer.body)["error"]["message"])[:200].rstrip(".")
    except (ValueError, KeyError, TypeError):
        return f"it answers {answer.status}"


class _Bounded(Generic[T]):
    """Something that may take too long, on a thread that nobody has to wait for."""

    def __init__(self, act: Callable[[], T]) -> None:
        self._act = act
        self._done = threading.Event()
        self._value: T | None = None
        self._trouble = "the agent does not answer"
        threading.Thread(target=self._run, daemon=True).start()

    def result(self, timeout_s: float) -> tuple[T | None, str]:
        """Give what came of it by then, else `None` and why."""
        self._done.wait(timeout_s)
        return self._value, self._trouble

    def _run(self) -> None:
        try:
            self._value = self._act()
        except _NoAgentError as error:
            self._trouble = str(error)
        finally:
            self._done.set()
