"""One check through an agent, its items handed on as they come; known trouble becomes words."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

from insights_tui.client.protocol import AgentApi, AgentUnavailableError
from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.refused import FieldError, RefusedError

Item = CheckStep | CheckVerdict


async def run_check(
    client: AgentApi, form: ConnectionForm | None, take: Callable[[Item], object]
) -> tuple[FieldError, ...]:
    """Run it to its verdict; gives what kept it from that. Cancelling hangs up, which ends it in the agent too."""
    try:
        # `AgentApi` promises an iterator; the client's is a generator, which must be closed to hang up.
        async with aclosing(cast("AsyncGenerator[Item, None]", client.check(form))) as steps:
            async for item in steps:
                take(item)
    except RefusedError as refused:
        return refused.errors
    except AgentUnavailableError as error:
        return (FieldError("agent_unavailable", str(error), error.hint),)
    return ()
