"""A client that looks and never changes: what would change something is refused here, whichever view asks for it."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from insights_tui.client.protocol import AgentApi
from insights_tui.domain.refused import FieldError, RefusedError

LOOKING = frozenset(
    {
        "snapshot", "connection", "check", "revisions", "events", "follow_events", "close",
        "lost", "newest_lost", "lost_payload", "tail", "algorithms", "algorithm",
    }
)  # fmt: skip
"""The calls of `client/protocol.py` that change nothing; every other one is refused, those to come included."""
READ_ONLY = FieldError(
    "read_only", "This screen is read-only: nothing was changed.", "Open it without --read-only to change something."
)


def read_only(client: AgentApi) -> AgentApi:
    """Give the same agent, to look at alone; every other call raises `RefusedError`."""
    return cast("AgentApi", _ReadOnly(client))


class _ReadOnly:
    """Hands on what looks."""

    def __init__(self, client: AgentApi) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        """Find a call by its name: what is not known to look is refused."""
        found = getattr(self._client, name)
        return found if name in LOOKING else _refusing(found)


def _refusing(_call: object) -> Callable[..., Awaitable[Any]]:
    async def refuse(*_: object, **__: object) -> Any:
        raise RefusedError((READ_ONLY,), status=403)

    return refuse
