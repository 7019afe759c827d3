"""An execution at the agent, for `run`: begun, kept alive, finished. Nothing here waits longer than it is told to."""

import json
import os
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

from insights_tui.cli.options import Common
from insights_tui.cli.output import CliError
from insights_tui.places import Found, SocketRefusedError, find_socket, places
from insights_tui.sdk.address import Address, Names, read_address
from insights_tui.sdk.wire import Answer, Wire

FINISH_S = 2.0
"""For which the end of the command waits for the agent."""
ALIVE_S = 120.0
"""Between two signs of life: after ten minutes without one the agent publishes an execution as it is."""
_PAUSE_S = 0.1


class Begun(NamedTuple):
    """An execution that the agent has begun."""

    address: Address
    request_id: str


class NoAgentError(Exception):
    """There is no execution; says why."""


def begin(common: Common, names: Names | None) -> Begun:
    """Begin an execution, of the agent's default algorithm without `names`; raises `NoAgentError`."""
    address = _address(common)
    body = dict(zip(("owner", "name", "version"), names, strict=True)) if names is not None else {}
    answer = _post(address, "/v1/runs", body)
    if not answer.taken:
        raise NoAgentError(f"the agent begins no execution ({_why(answer)})")
    said = _object(answer)
    request_id = said.get("request_id")
    if not isinstance(request_id, str):
        raise NoAgentError("what answers is no Insights agent")
    return Begun(address, request_id)


def keep_alive(begun: Begun, over: threading.Event, every_s: float = ALIVE_S) -> None:
    """Report nothing now and then until it is over; an agent that is away is asked again the next time."""
    while not over.wait(every_s):
        try:
            _post(begun.address, insights_path(begun), [])
        except NoAgentError:
            continue


def finish(begun: Begun, metrics: dict[str, float], duration_s: float, flush: Callable[[], bool]) -> bool:
    """Report and finish, again while the agent is away; false where it was published before, without all this.

    `flush` sends what the command reported in vain. Raises `NoAgentError`.
    """
    end = time.monotonic() + FINISH_S
    duration = {"duration_milliseconds": round(duration_s * 1000, 3)}
    while True:
        try:
            _send_kept(flush)
            # The author's own 25 metrics may leave no room for ours: then these are refused, and it still ends.
            _post(begun.address, insights_path(begun), metrics)
            answer = _post(begun.address, f"/v1/runs/{quote(begun.request_id, safe='')}/finish", duration)
        except NoAgentError:
            if time.monotonic() >= end:
                raise
        else:
            if answer.taken:
                said = _object(answer)
                return said.get("published") is not False or said.get("disabled") is True
            if answer.status != 503 or time.monotonic() >= end:
                raise NoAgentError(f"the agent did not finish the execution ({_why(answer)})")
        time.sleep(_PAUSE_S)


def _send_kept(flush: Callable[[], bool]) -> None:
    if not flush():
        raise NoAgentError("the agent does not take the reports of the command")


def insights_path(begun: Begun) -> str:
    """Give the path that reports of an execution go to, without the address's prefix."""
    return f"/run/{quote(begun.request_id, safe='')}/v1/insights"


def _post(address: Address, path: str, body: object) -> Answer:
    wire = Wire(address)
    try:
        return wire.post(address.prefix + path, json.dumps(body).encode(), "application/json", FINISH_S)
    except OSError as error:
        raise NoAgentError(f"the agent cannot be reached ({error})") from None
    finally:
        wire.close()


def _address(common: Common) -> Address:
    """Find the agent as every verb does; where its socket is out of reach, `INSIGHTS_URL` says where it listens."""
    url = os.environ.get("INSIGHTS_URL", "").strip()
    try:
        found = _found(common)
    except (SocketRefusedError, CliError) as error:
        if not url:
            raise NoAgentError(str(error).rstrip(".")) from None
    else:
        if found.alive:
            return Address("unix", str(found.socket.absolute()))
        if not url:
            raise NoAgentError(f"no agent answers at {found.socket}")
    try:
        return read_address(url)
    except ValueError as error:
        raise NoAgentError(f"INSIGHTS_URL: {error}") from None


def _found(common: Common) -> Found:
    if common.socket is None and "INSIGHTS_SOCKET" not in os.environ and places().config_file.is_file():
        from insights_tui.cli.reach import find  # what reads settings takes longer than the rest of us

        return find(common)
    return find_socket(common.socket)


def _object(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _why(answer: Answer) -> str:
    error = _object(answer).get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return str(message)[:200].rstrip(".") if message else f"it answers {answer.status}"
