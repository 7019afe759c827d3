"""The connection check as the agent runs it for others: few at a time, and none left behind."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime

from insights_tui.domain.check import CheckStep, CheckVerdict
from insights_tui.domain.connection import Connection
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.kafka.check import check

AT_ONCE = 4
"""Checks under way: each dials every server of a cluster and logs in there."""
_BUSY = FieldError(
    "checks_busy", f"{AT_ONCE} connection checks are under way.", "Wait until one has ended; it takes seconds."
)

Steps = AsyncGenerator[CheckStep | CheckVerdict, None]
Run = Callable[[Connection], Steps]


class Checking:
    """Starts checks and counts those under way."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._under_way = 0

    def check(self, connection: Connection) -> AsyncIterator[CheckStep | CheckVerdict]:
        """Give the steps as they end, at last the verdict; raises `RefusedError` 429 where too many are under way."""
        if self._under_way >= AT_ONCE:
            raise RefusedError((_BUSY,), status=429)
        return self._steps(connection)

    async def _steps(self, connection: Connection) -> Steps:
        self._under_way += 1
        try:
            async with aclosing(self._run(connection)) as steps:
                async for step in steps:
                    yield step
        finally:
            self._under_way -= 1


def steps_of(connection: Connection) -> Steps:
    """Check a connection from this process, whoever it belongs to."""
    return check(connection, now=datetime.now(UTC))
